//! What one user is shown.

use crate::seen::Seen;
use crate::stamp::Stamp;
use std::collections::HashMap;

/// What became of a push.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Arrival {
    /// Shown. `late`: what comes after it, by `seq` or by the sender's count, was shown before.
    Shown {
        /// See above.
        late: bool,
    },
    /// A repeat, known by its `seq` and removed, as the protocol has it.
    Repeat,
    /// Shown twice: the same message of the sender under another `seq`.
    Twice,
}

/// The conversations of a user by sender: which places and which messages were shown.
#[derive(Debug, Default)]
pub struct Inbox(HashMap<u32, Shown>);

#[derive(Debug, Default)]
struct Shown {
    seqs: Seen,
    counters: Seen,
}

impl Inbox {
    /// A push came.
    pub fn arrive(&mut self, stamp: &Stamp, seq: u64) -> Arrival {
        let shown = self.0.entry(stamp.sender).or_default();
        let late = shown.seqs.highest().is_some_and(|highest| seq < highest)
            || shown
                .counters
                .highest()
                .is_some_and(|highest| stamp.counter < highest);
        if !shown.seqs.insert(seq) {
            return Arrival::Repeat;
        }
        if !shown.counters.insert(stamp.counter) {
            return Arrival::Twice;
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
    fn a_repeat_has_a_seq_that_was_seen_and_a_double_has_a_new_one() {
        let mut inbox = Inbox::default();
        let shown = Arrival::Shown { late: false };
        assert_eq!(inbox.arrive(&stamp(1, 0), 10), shown);
        assert_eq!(inbox.arrive(&stamp(1, 1), 11), shown);
        assert_eq!(inbox.arrive(&stamp(1, 0), 10), Arrival::Repeat);
        assert_eq!(inbox.arrive(&stamp(1, 1), 12), Arrival::Twice);
        assert_eq!(inbox.arrive(&stamp(2, 0), 1), shown, "another sender");
    }

    #[test]
    fn what_comes_after_its_successor_is_late_by_seq_or_by_count() {
        let mut inbox = Inbox::default();
        inbox.arrive(&stamp(1, 1), 2);
        let late = Arrival::Shown { late: true };
        assert_eq!(inbox.arrive(&stamp(1, 0), 1), late);
        assert_eq!(
            inbox.arrive(&stamp(1, 3), 3),
            Arrival::Shown { late: false }
        );
        assert_eq!(
            inbox.arrive(&stamp(1, 2), 4),
            late,
            "stored in another order"
        );
    }
}
