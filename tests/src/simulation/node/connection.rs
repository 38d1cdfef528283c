//! One connection, in the order of the gateway's own loop: the feed first, then whatever is ready
//! of frames, events, answers and deadlines. While it waits for the store, all else waits.

use super::Core;
use super::jobs::{Job, Outcome};
use super::payload::Payload;
use super::writer::Writer;
use crate::simulation::agenda::{Event, SocketId};
use crate::simulation::bus::News;
use crate::simulation::env::Env;
use crate::simulation::network::{Down, Up};
use crate::simulation::variant::Variant;
use std::cell::Cell;
use std::collections::{BTreeMap, VecDeque};
use std::rc::Rc;
use std::time::Duration;
use tidings_shared::close::CloseCode;
use tidings_shared::delivery::{Feed, Item};
use tidings_shared::frame::ServerFrame;
use tidings_shared::{ConversationId, Moment, Seq, Tid, UserId, limits};

/// From a failed read of the store to the next one.
const STORE_RETRY: Duration = Duration::from_secs(1);

/// Why a connection ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Closing {
    Gone,
    Close(CloseCode),
}

/// Where a message is.
pub(super) type Place = (ConversationId, Seq);

/// A send that waits for its answer.
#[derive(Debug)]
pub(super) struct Answering {
    number: u64,
    answer: Option<(ServerFrame, Option<Place>)>,
}

/// What a connection has after its bind.
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
    /// What it waits for from the store, and the answer if that was drawn already.
    pub(super) job: Option<(Job, Option<Outcome>)>,
    /// Answers to sends, in the order of the sends.
    pub(super) answering: VecDeque<Answering>,
    /// A page with own messages, which may be sends of this connection on their way.
    pub(super) page: Option<Vec<Item<Payload>>>,
    sends: u64,
    /// How long the connection had been quiet when the present frame came.
    pub(super) quiet: Duration,
    pub(super) read_after: Option<Moment>,
    pub(super) started: Moment,
    pub(super) last_arrival: Moment,
    events: VecDeque<Rc<News>>,
    lagging: bool,
    timer_at: Option<Moment>,
    /// Pushes that wait, with their sizes, as the checks see it.
    pub(super) outstanding: BTreeMap<Tid, usize>,
    pub(super) alive: Rc<Cell<usize>>,
    /// What pages brought so far: bringing it again is no progress.
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
            answering: VecDeque::new(),
            page: None,
            sends: 0,
            quiet: Duration::ZERO,
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
    pub(super) fn offer(&mut self, news: &Rc<News>, most: usize) -> bool {
        let gap = matches!(**news, News::Gap);
        let room = self.events.len() < most;
        self.lagging |= gap || !room;
        if room {
            self.events.push_back(Rc::clone(news));
        }
        room || gap
    }

    /// A send waits for its answer; returns its number.
    pub(super) fn awaits_answer(&mut self) -> u64 {
        self.sends += 1;
        self.answering.push_back(Answering {
            number: self.sends,
            answer: None,
        });
        self.sends
    }

    pub(super) fn answer(&mut self, number: u64, frame: ServerFrame, place: Option<Place>) {
        let mut waiting = self.answering.iter_mut();
        if let Some(answering) = waiting.find(|answering| answering.number == number) {
            answering.answer = Some((frame, place));
        }
    }

    pub(super) fn timer_fired(&mut self, now: Moment) {
        self.timer_at = self.timer_at.filter(|at| *at > now);
    }

    /// Goes on as far as possible.
    pub(super) fn run(&mut self, env: &mut Env, core: &mut Core) -> Result<(), Closing> {
        loop {
            self.finish_page(env);
            self.run_feed(env, core)?;
            self.writer.drive(env, self.socket);
            self.check(env);
            if self.job.is_some() || self.page.is_some() {
                return Ok(());
            }
            let takes_frames =
                self.writer.has_room() && self.answering.len() < limits::SENDS_IN_FLIGHT;
            let frame = takes_frames && env.network.has_up(self.socket, env.now());
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
                Some(0) => self.take_frame(env, core)?,
                Some(1) => self.take_event(env),
                Some(2) => self.take_answer(env),
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

    /// What can be written of it is written, then the close.
    pub(super) fn say_goodbye(mut self, env: &mut Env, code: CloseCode) {
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

    fn take_frame(&mut self, env: &mut Env, core: &mut Core) -> Result<(), Closing> {
        let Some(Up::Frame(frame)) = env.network.take_up(self.socket, env.now()) else {
            return Err(Closing::Gone);
        };
        let last_traffic = self.last_arrival.max(self.writer.moved_at());
        self.quiet = env.now().since(last_traffic);
        self.last_arrival = env.now();
        self.handle_frame(env, core, frame)
    }

    fn take_event(&mut self, env: &mut Env) {
        let Some(news) = self.events.pop_front() else {
            return;
        };
        let lagged = std::mem::take(&mut self.lagging);
        self.allow_reads(1);
        let now = self.moment(env.now());
        let item = match &*news {
            News::Message(record, _) => Some(self.item(record)),
            _ => None,
        };
        let Some(bound) = &mut self.bound else { return };
        if lagged && !env.is(Variant::GapIgnored) {
            bound.feed.handle_gap();
        }
        if let Some(item) = item {
            bound.feed.handle_message(now, item);
        }
        if let News::Read(conversation, mark) = &*news {
            bound.feed.handle_read(*conversation, mark.seq);
            if bound.lists {
                self.push(env, ServerFrame::Read(*mark));
            }
        }
    }

    pub(super) fn is_answered(&self) -> bool {
        let front = self.answering.front();
        front.is_some_and(|answering| answering.answer.is_some())
    }

    pub(super) fn take_answer(&mut self, env: &Env) {
        let front = self.answering.pop_front();
        let Some((frame, place)) = front.and_then(|answering| answering.answer) else {
            return;
        };
        self.push(env, frame);
        if let (Some(bound), Some((conversation, seq))) = (&mut self.bound, place) {
            bound.feed.handle_answered(conversation, seq);
        }
    }
}
