//! Drives a [`Link`] and the [`Acks`] with the browser's socket, events and one timer.

use super::connection::Signal;
use super::deadline_timer::DeadlineTimer;
use super::socket::{Socket, SocketEvent};
use crate::clock;
use crate::dom;
use std::cell::{Cell, RefCell};
use std::rc::{Rc, Weak};
use std::time::Duration;
use tidings_client_state::{Diagnosis, Snapshot};
use tidings_shared::acks::Acks;
use tidings_shared::frame::{Bind, ClientFrame, Heartbeat, ServerFrame};
use tidings_shared::link::{Cause, Link, LinkEffect, LinkEvent, Phase};
use tidings_shared::{Moment, UserId};
use yew::Callback;

/// The parts of a connection. Its timer, its socket and the browser's listeners hold it weakly.
pub(super) struct Driver {
    uid: UserId,
    url: String,
    owner: Callback<Signal>,
    link: RefCell<Link>,
    acks: RefCell<Acks>,
    diagnosis: RefCell<Diagnosis>,
    socket: RefCell<Option<Socket>>,
    timer: DeadlineTimer,
    owner_due: Cell<Option<Moment>>,
}

impl Driver {
    pub(super) fn new(uid: UserId, url: String, owner: Callback<Signal>) -> Rc<Self> {
        let now = clock::now();
        let mut acks = Acks::default();
        acks.handle_hidden(now, !dom::is_visible());
        Rc::new(Self {
            uid,
            url,
            owner,
            link: RefCell::new(Link::new(clock::seed())),
            acks: RefCell::new(acks),
            diagnosis: RefCell::new(Diagnosis::new(now)),
            socket: RefCell::new(None),
            timer: DeadlineTimer::default(),
            owner_due: Cell::new(None),
        })
    }

    pub(super) fn phase(&self) -> Phase {
        self.link.borrow().phase()
    }

    pub(super) fn last_cause(&self) -> Option<Cause> {
        self.link.borrow().last_cause()
    }

    pub(super) fn wake_at(self: &Rc<Self>, due: Option<Moment>) {
        self.owner_due.set(due);
        self.set_timer();
    }

    pub(super) fn snapshot(&self) -> Snapshot {
        let link = self.link.borrow();
        let awaited = link.answer_by().filter(|_| link.phase() == Phase::Live);
        let quiet = link.phase() == Phase::Live && awaited.is_none();
        Snapshot {
            now: clock::now(),
            wall_ms: clock::wall_ms(),
            diagnosis: self.diagnosis.borrow().clone(),
            network: link.network(),
            round_trip: link.round_trip(),
            answer_by: awaited,
            due: link.poll_timeout().filter(|_| quiet),
            connects: link.connects(),
        }
    }

    pub(super) fn handle_event(self: &Rc<Self>, event: LinkEvent) {
        self.link.borrow_mut().handle_event(clock::now(), event);
        self.run_effects();
    }

    fn run_effects(self: &Rc<Self>) {
        loop {
            // In a statement of its own: what is run may borrow the link.
            let effect = self.link.borrow_mut().poll_effect();
            match effect {
                Some(effect) => self.run(effect),
                None => break,
            }
        }
        self.set_timer();
    }

    fn run(self: &Rc<Self>, effect: LinkEffect) {
        match effect {
            LinkEffect::Open => self.open(),
            LinkEffect::Close => drop(self.socket.take()),
            LinkEffect::SendBind => self.send_bind(),
            LinkEffect::SendHeartbeat(interval) => self.send(&ClientFrame::Heartbeat(Heartbeat {
                uid: self.uid,
                timeout: whole_ms(interval),
            })),
            LinkEffect::Changed => {
                let (phase, cause) = (self.phase(), self.last_cause());
                self.diagnosis
                    .borrow_mut()
                    .changed(clock::now(), phase, cause);
                self.owner.emit(Signal::Changed);
            }
        }
    }

    fn send_bind(&self) {
        let missed = self.link.borrow().missed().map(whole_ms);
        self.send(&ClientFrame::Bind(Bind {
            uid: self.uid,
            conversations: true,
            all: false,
            missed,
            token: None,
        }));
    }

