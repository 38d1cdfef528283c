//! One connection, driven in the order of the gateway's loop: the feed first, then any of frames,
//! events, answers and deadlines that is ready. While it waits for the store, all else waits.

use super::Core;
use super::jobs::{Job, Outcome};
use super::payload::Payload;
use super::writer::Writer;
use crate::simulation::agenda::{Event, SocketId};
use crate::simulation::bus::BusEvent;
use crate::simulation::env::Env;
use crate::simulation::network::{Down, Up};
use crate::simulation::variant::Variant;
use std::cell::Cell;
use std::collections::{BTreeMap, VecDeque};
use std::rc::Rc;
use std::time::Duration;
use tidings_shared::close::CloseCode;
use tidings_shared::delivery::{Feed, FeedItem};
use tidings_shared::frame::ServerFrame;
use tidings_shared::{ConversationId, Moment, Seq, Tid, UserId, limits};

/// The delay between a failed read of the store and the next one.
const STORE_RETRY: Duration = Duration::from_secs(1);

/// Why a connection ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Closing {
    Gone,
    Close(CloseCode),
}

/// The conversation and `seq` of a message.
pub(super) type Slot = (ConversationId, Seq);

/// A send that waits for its answer.
#[derive(Debug)]
pub(super) struct PendingAnswer {
    number: u64,
    answer: Option<(ServerFrame, Option<Slot>)>,
}

/// The state of a connection after its bind.
#[derive(Debug)]
pub(super) struct Bound {
    pub(super) feed: Feed<Payload>,
    pub(super) lists: bool,
}

#[derive(Debug)]
pub(super) struct Connection {
    pub(super) socket: SocketId,
    pub(super) uid: UserId,
    pub(super) bound: Option<Bound>,
    pub(super) writer: Writer,
    /// The store request it waits for, and its outcome if that was determined already.
    pub(super) job: Option<(Job, Option<Outcome>)>,
    /// Answers to sends, in the order of the sends.
    pub(super) pending: VecDeque<PendingAnswer>,
    /// A page with messages from self, which may be sends of this connection that are not answered
    /// yet.
    pub(super) page: Option<Vec<FeedItem<Payload>>>,
    sends: u64,
    /// How long the connection had been idle when the present frame came.
    pub(super) idle: Duration,
    pub(super) read_after: Option<Moment>,
    pub(super) started: Moment,
    pub(super) last_arrival: Moment,
    events: VecDeque<Rc<BusEvent>>,
    lagging: bool,
    timer_at: Option<Moment>,
    /// Unacknowledged pushes with their sizes, tracked for the checks.
    pub(super) outstanding: BTreeMap<Tid, usize>,
    pub(super) alive: Rc<Cell<usize>>,
    /// The last `seq` that pages brought, by conversation. Reading it again is no progress.
    pub(super) seen: BTreeMap<ConversationId, Seq>,
    pub(super) reads_allowed: u64,
}

impl Connection {
    pub(super) fn new(socket: SocketId, uid: UserId, now: Moment) -> Self {
        Self {
            socket,
            uid,
            bound: None,
            writer: Writer::default(),
            job: None,
            pending: VecDeque::new(),
            page: None,
            sends: 0,
            idle: Duration::ZERO,
            read_after: None,
            started: now,
            last_arrival: now,
            events: VecDeque::new(),
            lagging: false,
            timer_at: None,
            outstanding: BTreeMap::new(),
            alive: Rc::default(),
            seen: BTreeMap::new(),
            reads_allowed: 0,
        }
    }

    /// An event of the hub; returns false if the queue is full and the connection now lags.
    pub(super) fn offer(&mut self, event: &Rc<BusEvent>, most: usize) -> bool {
        let resync = matches!(**event, BusEvent::Resync);
        let has_capacity = self.events.len() < most;
        self.lagging |= resync || !has_capacity;
        if has_capacity {
            self.events.push_back(Rc::clone(event));
        }
        has_capacity || resync
    }

    /// A send waits for its answer; returns its number.
    pub(super) fn awaits_answer(&mut self) -> u64 {
        self.sends += 1;
        self.pending.push_back(PendingAnswer {
            number: self.sends,
            answer: None,
        });
        self.sends
    }

    pub(super) fn answer(&mut self, number: u64, frame: ServerFrame, slot: Option<Slot>) {
        let mut waiting = self.pending.iter_mut();
        if let Some(pending) = waiting.find(|pending| pending.number == number) {
            pending.answer = Some((frame, slot));
        }
    }

