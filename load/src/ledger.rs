//! The messages of a sender, compared with the pushes that its recipients got.

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

/// The messages of one sender. Those that are answered and pushed to all recipients are settled and
/// removed.
#[derive(Debug)]
pub struct Ledger {
    /// The number of recipients of each message.
    recipients: u32,
    /// The counter of the first entry.
    first: u64,
    entries: VecDeque<Entry>,
    /// From the answer to the last recipient's push, for every settled message, if recorded.
    fanout_times: Option<Vec<Duration>>,
}

/// The messages and pushes that are not settled.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Outstanding {
    /// Pushes of answered messages that have not arrived.
    pub missing: u64,
    /// Messages neither answered nor refused.
    pub unanswered: u64,
}

impl Ledger {
    /// An empty ledger for messages with this many recipients each.
    pub const fn new(recipients: u32) -> Self {
        Self {
            recipients,
            first: 0,
            entries: VecDeque::new(),
            fanout_times: None,
        }
    }

    /// The same, which also records the time from each message's answer to its last push.
    pub fn with_fanout_times(recipients: u32) -> Self {
        let mut ledger = Self::new(recipients);
        ledger.fanout_times = Some(Vec::new());
        ledger
    }

    /// The message was sent; counters are consecutive.
    pub fn sent(&mut self, counter: u64) {
        debug_assert_eq!(counter, self.first + self.entries.len() as u64);
        self.entries.push_back(Entry::default());
    }

    /// The message was answered; false if it was answered before.
    pub fn answered(&mut self, counter: u64, now: Instant) -> bool {
        let Some(entry) = self.entry(counter) else {
            return false;
        };
        let first = entry.answered.is_none();
        entry.answered.get_or_insert(now);
        self.settle();
        first
    }

    /// The message was refused with a final error.
    pub fn refused(&mut self, counter: u64) {
        if let Some(entry) = self.entry(counter) {
            entry.refused = true;
        }
        self.settle();
    }

    /// One more recipient got its first push of the message.
    pub fn received(&mut self, counter: u64, now: Instant) {
        if let Some(entry) = self.entry(counter) {
            entry.receipts += 1;
            entry.last_receipt = Some(now);
        }
        self.settle();
    }

    /// What is not settled yet.
    pub fn outstanding(&self) -> Outstanding {
        let mut outstanding = Outstanding::default();
        for entry in &self.entries {
            if entry.answered.is_some() {
                outstanding.missing += u64::from(self.recipients.saturating_sub(entry.receipts));
            } else if !entry.refused {
                outstanding.unanswered += 1;
            }
        }
        outstanding
    }

    /// See [`Self::with_fanout_times`]; in the order of the messages.
    pub fn fanout_times(&self) -> &[Duration] {
        self.fanout_times.as_deref().unwrap_or_default()
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
                    let time = last.map_or(Duration::ZERO, |last| {
                        last.saturating_duration_since(answered)
                    });
                    if let Some(times) = &mut self.fanout_times {
                        times.push(time);
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
    fn only_an_answered_message_without_a_push_is_missing() {
        let now = Instant::now();
        let mut ledger = Ledger::new(1);
        for counter in 0..4 {
            ledger.sent(counter);
        }
        ledger.answered(0, now);
        ledger.answered(1, now);
        ledger.received(1, now);
        // Pushed, but the answer was lost with the connection.
        ledger.received(2, now);
        let outstanding = Outstanding {
            missing: 1,
            unanswered: 2,
        };
        assert_eq!(ledger.outstanding(), outstanding);
        assert!(ledger.answered(2, now));
        assert!(!ledger.answered(2, now), "the answer to the repeated send");
        ledger.refused(3);
        ledger.received(0, now);
        assert_eq!(ledger.outstanding(), Outstanding::default());
        assert!(ledger.entries.is_empty(), "settled messages take no memory");
    }

    #[test]
    fn a_group_message_has_reached_all_with_the_last_push() {
        let now = Instant::now();
        let mut ledger = Ledger::with_fanout_times(3);
        ledger.sent(0);
        ledger.received(0, now);
        ledger.answered(0, now + Duration::from_millis(10));
        ledger.received(0, now + Duration::from_millis(20));
        assert_eq!(ledger.outstanding().missing, 1);
        ledger.received(0, now + Duration::from_millis(50));
        assert_eq!(ledger.fanout_times(), [Duration::from_millis(40)]);
        assert_eq!(ledger.outstanding(), Outstanding::default());
    }
}
