//! The messages shown to one user.

use crate::seen::Seen;
use crate::stamp::Stamp;
use std::collections::HashMap;

/// The outcome of a push.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Arrival {
    /// Shown to the user.
    Shown {
        /// A later message, by `seq` or by the sender's counter, was shown before.
        late: bool,
    },
    /// A duplicate push, recognized by its `seq` and removed, as the protocol demands.
    Duplicate,
    /// Shown twice: the same message of the sender with another `seq`.
    ShownTwice,
}

/// The conversations of a user by sender: which `seq`s and which messages were shown.
#[derive(Debug, Default)]
pub struct Inbox(HashMap<u32, Shown>);

#[derive(Debug, Default)]
struct Shown {
    seqs: Seen,
    counters: Seen,
}

impl Inbox {
    /// Handles a push.
    pub fn receive(&mut self, stamp: &Stamp, seq: u64) -> Arrival {
        let shown = self.0.entry(stamp.sender).or_default();
        let late = shown.seqs.highest().is_some_and(|highest| seq < highest)
            || shown
                .counters
                .highest()
                .is_some_and(|highest| stamp.counter < highest);
        if !shown.seqs.insert(seq) {
            return Arrival::Duplicate;
        }
        if !shown.counters.insert(stamp.counter) {
            return Arrival::ShownTwice;
        }
        Arrival::Shown { late }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    fn stamp(sender: u32, counter: u64) -> Stamp {
        Stamp {
            run: 1,
            sender,
            counter,
            intended: Duration::ZERO,
        }
    }

    #[test]
    fn a_known_seq_is_a_duplicate_and_a_new_one_is_shown_twice() {
        let mut inbox = Inbox::default();
        let shown = Arrival::Shown { late: false };
        assert_eq!(inbox.receive(&stamp(1, 0), 10), shown);
        assert_eq!(inbox.receive(&stamp(1, 1), 11), shown);
        assert_eq!(inbox.receive(&stamp(1, 0), 10), Arrival::Duplicate);
        assert_eq!(inbox.receive(&stamp(1, 1), 12), Arrival::ShownTwice);
        assert_eq!(inbox.receive(&stamp(2, 0), 1), shown, "another sender");
    }

    #[test]
    fn a_message_after_its_successor_is_late_by_seq_or_count() {
        let mut inbox = Inbox::default();
        inbox.receive(&stamp(1, 1), 2);
        let late = Arrival::Shown { late: true };
        assert_eq!(inbox.receive(&stamp(1, 0), 1), late);
        assert_eq!(
            inbox.receive(&stamp(1, 3), 3),
            Arrival::Shown { late: false }
        );
        assert_eq!(
            inbox.receive(&stamp(1, 2), 4),
            late,
            "stored in another order"
        );
    }
}
