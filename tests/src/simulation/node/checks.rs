//! Checks of a session's bounds: its window, the messages it holds, and how often it reads.

use super::connection::{Connection, Phase};
use super::payload::Held;
use crate::simulation::env::Env;
use crate::simulation::report::Count;
use crate::simulation::store::Record;
use crate::simulation::variant::Variant;
use std::cell::Cell;
use std::collections::BTreeMap;
use std::rc::Rc;
use std::time::Duration;
use tidings_shared::delivery::FeedItem;
use tidings_shared::frame::Ack;
use tidings_shared::{ConversationId, Moment, Seq, Tid, UserId, limits};

/// The most pages that a session may read for each reason to read.
const READS_FOR_A_REASON: u64 = 4;
/// How long a session may leave its pushes after it failed to read.
const READ_PAUSE: Duration = Duration::from_secs(1);
/// The most messages for pushes that a session holds: its window, the messages to push next, two
/// repushes of all of it, and its queue.
const HELD_MAX: usize = 4 * limits::WINDOW_PUSHES + 128;

/// What is known of a session from outside.
#[derive(Debug, Default)]
pub(super) struct Checks {
    /// Pushes that were written and not acknowledged, with their sizes.
    outstanding: BTreeMap<Tid, usize>,
    alive: Rc<Cell<usize>>,
    /// The last `seq` that pages brought, by conversation. Reading it again is no progress.
    seen: BTreeMap<ConversationId, Seq>,
    reads_allowed: u64,
    /// Until then it may push nothing, because a read failed.
    pauses_until: Moment,
}

impl Checks {
    /// A message for the feed.
    pub(super) fn item(&self, record: &Rc<Record>, uid: UserId) -> FeedItem<Held> {
        FeedItem {
            conversation: record.conversation,
            seq: record.seq,
            mid: record.mid,
            from_self: record.sender == uid,
            payload: Held::counted(Rc::clone(record), &self.alive),
            bytes: record.bytes,
        }
    }

    /// A push is written for the first time.
    pub(super) fn pushed(&mut self, tid: Tid, record: &Record) {
        self.outstanding.insert(tid, record.bytes);
        self.allow_reads(1);
    }

    pub(super) fn handle_ack(&mut self, ack: &Ack) {
        let before = self.outstanding.len();
        if ack.cumulative {
            self.outstanding = self.outstanding.split_off(&Tid(ack.tid.0 + 1));
        } else {
            self.outstanding.remove(&ack.tid);
        }
        self.allow_reads(before - self.outstanding.len());
    }

    /// A page was read for the feed.
    pub(super) fn paged(&mut self, items: &[FeedItem<Held>]) {
        for item in items {
            let seen = self.seen.entry(item.conversation).or_default();
            if item.seq > *seen {
                *seen = item.seq;
                self.reads_allowed += READS_FOR_A_REASON;
            }
        }
    }

    pub(super) fn read_failed(&mut self, now: Moment) {
        self.pauses_until = now + READ_PAUSE;
        self.allow_reads(1);
    }

    /// Allows more reads of the store, for so many reasons.
    pub(super) const fn allow_reads(&mut self, reasons: usize) {
        self.reads_allowed += READS_FOR_A_REASON * reasons as u64;
    }

    pub(super) const fn reads_allowed(&mut self) -> &mut u64 {
        &mut self.reads_allowed
    }
}

impl Connection {
    pub(super) fn check(&self, env: &mut Env) {
        let Checks {
            outstanding, alive, ..
        } = &self.checks;
        let (count, written) = (self.session.unacknowledged(), outstanding.len());
        let bytes: usize = outstanding.values().sum();
        if count >= limits::WINDOW_PUSHES || bytes > limits::WINDOW_BYTES / 2 {
            env.count(Count::FullWindows);
        }
        if self.phase >= Phase::Ended {
            return;
        }
        let now = self.now(env);
        // Then all that the session wanted to push was written.
        let is_settled = self.session.wants_events()
            && !self.session.is_writing()
            && self.session.poll_timeout().is_none_or(|at| at > now)
            && self.checks.pauses_until <= now;
        // That variant must be detected by its consequences.
        if !(written == count || written < count && !is_settled || env.is(Variant::AcksIgnored)) {
            let socket = self.socket.0;
            env.ledger.fail(|| {
                format!("connection {socket}: {count} pushes wait, {written} are not acknowledged")
            });
        }
        let fits = count <= limits::WINDOW_PUSHES && (bytes <= limits::WINDOW_BYTES || count <= 1);
        if !fits || alive.get() > HELD_MAX {
            let alive = alive.get();
            env.ledger.fail(|| {
                format!("a window holds {count} pushes of {bytes} bytes, its feed {alive} messages")
            });
        }
    }
}
