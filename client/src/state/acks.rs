//! Acknowledging pushes: one cumulative ack for many pushes.
//!
//! A WebSocket keeps the order, so the highest `tid` that arrived proves all before it.

use std::time::Duration;
use tidings_shared::frame::Ack;
use tidings_shared::{Moment, Tid};

/// How long the first push of a batch waits for others. The server repeats after seconds.
const WAIT: Duration = Duration::from_millis(80);

/// So many pushes are acknowledged at once: a quarter of the server's window
/// ([`WINDOW_PUSHES`](tidings_shared::limits::WINDOW_PUSHES)), so that it never runs empty.
const BATCH: usize = 16;

/// The pushes of one connection that are not acknowledged yet.
#[derive(Debug, Default)]
pub(super) struct Acks {
    highest: Tid,
    waiting: usize,
    due: Option<Moment>,
}

impl Acks {
    /// A push arrived, for the first time or again.
    pub(super) fn arrived(&mut self, now: Moment, tid: Tid) {
        self.highest = self.highest.max(tid);
        self.waiting += 1;
        let due = if self.waiting >= BATCH {
            now
        } else {
            now + WAIT
        };
        self.due = Some(self.due.map_or(due, |earlier| earlier.min(due)));
    }

    /// The ack to send now.
    pub(super) fn take_due(&mut self, now: Moment) -> Option<Ack> {
        self.due.filter(|due| *due <= now)?;
        self.due = None;
        self.waiting = 0;
        Some(Ack {
            tid: self.highest,
            cumulative: true,
        })
    }

    /// When [`Self::take_due`] has something.
    pub(super) const fn deadline(&self) -> Option<Moment> {
        self.due
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(ms: u64) -> Moment {
        Moment::after_origin(Duration::from_millis(ms))
    }

    fn ack(tid: u64) -> Ack {
        Ack {
            tid: Tid(tid),
            cumulative: true,
        }
    }

    #[test]
    fn pushes_of_a_moment_share_one_ack() {
        let mut acks = Acks::default();
        acks.arrived(at(0), Tid(1));
        acks.arrived(at(50), Tid(2));
        assert_eq!(acks.take_due(at(79)), None);
        assert_eq!(acks.deadline(), Some(at(80)));
        assert_eq!(acks.take_due(at(80)), Some(ack(2)));
        assert_eq!(acks.deadline(), None);
        assert_eq!(acks.take_due(at(1000)), None);
    }

    #[test]
    fn a_full_batch_is_acknowledged_at_once() {
        let mut acks = Acks::default();
        for tid in 1..=16 {
            assert_eq!(acks.take_due(at(0)), None);
            acks.arrived(at(0), Tid(tid));
        }
        assert_eq!(acks.take_due(at(0)), Some(ack(16)));
    }

    #[test]
    fn a_repeated_push_is_acknowledged_again() {
        let mut acks = Acks::default();
        acks.arrived(at(0), Tid(2));
        acks.take_due(at(80));
        acks.arrived(at(5000), Tid(1));
        assert_eq!(acks.take_due(at(5080)), Some(ack(2)));
    }
}