    pub(super) fn timer_fired(&mut self, now: Moment) {
        self.timer_at = self.timer_at.filter(|at| *at > now);
    }

    /// Runs as far as possible.
    pub(super) fn run(&mut self, env: &mut Env, core: &mut Core) -> Result<(), Closing> {
        loop {
            self.finish_page(env);
            self.run_feed(env, core)?;
            self.writer.drive(env, self.socket);
            self.check(env);
            if self.job.is_some() || self.page.is_some() {
                return Ok(());
            }
            let accepts_frames =
                self.writer.has_capacity() && self.pending.len() < limits::SENDS_IN_FLIGHT;
            let frame = accepts_frames && env.network.has_up(self.socket, env.now());
            let event = self.bound.is_some() && !self.events.is_empty();
            let answer = self.is_answered();
            let deadline = self.deadline() <= env.now();
            let ready = [frame, event, answer, deadline];
            if ready == [false; 4] {
                break;
            }
            // As `select!` does, in any order.
            let first = env.random.index(4);
            let arm = (0..4).map(|n| (first + n) % 4).find(|arm| ready[*arm]);
            match arm {
                Some(0) => self.receive_frame(env, core)?,
                Some(1) => self.handle_event(env),
                Some(2) => self.write_answer(env),
                _ => self.handle_deadline(env)?,
            }
        }
        let deadline = self.deadline();
        if self.timer_at.is_none_or(|at| at > deadline) {
            self.timer_at = Some(deadline);
            env.agenda.at(deadline, Event::ConnectionTimer(self.socket));
        }
        Ok(())
    }

    /// Writes as much of the queue as the network accepts, then closes.
    pub(super) fn close(mut self, env: &mut Env, code: CloseCode) {
        self.writer.drive(env, self.socket);
        if self.writer.len() == 0 {
            env.send_down(self.socket, Down::Close(code.code()));
        } else {
            env.cut(self.socket, true, false);
        }
    }

    pub(super) fn push(&mut self, env: &Env, frame: ServerFrame) {
        self.writer.push(env.now(), frame);
    }

    /// The feed's clock counts from the start of the connection.
    pub(super) fn moment(&self, now: Moment) -> Moment {
        Moment::after_origin(now.since(self.started))
    }

    pub(super) fn store_failed(&mut self, env: &Env) {
        self.read_after = Some(env.now() + STORE_RETRY);
        self.allow_reads(1);
    }

    fn receive_frame(&mut self, env: &mut Env, core: &mut Core) -> Result<(), Closing> {
        let Some(Up::Frame(frame)) = env.network.recv_up(self.socket, env.now()) else {
            return Err(Closing::Gone);
        };
        let last_traffic = self.last_arrival.max(self.writer.moved_at());
        self.idle = env.now().since(last_traffic);
        self.last_arrival = env.now();
        self.handle_frame(env, core, frame)
    }

    fn handle_event(&mut self, env: &mut Env) {
        let Some(event) = self.events.pop_front() else {
            return;
        };
        let lagged = std::mem::take(&mut self.lagging);
        self.allow_reads(1);
        let now = self.moment(env.now());
        let item = match &*event {
            BusEvent::Message(record, _) => Some(self.item(record)),
            _ => None,
        };
        let Some(bound) = &mut self.bound else { return };
        if lagged && !env.is(Variant::GapIgnored) {
            bound.feed.handle_resync();
        }
        if let Some(item) = item {
            bound.feed.handle_message(now, item);
        }
        if let BusEvent::Read(conversation, mark) = &*event {
            bound.feed.handle_read(*conversation, mark.seq);
            if bound.lists {
                self.push(env, ServerFrame::Read(*mark));
            }
        }
    }

    pub(super) fn is_answered(&self) -> bool {
        let front = self.pending.front();
        front.is_some_and(|pending| pending.answer.is_some())
    }

    pub(super) fn write_answer(&mut self, env: &Env) {
        let front = self.pending.pop_front();
        let Some((frame, slot)) = front.and_then(|pending| pending.answer) else {
            return;
        };
        self.push(env, frame);
        if let (Some(bound), Some((conversation, seq))) = (&mut self.bound, slot) {
            bound.feed.handle_answered(conversation, seq);
        }
    }
}
