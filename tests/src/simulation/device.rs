//! A device of a user: a process with a clock that may sleep, a connection driven by the real
//! [`Link`], and a client on top of it.

mod acks;
mod clock;
mod lifecycle;
mod page;
mod stateless;
mod view;
mod wire;

use super::agenda::{DeviceId, SocketId};
use super::env::Env;
use super::network::{Down, NO_CLOSE_FRAME};
use super::plan::{Kind, Size};
use clock::Clock;
use page::Page;
use stateless::Stateless;
use tidings_shared::link::{Link, LinkEvent, Phase};
use tidings_shared::{Moment, Peer, UserId};

/// The most timers of one device within one second. More means a loop of timers for the past.
const TIMERS_PER_SECOND: u32 = 300;

#[derive(Debug)]
enum Client {
    Page(Box<Page>),
    Stateless(Stateless),
}

#[derive(Debug)]
pub(crate) struct Device {
    id: DeviceId,
    uid: UserId,
    kind: Kind,
    clock: Clock,
    link: Link,
    client: Client,
    socket: Option<SocketId>,
    /// A connection that died while the device slept.
    dead: Option<SocketId>,
    running: bool,
    online: bool,
    timer_at: Option<Moment>,
    timers: (u64, u32),
    written: u64,
}

impl Device {
    pub(crate) fn new(env: &mut Env, id: DeviceId) -> Self {
        let plan = &env.plan.devices[id.0];
        let client = match plan.kind {
            Kind::Page => Client::Page(Box::new(Page::new(id, plan))),
            Kind::Native | Kind::Legacy => Client::Stateless(Stateless::new(plan)),
        };
        Self {
            id,
            uid: plan.uid,
            kind: plan.kind,
            clock: Clock::new(env.random.ms(0, 1_000_000)),
            link: Link::new(env.random.next()),
            client,
            socket: None,
            dead: None,
            running: true,
            online: true,
            timer_at: None,
            timers: (0, 0),
            written: 0,
        }
    }

    pub(crate) fn start(&mut self, env: &mut Env) {
        self.handle_link_event(env, LinkEvent::Start);
        self.flush(env);
    }

    /// Receives everything that has arrived on a connection.
    pub(crate) fn receive_all(&mut self, env: &mut Env, socket: SocketId) {
        while !self.clock.is_asleep()
            && let Some(packet) = env.network.recv_down(socket, env.now())
        {
            if self.socket == Some(socket) && self.running {
                self.receive(env, packet);
                self.flush(env);
            }
        }
    }

    /// This end has noticed that its connection is dead.
    pub(crate) fn noticed(&mut self, env: &mut Env, socket: SocketId) {
        if self.clock.is_asleep() {
            self.dead = Some(socket);
        } else if self.socket == Some(socket) {
            self.receive(env, Down::Close(NO_CLOSE_FRAME));
            self.flush(env);
        }
    }

    pub(crate) fn timer(&mut self, env: &mut Env) {
        if self.timer_at.is_none_or(|at| at > env.now()) || self.clock.is_asleep() || !self.running
        {
            return;
        }
        self.timer_at = None;
        let second = env.now().since(Moment::default()).as_secs();
        let count = if self.timers.0 == second {
            self.timers.1 + 1
        } else {
            1
        };
        self.timers = (second, count);
        if count > TIMERS_PER_SECOND {
            let id = self.id.0;
            env.ledger
                .fail(|| format!("device {id} sets timers for the past, on and on"));
        }
        self.handle_link_timeout(env);
        self.flush(env);
    }

    pub(crate) fn write(&mut self, env: &mut Env, peer: Peer, size: Size) {
        let dares = self.kind == Kind::Page;
        let may_write = self.knows(peer) || dares && env.random.chance(10);
        if !self.running || self.clock.is_asleep() || !may_write {
            return;
        }
        self.written += 1;
        let name = format!("{}:{}", self.id.0, self.written);
        let content = match size {
            Size::Short => name.clone(),
            Size::Long => format!("{name} {}", "x".repeat(2_000)),
            Size::Huge => format!("{name} {}", "\u{1}".repeat(8_000)),
        };
        let now = self.clock.now(env.now());
        match &mut self.client {
            Client::Page(page) => page.write(env, now, (name, self.written), peer, content),
            Client::Stateless(client) => client.write(peer, content),
        }
        self.flush(env);
    }

    pub(crate) fn open(&mut self, env: &mut Env, peer: Peer) {
        if !self.knows(peer) {
            return;
        }
        match &mut self.client {
            Client::Page(page) => page.open(peer),
            Client::Stateless(client) => client.open(peer),
        }
        self.flush(env);
    }

    fn knows(&self, peer: Peer) -> bool {
        match &self.client {
            Client::Page(page) => page.knows(peer),
            Client::Stateless(client) => client.knows(peer),
        }
    }

    /// Opens every conversation and scrolls to its beginning.
    pub(crate) fn open_all(&mut self, env: &mut Env) {
        if let Client::Page(page) = &mut self.client {
            page.open_all();
        }
        self.flush(env);
    }

    pub(crate) fn scroll_up(&mut self, env: &mut Env) {
        if let Client::Page(page) = &mut self.client {
            page.scroll_up();
        }
        self.flush(env);
    }

    /// The person shows the page, or presses "retry now".
    pub(crate) fn poke(&mut self, env: &mut Env) {
        let event = if env.random.chance(50) {
            LinkEvent::Visible
        } else {
            LinkEvent::RetryNow
        };
        self.handle_link_event(env, event);
        self.flush(env);
    }

    /// The connection in use, for faults.
    pub(crate) const fn socket(&self) -> Option<SocketId> {
        self.socket
    }

    /// The checks at the end.
    pub(crate) fn end(&self, env: &mut Env) {
        if self.link.phase() != Phase::Live {
            let (id, phase) = (self.id.0, self.link.phase());
            env.ledger
                .fail(|| format!("device {id} is not connected but {phase:?}"));
        }
        match &self.client {
            Client::Page(page) => page.end(env),
            Client::Stateless(_) => env.ledger.end_pushed(self.uid, self.kind == Kind::Legacy),
        }
    }
}