    fn open(self: &Rc<Self>) {
        drop(self.socket.take());
        let weak = Rc::downgrade(self);
        let socket = Socket::open(&self.url, move |event| {
            if let Some(driver) = Weak::upgrade(&weak) {
                driver.handle_socket_event(event);
            }
        });
        if socket.is_none() {
            self.handle_event(LinkEvent::Closed(1006));
        }
        self.socket.replace(socket);
    }

    fn handle_socket_event(self: &Rc<Self>, event: SocketEvent) {
        match event {
            SocketEvent::Opened => self.handle_event(LinkEvent::Opened),
            SocketEvent::Closed(code) => self.handle_event(LinkEvent::Closed(code)),
            SocketEvent::Text(text) => {
                self.handle_event(LinkEvent::Arrived);
                self.handle_text(&text);
            }
        }
    }

    fn handle_text(self: &Rc<Self>, text: &str) {
        // A newer server may send what this page does not know.
        let frame = ServerFrame::parse(text).ok();
        self.diagnosis
            .borrow_mut()
            .received(clock::now(), frame.as_ref(), text.len());
        match frame {
            Some(ServerFrame::Bound(bound)) => {
                self.acks.borrow_mut().handle_reconnect();
                self.handle_event(LinkEvent::Bound(Duration::from_millis(bound.timeout)));
                self.owner.emit(Signal::Bound(bound));
            }
            Some(ServerFrame::Heartbeat(interval)) => {
                self.handle_event(LinkEvent::Interval(interval));
            }
            Some(frame) => {
                if let ServerFrame::Push(push) = &frame {
                    self.acks.borrow_mut().handle_push(clock::now(), push.tid);
                }
                if let ServerFrame::BindRefused(error) = &frame
                    && let Some(wait) = error.retry()
                {
                    self.handle_event(LinkEvent::TryAfter(wait));
                }
                self.owner.emit(Signal::Frame(Box::new(frame)));
                self.acknowledge();
            }
            None => {}
        }
    }

    /// Sends the ack that is due. Here and not where frames are handled, because that waits for the
    /// framework's scheduler, which yields to a timer that a hidden page may not run for a minute.
    fn acknowledge(self: &Rc<Self>) {
        let due = self.acks.borrow_mut().poll_ack(clock::now());
        if let Some(ack) = due
            && self.phase() == Phase::Live
        {
            self.send(&ClientFrame::Ack(ack));
        }
        self.set_timer();
    }

    pub(super) fn visibility_changed(self: &Rc<Self>, visible: bool) {
        self.acks.borrow_mut().handle_hidden(clock::now(), !visible);
        self.acknowledge();
        if visible {
            self.handle_event(LinkEvent::Visible);
        }
        self.owner.emit(Signal::Visible(visible));
    }

    pub(super) fn send(&self, frame: &ClientFrame) {
        if let Some(socket) = &*self.socket.borrow() {
            let text = frame.to_json();
            socket.send(&text);
            self.diagnosis
                .borrow_mut()
                .sent(clock::now(), frame, text.len());
        }
    }

    /// Sets the one timer for the earliest deadline.
    fn set_timer(self: &Rc<Self>) {
        let link = self.link.borrow().poll_timeout();
        let acks = self.acks.borrow().poll_timeout();
        let deadline = [link, acks, self.owner_due.get()]
            .into_iter()
            .flatten()
            .min();
        let weak = Rc::downgrade(self);
        self.timer.set(deadline, move || {
            if let Some(driver) = weak.upgrade() {
                driver.timer_fired();
            }
        });
    }

    fn timer_fired(self: &Rc<Self>) {
        self.timer.fired();
        if self.owner_due.get().is_some_and(|due| due <= clock::now()) {
            self.owner_due.set(None);
            self.owner.emit(Signal::Due);
        }
        self.acknowledge();
        self.link.borrow_mut().handle_timeout(clock::now());
        self.run_effects();
    }
}

fn whole_ms(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}
