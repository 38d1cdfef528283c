//! The messages that a user sends, and when.

use crate::stamp::Stamp;
use crate::wire::{self, Recipient};
use std::collections::VecDeque;
use std::time::{Duration, Instant};

/// The most messages of one sender that wait for their answers, whatever the schedule. Later ones
/// are sent when there is capacity, and their latency counts from when they were due.
const WAITING_MAX: usize = 1024;
/// How long after `busy` or `unavailable` a message is sent again, as in the page.
const RESEND_AFTER: Duration = Duration::from_secs(2);

/// The pace of a sender.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pace {
    /// As fast as answers arrive, with a fixed number in flight.
    Flat {
        /// At least 1.
        in_flight: usize,
    },
    /// On a schedule, independent of the answers: an open loop.
    Rate {
        /// From one message to the next.
        period: Duration,
        /// From the start to the first message.
        offset: Duration,
    },
}

#[derive(Debug, Clone, Copy)]
struct Waiting {
    counter: u64,
    intended: Instant,
    resend_at: Option<Instant>,
}

/// The messages of one user.
#[derive(Debug)]
pub struct Sender {
    /// Its number in the run.
    pub index: u32,
    uid: i64,
    /// The recipients, in turn.
    to: Vec<Recipient>,
    size: usize,
    pace: Pace,
    /// The total number of messages.
    limit: Option<u64>,
    next: u64,
    waiting: VecDeque<Waiting>,
    /// Whether any of those is to be sent again; avoids a search through all of them.
    has_resends: bool,
}

/// What a sender sends, for [`Sender::new`].
#[derive(Debug, Clone)]
pub struct Plan {
    /// The recipients, in turn; not empty.
    pub to: Vec<Recipient>,
    /// Bytes of content, at least; the stamp takes some 40.
    pub size: usize,
    /// The pace.
    pub pace: Pace,
    /// The total number of messages; `None`: until the phase ends.
    pub limit: Option<u64>,
}

impl Sender {
    /// A sender that has sent nothing.
    pub fn new(index: u32, uid: i64, plan: Plan) -> Self {
        Self {
            index,
            uid,
            to: plan.to,
            size: plan.size,
            pace: plan.pace,
            limit: plan.limit,
            next: 0,
            waiting: VecDeque::new(),
            has_resends: false,
        }
    }

    /// Takes the counter of the next new message, if one is due.
    pub fn take_due(&mut self, begin: Instant, now: Instant) -> Option<u64> {
        if self.limit.is_some_and(|limit| self.next >= limit) {
            return None;
        }
        let intended = match self.pace {
            Pace::Flat { in_flight } => (self.waiting.len() < in_flight).then_some(now),
            Pace::Rate { .. } => self
                .due_at(begin)
                .filter(|due| *due <= now && self.waiting.len() < WAITING_MAX),
        }?;
        let counter = self.next;
        self.next += 1;
        self.waiting.push_back(Waiting {
            counter,
            intended,
            resend_at: None,
        });
        Some(counter)
    }

    /// When the next message is due, on schedule or to be sent again.
    pub fn deadline(&self, begin: Option<Instant>) -> Option<Instant> {
        let has_capacity = self.waiting.len() < WAITING_MAX;
        let more = self.limit.is_none_or(|limit| self.next < limit);
        let due = begin
            .filter(|_| has_capacity && more)
            .and_then(|begin| self.due_at(begin));
        let resend = if self.has_resends {
            self.waiting
                .iter()
                .filter_map(|waiting| waiting.resend_at)
                .min()
        } else {
            None
        };
        [due, resend].into_iter().flatten().min()
    }

    /// Takes the counter of a message that is due to be sent again.
    pub fn take_resend(&mut self, now: Instant) -> Option<u64> {
        if !self.has_resends {
            return None;
        }
        let due = |waiting: &&mut Waiting| waiting.resend_at.is_some_and(|at| at <= now);
        if let Some(waiting) = self.waiting.iter_mut().find(due) {
            waiting.resend_at = None;
            return Some(waiting.counter);
        }
        self.has_resends = self
            .waiting
            .iter()
            .any(|waiting| waiting.resend_at.is_some());
        None
    }

