//! Acknowledging pushes as the page does: one cumulative ack for many pushes, 80 ms after the first
//! or at once for a quarter of the server's window.

use std::time::Duration;
use tidings_shared::frame::Ack;
use tidings_shared::{Moment, Tid};

/// How long the first push of a batch waits for others.
const WAIT: Duration = Duration::from_millis(80);
/// So many pushes are acknowledged at once.
const BATCH: usize = 16;

/// The pushes of one connection that are not acknowledged yet.
#[derive(Debug, Default)]
pub(super) struct Acks {
    highest: Tid,
    waiting: usize,
    due: Option<Moment>,
}

impl Acks {
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

    pub(super) fn take_due(&mut self, now: Moment) -> Option<Ack> {
        self.due.filter(|due| *due <= now)?;
        self.due = None;
        self.waiting = 0;
        Some(Ack {
            tid: self.highest,
            cumulative: true,
        })
    }

    pub(super) const fn deadline(&self) -> Option<Moment> {
        self.due
    }
}
