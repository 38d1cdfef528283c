//! The connection of one login, as its owner uses it.

use super::driver::Driver;
use crate::dom;
use gloo_events::EventListener;
use std::rc::Rc;
use tidings_client_state::Snapshot;
use tidings_shared::frame::{Bound, ClientFrame, ServerFrame};
use tidings_shared::link::{Cause, LinkEvent, Phase};
use tidings_shared::{Moment, UserId};
use yew::Callback;

/// What the connection emits to its owner.
#[derive(Debug, Clone, PartialEq)]
pub enum Signal {
    /// The phase changed: see [`Connection::phase`].
    Changed,
    /// The connection is bound: frames may be sent.
    Bound(Box<Bound>),
    /// A frame arrived.
    Frame(Box<ServerFrame>),
    /// The moment given to [`Connection::wake_at`] has come.
    Due,
    /// The page was shown or hidden.
    Visible(bool),
}

/// The connection of one login. Dropping it closes it.
pub struct Connection {
    driver: Rc<Driver>,
    _listeners: [EventListener; 3],
}

impl Connection {
    /// A connection for the logged-in user, which does nothing until [`Self::start`].
    pub fn new(uid: UserId, owner: Callback<Signal>) -> Self {
        Self::with_url(uid, default_url(), owner)
    }

    /// The same, to a given URL.
    pub fn with_url(uid: UserId, url: String, owner: Callback<Signal>) -> Self {
        let driver = Driver::new(uid, url, owner);
        let window = dom::window();
        let forward = |event: LinkEvent| {
            let weak = Rc::downgrade(&driver);
            move |_: &web_sys::Event| {
                if let Some(driver) = weak.upgrade() {
                    driver.handle_event(event);
                }
            }
        };
        let online = EventListener::new(&window, "online", forward(LinkEvent::Online));
        let offline = EventListener::new(&window, "offline", forward(LinkEvent::Offline));
        let weak = Rc::downgrade(&driver);
        let visibility = EventListener::new(&dom::document(), "visibilitychange", move |_| {
            if let Some(driver) = weak.upgrade() {
                driver.visibility_changed(dom::is_visible());
            }
        });
        Self {
            driver,
            _listeners: [online, offline, visibility],
        }
    }

    /// Connects, and reconnects until stopped.
    pub fn start(&self) {
        self.driver.handle_event(LinkEvent::Start);
    }

    /// Closes for good.
    pub fn stop(&self) {
        self.driver.handle_event(LinkEvent::Stop);
    }

    /// Reconnects at once, without waiting for the backoff.
    pub fn retry_now(&self) {
        self.driver.handle_event(LinkEvent::RetryNow);
    }

    /// Sends a frame if the connection is live; otherwise drops it, since the next bind sends again
    /// what matters.
    pub fn send(&self, frame: &ClientFrame) {
        if self.phase() == Phase::Live {
            self.driver.send(frame);
        }
    }

    /// Asks for [`Signal::Due`] at this moment; replaces an earlier request.
    pub fn wake_at(&self, due: Option<Moment>) {
        self.driver.wake_at(due);
    }

    /// The phase of the connection.
    pub fn phase(&self) -> Phase {
        self.driver.phase()
    }

    /// Why the last connection ended.
    pub fn last_cause(&self) -> Option<Cause> {
        self.driver.last_cause()
    }

    /// A callback that takes a snapshot of the connection for the connection panel.
    pub fn probe(&self) -> Callback<(), Snapshot> {
        let driver = self.driver.clone();
        Callback::from(move |()| driver.snapshot())
    }
}

/// `/ws` of the page's own origin.
fn default_url() -> String {
    let location = dom::window().location();
    let secure = location
        .protocol()
        .is_ok_and(|protocol| protocol == "https:");
    let scheme = if secure { "wss" } else { "ws" };
    format!("{scheme}://{}/ws", location.host().unwrap_or_default())
}
