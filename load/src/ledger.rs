//! What a sender sent, held against what its recipients saw.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

/// One message.
#[derive(Debug, Default)]
struct Entry {
    answered: Option<Instant>,
    refused: bool,
    receipts: u32,
    last_receipt: Option<Instant>,
}

/// The messages of one sender. Those that are answered and seen by everybody are settled and take
/// no memory any more.
#[derive(Debug)]
pub struct Book {
    /// How many recipients each message has.
    recipients: u32,
    /// The counter of the first entry.
    first: u64,
    entries: VecDeque<Entry>,
    /// From the answer to the last recipient's push, of every settled message, if kept.
    reached: Option<Vec<Duration>>,
}

/// What is not settled.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Open {
    /// Pushes of answered messages that did not come.
    pub missing: u64,
    /// Messages neither answered nor refused.
    pub unanswered: u64,
}

impl Book {
    /// An empty book of messages with so many recipients each.
    pub const fn new(recipients: u32) -> Self {
        Self {
            recipients,
            first: 0,
            entries: VecDeque::new(),
            reached: None,
        }
    }

    /// The same, which keeps how long after its answer each message had reached everybody.
    pub fn with_reach(recipients: u32) -> Self {
        let mut book = Self::new(recipients);
        book.reached = Some(Vec::new());
        book
    }

    /// The message was sent; counters come in order.
    pub fn sent(&mut self, counter: u64) {
        debug_assert_eq!(counter, self.first + self.entries.len() as u64);
        self.entries.push_back(Entry::default());
    }

    /// The message was answered; false if it was before.
    pub fn answered(&mut self, counter: u64, now: Instant) -> bool {
        let Some(entry) = self.entry(counter) else {
            return false;
        };
        let first = entry.answered.is_none();
        entry.answered.get_or_insert(now);
        self.settle();
        first
    }

    /// The message was refused for good.
    pub fn refused(&mut self, counter: u64) {
        if let Some(entry) = self.entry(counter) {
            entry.refused = true;
        }
        self.settle();
    }

    /// One more recipient saw the message for the first time.
    pub fn received(&mut self, counter: u64, now: Instant) {
        if let Some(entry) = self.entry(counter) {
            entry.receipts += 1;
            entry.last_receipt = Some(now);
        }
        self.settle();
    }

    /// What is not settled now.
    pub fn open(&self) -> Open {
        let mut open = Open::default();
        for entry in &self.entries {
            if entry.answered.is_some() {
                open.missing += u64::from(self.recipients.saturating_sub(entry.receipts));
            } else if !entry.refused {
                open.unanswered += 1;
            }
        }
        open
    }

    /// See [`Self::with_reach`]; in the order of the messages.
    pub fn reached(&self) -> &[Duration] {
        self.reached.as_deref().unwrap_or_default()
    }

    fn entry(&mut self, counter: u64) -> Option<&mut Entry> {
        let index = counter.checked_sub(self.first)?;
        self.entries.get_mut(usize::try_from(index).ok()?)
    }

    fn settle(&mut self) {
        while let Some(entry) = self.entries.front() {
            let seen = entry.receipts >= self.recipients;
            match (entry.answered, entry.last_receipt) {
                (Some(answered), last) if seen => {
                    let took = last.map_or(Duration::ZERO, |last| {
                        last.saturating_duration_since(answered)
                    });
                    if let Some(reached) = &mut self.reached {
                        reached.push(took);
                    }
                }
                _ if entry.refused => {}
                _ => return,
            }
            self.entries.pop_front();
            self.first += 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_an_answered_message_that_did_not_come_is_missing() {
        let now = Instant::now();
        let mut book = Book::new(1);
        for counter in 0..4 {
            book.sent(counter);
        }
        book.answered(0, now);
        book.answered(1, now);
        book.received(1, now);
        // Pushed, but the answer was lost with the connection.
        book.received(2, now);
        let open = Open {
            missing: 1,
            unanswered: 2,
        };
        assert_eq!(book.open(), open);
        assert!(book.answered(2, now));
        assert!(!book.answered(2, now), "the answer to the repeated send");
        book.refused(3);
        book.received(0, now);
        assert_eq!(book.open(), Open::default());
        assert!(book.entries.is_empty(), "settled messages take no memory");
    }

    #[test]
    fn a_message_to_many_has_reached_them_with_the_last_push() {
        let now = Instant::now();
        let mut book = Book::with_reach(3);
        book.sent(0);
        book.received(0, now);
        book.answered(0, now + Duration::from_millis(10));
        book.received(0, now + Duration::from_millis(20));
        assert_eq!(book.open().missing, 1);
        book.received(0, now + Duration::from_millis(50));
        assert_eq!(book.reached(), [Duration::from_millis(40)]);
        assert_eq!(book.open(), Open::default());
    }
}
