//! The connection of one login, as its owner has it.

use super::driver::Driver;
use crate::dom;
use crate::state::Snapshot;
use gloo_events::EventListener;
use std::rc::Rc;
use tidings_shared::frame::{Bound, ClientFrame, ServerFrame};
use tidings_shared::link::{Cause, Event, Phase};
use tidings_shared::{Moment, UserId};
use yew::Callback;

/// What the connection tells its owner.
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

/// The connection of one login. Dropped, it is closed.
pub struct Connection {
    driver: Rc<Driver>,
    _listeners: [EventListener; 3],
}

impl Connection {
    /// A connection of the user logged in, which does nothing until [`Self::start`].
    pub fn new(uid: UserId, owner: Callback<Signal>) -> Self {
        Self::with_url(uid, own_url(), owner)
    }

    /// The same, to a given address.
    pub fn with_url(uid: UserId, url: String, owner: Callback<Signal>) -> Self {
        let driver = Driver::new(uid, url, owner);
        let window = dom::window();
        let tell = |event: Event| {
            let weak = Rc::downgrade(&driver);
            move |_: &web_sys::Event| {
                if let Some(driver) = weak.upgrade() {
                    driver.tell(event);
                }
            }
        };
        let online = EventListener::new(&window, "online", tell(Event::Online));
        let offline = EventListener::new(&window, "offline", tell(Event::Offline));
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

    /// Connects, and stays connected.
    pub fn start(&self) {
        self.driver.tell(Event::Start);
    }

    /// Closes, and stays closed.
    pub fn stop(&self) {
        self.driver.tell(Event::Stop);
    }

    /// Connects now.
    pub fn retry_now(&self) {
        self.driver.tell(Event::RetryNow);
    }

    /// Sends a frame, if the connection is live; otherwise it is for the next one to bring what
    /// matters.
    pub fn send(&self, frame: &ClientFrame) {
        if self.phase() == Phase::Live {
            self.driver.send(frame);
        }
    }

    /// Asks for [`Signal::Due`] at this moment, in place of any earlier asked for.
    pub fn wake_at(&self, due: Option<Moment>) {
        self.driver.wake_at(due);
    }

    /// Where the connection stands.
    pub fn phase(&self) -> Phase {
        self.driver.phase()
    }

    /// Why the last connection ended.
    pub fn last_cause(&self) -> Option<Cause> {
        self.driver.last_cause()
    }

    /// Looks at the mechanisms, for whoever wants to see them at work.
    pub fn probe(&self) -> Callback<(), Snapshot> {
        let driver = self.driver.clone();
        Callback::from(move |()| driver.snapshot())
    }
}

/// `/ws` of the page's own origin.
fn own_url() -> String {
    let location = dom::window().location();
    let secure = location
        .protocol()
        .is_ok_and(|protocol| protocol == "https:");
    let scheme = if secure { "wss" } else { "ws" };
    format!("{scheme}://{}/ws", location.host().unwrap_or_default())
}