    /// The frame of a message that waits for its answer.
    pub fn frame(&self, run: u32, start: Instant, counter: u64) -> Option<String> {
        let waiting = self.waiting.iter().rev().find(|w| w.counter == counter)?;
        let stamp = Stamp {
            run,
            sender: self.index,
            counter,
            intended: waiting.intended.saturating_duration_since(start),
        };
        let index = usize::try_from(counter).unwrap_or_default() % self.to.len();
        Some(wire::send(self.uid, self.to[index], &stamp, self.size))
    }

    /// Settles a message that was answered or refused. Returns when it was due, or `None` if it was
    /// settled before.
    pub fn settle(&mut self, counter: u64) -> Option<Instant> {
        let index = self.waiting.iter().position(|w| w.counter == counter)?;
        self.waiting.remove(index).map(|waiting| waiting.intended)
    }

    /// The server refused a message with a transient error: it is sent again after
    /// [`RESEND_AFTER`].
    pub fn retry(&mut self, counter: u64, now: Instant) {
        if let Some(waiting) = self.waiting.iter_mut().find(|w| w.counter == counter) {
            waiting.resend_at = Some(now + RESEND_AFTER);
            self.has_resends = true;
        }
    }

    /// A new connection is bound: all waiting messages are due to be sent again, in order.
    pub fn reconnected(&mut self, now: Instant) {
        for waiting in &mut self.waiting {
            waiting.resend_at = Some(now);
        }
        self.has_resends = true;
    }

    fn due_at(&self, begin: Instant) -> Option<Instant> {
        let Pace::Rate { period, offset } = self.pace else {
            return None;
        };
        let count = u32::try_from(self.next).ok()?;
        Some(begin + offset + period * count)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sender(pace: Pace, limit: Option<u64>) -> Sender {
        let plan = Plan {
            to: vec![Recipient::User(2)],
            size: 0,
            pace,
            limit,
        };
        Sender::new(0, 1, plan)
    }

    const MS: Duration = Duration::from_millis(1);

    #[test]
    fn a_stall_counts_for_every_message_due_in_it() {
        let begin = Instant::now();
        let pace = Pace::Rate {
            period: 10 * MS,
            offset: Duration::ZERO,
        };
        let mut sender = sender(pace, None);
        // Nothing could be sent for a second.
        let late = begin + 1000 * MS;
        let mut latencies = Vec::new();
        while let Some(counter) = sender.take_due(begin, late) {
            let intended = sender.settle(counter).expect("waits");
            latencies.push((late - intended).as_millis());
        }
        let expected: Vec<u128> = (0..=100).map(|n| 1000 - 10 * n).collect();
        assert_eq!(latencies, expected);
        assert_eq!(sender.deadline(Some(begin)), Some(begin + 1010 * MS));
    }

    #[test]
    fn flat_pace_keeps_the_window_full_and_stops_at_the_limit() {
        let now = Instant::now();
        let mut sender = sender(Pace::Flat { in_flight: 2 }, Some(3));
        assert_eq!(sender.take_due(now, now), Some(0));
        assert_eq!(sender.take_due(now, now), Some(1));
        assert_eq!(sender.take_due(now, now), None);
        assert!(sender.settle(0).is_some());
        assert!(sender.settle(0).is_none());
        assert_eq!(sender.take_due(now, now), Some(2));
        sender.settle(1);
        assert_eq!(sender.take_due(now, now), None, "the limit");
    }

    #[test]
    fn a_reconnect_resends_waiting_messages_in_order_with_their_ids() {
        let now = Instant::now();
        let mut sender = sender(Pace::Flat { in_flight: 3 }, None);
        let first: Vec<_> = (0..3)
            .map(|_| {
                let counter = sender.take_due(now, now).expect("due");
                sender.frame(9, now, counter)
            })
            .collect();
        assert_eq!(sender.take_resend(now), None);
        sender.reconnected(now);
        let resent: Vec<_> = std::iter::from_fn(|| {
            let counter = sender.take_resend(now)?;
            Some(sender.frame(9, now, counter))
        })
        .collect();
        assert_eq!(resent, first);
    }

    #[test]
    fn a_message_refused_as_busy_is_resent_after_a_delay() {
        let now = Instant::now();
        let mut sender = sender(Pace::Flat { in_flight: 1 }, None);
        sender.take_due(now, now);
        sender.retry(0, now);
        assert_eq!(sender.take_resend(now), None);
        assert_eq!(sender.deadline(None), Some(now + RESEND_AFTER));
        assert_eq!(sender.take_resend(now + RESEND_AFTER), Some(0));
        assert_eq!(sender.take_resend(now + RESEND_AFTER), None);
    }
}
