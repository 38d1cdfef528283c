//! One connection: the real [`Session`], and what the rest of the server keeps for it. It passes in
//! whatever is ready, in any order, as the gateway's `select!` does.

use super::Core;
use super::checks::Checks;
use super::payload::Held;
use super::requests::Running;
use crate::simulation::agenda::{DeviceId, Event, SocketId};
use crate::simulation::bus::BusEvent;
use crate::simulation::env::Env;
use crate::simulation::store::Record;
use crate::simulation::variant::Variant;
use std::collections::VecDeque;
use std::rc::Rc;
use std::time::Duration;
use tidings_shared::api::User;
use tidings_shared::delivery::Timing;
use tidings_shared::session::{self, AppendedSend, Config, Session};
use tidings_shared::{ErrorCode, Moment, UserId};

/// The default of `tidings serve`.
const IDLE_TIMEOUT: Duration = Duration::from_mins(6);
/// Shorter than the default: a drained node is up again soon.
const DRAIN: Duration = Duration::from_secs(2);
/// Longer than a run.
const LIFETIME: Duration = Duration::from_hours(24);

/// What the session has reported of itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Phase {
    Open,
    Bound,
    /// It needs nothing from the node any more.
    Ended,
    /// And the client knows that: a close frame was sent by one of both, or the client is gone.
    Notified,
}

#[derive(Debug)]
pub(super) struct Connection {
    pub(super) socket: SocketId,
    pub(super) device: DeviceId,
    pub(super) session: Session<Held>,
    started: Moment,
    /// Events of the hub.
    events: VecDeque<Rc<BusEvent>>,
    /// Events were lost.
    lagging: bool,
    /// Its sends that have no outcome yet.
    pub(super) pending_sends: usize,
    /// Outcomes of its sends, in their order.
    appended: VecDeque<Result<AppendedSend<Held>, ErrorCode>>,
    /// The store request it waits for.
    pub(super) running: Option<Running>,
    timer_at: Option<Moment>,
    pub(super) phase: Phase,
    /// Whether the last query was of the legacy form, which marks the conversation as read.
    pub(super) plain_query: bool,
    pub(super) checks: Checks,
}

impl Connection {
    pub(super) fn new(env: &mut Env, socket: SocketId) -> Self {
        let device = env.network.socket(socket).device;
        let user = user(env.plan.devices[device.0].uid);
        let config = Config {
            timing: Timing::default(),
            idle_timeout: IDLE_TIMEOUT,
            drain: DRAIN,
        };
        Self {
            socket,
            device,
            session: Session::new(config, user, LIFETIME, env.random.next()),
            started: env.now(),
            events: VecDeque::new(),
            lagging: false,
            pending_sends: 0,
            appended: VecDeque::new(),
            running: None,
            timer_at: None,
            phase: Phase::Open,
            plain_query: false,
            checks: Checks::default(),
        }
    }

    pub(super) fn uid(&self) -> UserId {
        self.session.user().uid
    }

    /// The session's clock counts from the start of the connection.
    pub(super) fn now(&self, env: &Env) -> Moment {
        Moment::after_origin(env.now().since(self.started))
    }

    /// An event of the hub. Returns false if the queue is full and the connection now lags.
    pub(super) fn offer(&mut self, event: &Rc<BusEvent>, most: usize, to_all: bool) -> bool {
        let best_effort = matches!(**event, BusEvent::Receipt(_));
        let most = if best_effort { most / 2 } else { most };
        let has_capacity = self.events.len() < most;
        if has_capacity {
            self.events.push_back(Rc::clone(event));
        }
        self.lagging |= to_all || !(has_capacity || best_effort);
        has_capacity || best_effort || to_all
    }

    /// The outcome of its earliest send that had none yet.
    pub(super) fn appended(&mut self, outcome: Result<Rc<Record>, ErrorCode>) {
        self.appended.push_back(outcome.map(|record| AppendedSend {
            conversation: record.conversation,
            seq: record.seq,
            message: Held::new(record),
        }));
    }

    pub(super) fn timer_fired(&mut self, now: Moment) {
        self.timer_at = self.timer_at.filter(|at| *at > now);
    }

    /// Runs as far as possible.
    pub(super) fn run(&mut self, env: &mut Env, core: &mut Core) {
        loop {
            self.run_outputs(env, core);
            if self.session.is_ended() {
                return;
            }
            if self.write(env, core) {
                continue;
            }
            self.check(env);
            let deadline = self.session.poll_timeout();
            let frame = self.session.can_receive() && env.network.has_up(self.socket, env.now());
            let event = self.session.wants_events() && !self.events.is_empty();
            // What has arrived already comes before a deadline is judged.
            let is_due = !frame && deadline.is_some_and(|at| at <= self.now(env));
            let ready = [frame, event, !self.appended.is_empty(), is_due];
            if ready == [false; 4] {
                return self.set_timer(env, deadline);
            }
            let first = env.random.index(4);
            let arm = (0..4).map(|n| (first + n) % 4).find(|arm| ready[*arm]);
            match arm {
                Some(0) => self.receive(env),
                Some(1) => self.handle_event(env),
                Some(2) => self.handle_appended(env),
                _ => self.session.handle_timeout(self.now(env)),
            }
        }
    }

    /// The connection is over. Without a close frame, because the network or the store took too
    /// long, the client notices only that.
    pub(super) fn finish(&self, env: &mut Env) {
        if self.phase == Phase::Notified {
            return;
        }
        if self.pending_sends == 0 && !self.session.is_writing() {
            let socket = self.socket.0;
            env.ledger
                .fail(|| format!("connection {socket} ends without a close frame"));
        }
        env.cut(self.socket, true, false);
    }

    /// This end has noticed that the client is gone.
    pub(super) fn disconnected(&mut self) {
        self.enter(Phase::Notified);
        self.session.handle_disconnected();
    }

    pub(super) fn enter(&mut self, phase: Phase) {
        self.phase = self.phase.max(phase);
    }

    fn set_timer(&mut self, env: &mut Env, deadline: Option<Moment>) {
        let Some(deadline) = deadline else { return };
        let at = self.started + deadline.since(Moment::default());
        if self.timer_at.is_none_or(|earlier| earlier > at) {
            self.timer_at = Some(at);
            env.agenda.at(at, Event::ConnectionTimer(self.socket));
        }
    }

    fn handle_event(&mut self, env: &Env) {
        let Some(event) = self.events.pop_front() else {
            return;
        };
        let now = self.now(env);
        let lagged = std::mem::take(&mut self.lagging);
        let knows_gaps = !env.is(Variant::GapIgnored);
        if lagged && knows_gaps {
            self.session.handle_event(now, session::Event::Resync);
        }
        self.checks.allow_reads(1);
        let event = match &*event {
            BusEvent::Message(record, _) => {
                session::Event::Message(self.checks.item(record, self.uid()))
            }
            BusEvent::Read(conversation, mark, delivered) => session::Event::Read {
                conversation: *conversation,
                mark: *mark,
                delivered: *delivered,
            },
            BusEvent::Receipt(receipt) => session::Event::Receipt(*receipt),
            BusEvent::Resync if knows_gaps => session::Event::Resync,
            BusEvent::Resync => return,
        };
        self.session.handle_event(now, event);
    }

    fn handle_appended(&mut self, env: &Env) {
        if let Some(outcome) = self.appended.pop_front() {
            self.pending_sends -= 1;
            self.session.handle_appended(self.now(env), outcome);
        }
    }
}

pub(super) fn user(uid: UserId) -> User {
    User {
        uid,
        username: String::new(),
        avatar: String::new(),
    }
}
