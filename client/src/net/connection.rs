//! The connection of one login: drives a [`Link`] with the browser's socket, events and one timer.

use super::alarm::Alarm;
use super::socket::{Socket, SocketEvent};
use crate::clock;
use crate::dom::{self, Listener};
use std::cell::{Cell, RefCell};
use std::rc::{Rc, Weak};
use std::time::Duration;
use tidings_shared::frame::{Bind, Bound, ClientFrame, Heartbeat, ServerFrame};
use tidings_shared::link::{Cause, Effect, Event, Link, Phase};
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
    inner: Rc<Inner>,
    _listeners: [Listener; 3],
}

struct Inner {
    uid: UserId,
    url: String,
    owner: Callback<Signal>,
    link: RefCell<Link>,
    socket: RefCell<Option<Socket>>,
    alarm: Alarm,
    owner_due: Cell<Option<Moment>>,
}

impl Connection {
    /// A connection of the user logged in, which does nothing until [`Self::start`].
    pub fn new(uid: UserId, owner: Callback<Signal>) -> Self {
        Self::with_url(uid, own_url(), owner)
    }

    /// The same, to a given address.
    pub fn with_url(uid: UserId, url: String, owner: Callback<Signal>) -> Self {
        let inner = Rc::new(Inner {
            uid,
            url,
            owner,
            link: RefCell::new(Link::new(clock::seed())),
            socket: RefCell::new(None),
            alarm: Alarm::default(),
            owner_due: Cell::new(None),
        });
        let window = dom::window();
        let tell = |event: Event| {
            let inner = Rc::downgrade(&inner);
            move |_| {
                if let Some(inner) = inner.upgrade() {
                    inner.tell(event);
                }
            }
        };
        let online = Listener::new(&window, "online", tell(Event::Online));
        let offline = Listener::new(&window, "offline", tell(Event::Offline));
        let weak = Rc::downgrade(&inner);
        let visibility = Listener::new(&dom::document(), "visibilitychange", move |_| {
            if let Some(inner) = weak.upgrade() {
                inner.visibility_changed(dom::is_visible());
            }
        });
        Self {
            inner,
            _listeners: [online, offline, visibility],
        }
    }

    /// Connects, and stays connected.
    pub fn start(&self) {
        self.inner.tell(Event::Start);
    }

    /// Closes, and stays closed.
    pub fn stop(&self) {
        self.inner.tell(Event::Stop);
    }

    /// Connects now.
    pub fn retry_now(&self) {
        self.inner.tell(Event::RetryNow);
    }

    /// Sends a frame, if the connection is live; otherwise it is for the next one to bring what
    /// matters.
    pub fn send(&self, frame: &ClientFrame) {
        if self.phase() == Phase::Live {
            self.inner.send(frame);
        }
    }

    /// Asks for [`Signal::Due`] at this moment, in place of any earlier asked for.
    pub fn wake_at(&self, due: Option<Moment>) {
        self.inner.owner_due.set(due);
        self.inner.set_timer();
    }

    /// Where the connection stands.
    pub fn phase(&self) -> Phase {
        self.inner.link.borrow().phase()
    }

    /// Why the last connection ended.
    pub fn last_cause(&self) -> Option<Cause> {
        self.inner.link.borrow().last_cause()
    }
}

impl Inner {
    fn tell(self: &Rc<Self>, event: Event) {
        let mut effects = Vec::new();
        self.link
            .borrow_mut()
            .handle(clock::now(), event, &mut effects);
        for effect in effects {
            self.run(effect);
        }
        self.set_timer();
    }

    fn run(self: &Rc<Self>, effect: Effect) {
        match effect {
            Effect::Open => self.open(),
            Effect::Close => drop(self.socket.take()),
            Effect::SendBind => self.send_bind(),
            Effect::SendHeartbeat(interval) => self.send(&ClientFrame::Heartbeat(Heartbeat {
                uid: self.uid,
                timeout: whole_ms(interval),
            })),
            Effect::Changed => self.owner.emit(Signal::Changed),
        }
    }

    fn send_bind(&self) {
        let missed = self.link.borrow().missed().map(whole_ms);
        self.send(&ClientFrame::Bind(Bind {
            uid: self.uid,
            conversations: true,
            missed,
        }));
    }

    fn open(self: &Rc<Self>) {
        drop(self.socket.take());
        let weak = Rc::downgrade(self);
        let socket = Socket::open(&self.url, move |event| {
            if let Some(inner) = Weak::upgrade(&weak) {
                inner.heard(event);
            }
        });
        if socket.is_none() {
            self.tell(Event::Closed(1006));
        }
        self.socket.replace(socket);
    }

    fn heard(self: &Rc<Self>, event: SocketEvent) {
        match event {
            SocketEvent::Opened => self.tell(Event::Opened),
            SocketEvent::Closed(code) => self.tell(Event::Closed(code)),
            SocketEvent::Text(text) => {
                self.tell(Event::Arrived);
                self.arrived(&text);
            }
        }
    }

    fn arrived(self: &Rc<Self>, text: &str) {
        match ServerFrame::parse(text) {
            Ok(ServerFrame::Bound(bound)) => {
                self.tell(Event::Bound(Duration::from_millis(bound.timeout)));
                self.owner.emit(Signal::Bound(bound));
            }
            Ok(ServerFrame::Heartbeat(interval)) => self.tell(Event::Interval(interval)),
            Ok(frame) => self.owner.emit(Signal::Frame(Box::new(frame))),
            // A newer server may send what this page does not know.
            Err(_) => {}
        }
    }

    fn visibility_changed(self: &Rc<Self>, visible: bool) {
        if visible {
            self.tell(Event::Visible);
        }
        self.owner.emit(Signal::Visible(visible));
    }

    fn send(&self, frame: &ClientFrame) {
        if let Some(socket) = &*self.socket.borrow() {
            socket.send(&frame.to_json());
        }
    }

    /// Sets the one timer for the earliest deadline.
    fn set_timer(self: &Rc<Self>) {
        let link = self.link.borrow().deadline();
        let deadline = [link, self.owner_due.get()].into_iter().flatten().min();
        let weak = Rc::downgrade(self);
        self.alarm.set(deadline, move || {
            if let Some(inner) = weak.upgrade() {
                inner.timer_fired();
            }
        });
    }

    fn timer_fired(self: &Rc<Self>) {
        self.alarm.fired();
        if self.owner_due.get().is_some_and(|due| due <= clock::now()) {
            self.owner_due.set(None);
            self.owner.emit(Signal::Due);
        }
        self.tell(Event::Timer);
    }
}

fn whole_ms(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
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
