//! Acknowledgements of pushes: one cumulative ack for many pushes.
//!
//! A WebSocket keeps the order, so the arrival of a `tid` implies that of all lower ones.
//!
//! Browsers may run the timers of a hidden page only once a minute, while the server repeats a push
//! after seconds and then gives the connection up. So no ack is delayed while the page is hidden.

use crate::frame::Ack;
use crate::{Moment, Tid};
use std::time::Duration;

/// How long the first push of a batch waits for others. The server repeats a push after seconds.
const WAIT: Duration = Duration::from_millis(80);

/// Pushes after which an ack is sent at once: a quarter of the server's window
/// ([`WINDOW_PUSHES`](crate::limits::WINDOW_PUSHES)), so that the server never has to wait.
const BATCH: usize = 16;

/// The pushes of one connection that are not acknowledged yet.
#[derive(Debug, Default)]
pub struct Acks {
    highest: Tid,
    waiting: usize,
    due: Option<Moment>,
    hidden: bool,
}

impl Acks {
    /// Resets for a new connection of the same page.
    pub fn handle_reconnect(&mut self) {
        *self = Self {
            hidden: self.hidden,
            ..Self::default()
        };
    }

    /// The page was shown or hidden. While it is hidden every ack is due at once; one that waits
    /// becomes due when the page is hidden.
    pub fn handle_hidden(&mut self, now: Moment, hidden: bool) {
        self.hidden = hidden;
        if hidden {
            self.due = self.due.map(|due| due.min(now));
        }
    }

    /// A push arrived, a duplicate or not.
    pub fn handle_push(&mut self, now: Moment, tid: Tid) {
        self.highest = self.highest.max(tid);
        self.waiting += 1;
        let due = if self.hidden || self.waiting >= BATCH {
            now
        } else {
            now + WAIT
        };
        self.due = Some(self.due.map_or(due, |earlier| earlier.min(due)));
    }

    /// Takes the ack to send now, if one is due.
    pub fn poll_ack(&mut self, now: Moment) -> Option<Ack> {
        self.due.filter(|due| *due <= now)?;
        self.due = None;
        self.waiting = 0;
        Some(Ack {
            tid: self.highest,
            cumulative: true,
        })
    }

    /// When [`Self::poll_ack`] returns the next ack.
    pub const fn poll_timeout(&self) -> Option<Moment> {
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
    fn pushes_within_80_ms_share_one_ack() {
        let mut acks = Acks::default();
        acks.handle_push(at(0), Tid(1));
        acks.handle_push(at(50), Tid(2));
        assert_eq!(acks.poll_ack(at(79)), None);
        assert_eq!(acks.poll_timeout(), Some(at(80)));
        assert_eq!(acks.poll_ack(at(80)), Some(ack(2)));
        assert_eq!(acks.poll_timeout(), None);
        assert_eq!(acks.poll_ack(at(1000)), None);
    }

    #[test]
    fn a_full_batch_is_acknowledged_at_once() {
        let mut acks = Acks::default();
        for tid in 1..=16 {
            assert_eq!(acks.poll_ack(at(0)), None);
            acks.handle_push(at(0), Tid(tid));
        }
        assert_eq!(acks.poll_ack(at(0)), Some(ack(16)));
    }

    #[test]
    fn a_push_to_a_hidden_page_is_acknowledged_at_once() {
        let mut acks = Acks::default();
        acks.handle_hidden(at(0), true);
        acks.handle_push(at(10), Tid(1));
        assert_eq!(acks.poll_ack(at(10)), Some(ack(1)));
        acks.handle_reconnect();
        acks.handle_push(at(20), Tid(1));
        assert_eq!(acks.poll_ack(at(20)), Some(ack(1)), "nor after a reconnect");
        acks.handle_hidden(at(30), false);
        acks.handle_push(at(40), Tid(2));
        assert_eq!(acks.poll_timeout(), Some(at(120)));
    }

    #[test]
    fn a_waiting_ack_is_sent_when_the_page_becomes_hidden() {
        let mut acks = Acks::default();
        acks.handle_push(at(0), Tid(1));
        acks.handle_hidden(at(5), true);
        assert_eq!(acks.poll_ack(at(5)), Some(ack(1)));
    }

    #[test]
    fn a_repeated_push_is_acknowledged_again() {
        let mut acks = Acks::default();
        acks.handle_push(at(0), Tid(2));
        acks.poll_ack(at(80));
        acks.handle_push(at(5000), Tid(1));
        assert_eq!(acks.poll_ack(at(5080)), Some(ack(2)));
    }
}
