//! What a user sends, and when.

use crate::stamp::Stamp;
use crate::wire::{self, Recipient};
use std::collections::VecDeque;
use std::time::{Duration, Instant};

/// Messages of one sender that may wait for their answers, whatever the schedule says. Later ones
/// are sent when there is room and count from when they were due.
const WAITING_MAX: usize = 1024;
/// How long after `busy` or `unavailable` a message is sent again, as the protocol's own client
/// does it.
const AGAIN: Duration = Duration::from_secs(2);

/// How fast.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pace {
    /// As fast as answers come, with so many under way.
    Flat {
        /// At least 1.
        in_flight: usize,
    },
    /// On a schedule, whatever the answers do: an open loop.
    Rate {
        /// From one message to the next.
        period: Duration,
        /// From the beginning to the first.
        offset: Duration,
    },
}

#[derive(Debug, Clone, Copy)]
struct Waiting {
    counter: u64,
    intended: Instant,
    again: Option<Instant>,
}

/// The messages of one user.
#[derive(Debug)]
pub struct Sender {
    /// Its number in the run.
    pub index: u32,
    uid: i64,
    /// In turn.
    to: Vec<Recipient>,
    size: usize,
    pace: Pace,
    /// Messages in all.
    limit: Option<u64>,
    next: u64,
    waiting: VecDeque<Waiting>,
    /// Whether any of those is to be sent again; spares looking at all of them.
    repeating: bool,
}

/// What a sender sends, for [`Sender::new`].
#[derive(Debug, Clone)]
pub struct Plan {
    /// To whom, in turn; not empty.
    pub to: Vec<Recipient>,
    /// Bytes of content, at least; the stamp takes some 40.
    pub size: usize,
    /// How fast.
    pub pace: Pace,
    /// Messages in all; `None`: until the phase is over.
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
            repeating: false,
        }
    }

    /// The counter of the next new message, if one is due.
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
            again: None,
        });
        Some(counter)
    }

    /// When to look again, for a message on schedule or one to be sent again.
    pub fn wake(&self, begin: Option<Instant>) -> Option<Instant> {
        let room = self.waiting.len() < WAITING_MAX;
        let more = self.limit.is_none_or(|limit| self.next < limit);
        let due = begin
            .filter(|_| room && more)
            .and_then(|begin| self.due_at(begin));
        let again = if self.repeating {
            self.waiting
                .iter()
                .filter_map(|waiting| waiting.again)
                .min()
        } else {
            None
        };
        [due, again].into_iter().flatten().min()
    }

    /// The counter of a message whose time to be sent again has come.
    pub fn take_again(&mut self, now: Instant) -> Option<u64> {
        if !self.repeating {
            return None;
        }
        let due = |waiting: &&mut Waiting| waiting.again.is_some_and(|again| again <= now);
        if let Some(waiting) = self.waiting.iter_mut().find(due) {
            waiting.again = None;
            return Some(waiting.counter);
        }
        self.repeating = self.waiting.iter().any(|waiting| waiting.again.is_some());
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
        let turn = usize::try_from(counter).unwrap_or_default() % self.to.len();
        Some(wire::send(self.uid, self.to[turn], &stamp, self.size))
    }

    /// A message was answered or refused: when it was due, or `None` if that is known already.
    pub fn settle(&mut self, counter: u64) -> Option<Instant> {
        let index = self.waiting.iter().position(|w| w.counter == counter)?;
        self.waiting.remove(index).map(|waiting| waiting.intended)
    }

    /// The server could not take it now: again in a while.
    pub fn retry(&mut self, counter: u64, now: Instant) {
        if let Some(waiting) = self.waiting.iter_mut().find(|w| w.counter == counter) {
            waiting.again = Some(now + AGAIN);
            self.repeating = true;
        }
    }

    /// The connection is new: everything that waits is to be sent again, in order.
    pub fn reconnected(&mut self, now: Instant) {
        for waiting in &mut self.waiting {
            waiting.again = Some(now);
        }
        self.repeating = true;
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
    fn a_stall_is_charged_with_every_message_that_was_due_in_it() {
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
        assert_eq!(sender.wake(Some(begin)), Some(begin + 1010 * MS));
    }

    #[test]
    fn flat_out_keeps_so_many_under_way_and_stops_at_the_limit() {
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
    fn after_a_reconnect_all_that_waits_is_sent_again_in_order_with_its_id() {
        let now = Instant::now();
        let mut sender = sender(Pace::Flat { in_flight: 3 }, None);
        let first: Vec<_> = (0..3)
            .map(|_| {
                let counter = sender.take_due(now, now).expect("due");
                sender.frame(9, now, counter)
            })
            .collect();
        assert_eq!(sender.take_again(now), None);
        sender.reconnected(now);
        let again: Vec<_> = std::iter::from_fn(|| {
            let counter = sender.take_again(now)?;
            Some(sender.frame(9, now, counter))
        })
        .collect();
        assert_eq!(again, first);
    }

    #[test]
    fn what_the_server_was_too_busy_for_is_sent_again_after_a_while() {
        let now = Instant::now();
        let mut sender = sender(Pace::Flat { in_flight: 1 }, None);
        sender.take_due(now, now);
        sender.retry(0, now);
        assert_eq!(sender.take_again(now), None);
        assert_eq!(sender.wake(None), Some(now + AGAIN));
        assert_eq!(sender.take_again(now + AGAIN), Some(0));
        assert_eq!(sender.take_again(now + AGAIN), None);
    }
}
