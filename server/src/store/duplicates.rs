//! Decides whether a batch is checked for duplicates.

use std::sync::atomic::{AtomicU32, Ordering};

/// Batches that are checked after one that had duplicates.
const CHECKED_BATCHES: u32 = 64;

/// How a batch treats duplicates of messages stored before.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Duplicates {
    /// None is expected; a batch that has one is refused with [`super::StoreError::Duplicate`].
    Unexpected,
    /// They are looked up, which costs half as much as the insertion, and answered with the stored
    /// message.
    Checked,
}

/// Whether to expect duplicates. They come in bursts, when connections were lost or a client
/// misbehaves, and a refused batch is appended twice.
#[derive(Debug, Default)]
pub(super) struct DuplicateWatch(AtomicU32);

impl DuplicateWatch {
    /// The mode of the next batch.
    pub(super) fn next(&self) -> Duplicates {
        // Two concurrent calls may decrement once; that does no harm.
        let left = self.0.load(Ordering::Relaxed);
        if left == 0 {
            return Duplicates::Unexpected;
        }
        self.0.store(left - 1, Ordering::Relaxed);
        Duplicates::Checked
    }

    /// A batch had duplicates.
    pub(super) fn seen(&self) {
        self.0.store(CHECKED_BATCHES, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn duplicates_are_checked_for_a_while_after_one_was_seen() {
        let watch = DuplicateWatch::default();
        assert_eq!(watch.next(), Duplicates::Unexpected);
        watch.seen();
        for _ in 0..CHECKED_BATCHES {
            assert_eq!(watch.next(), Duplicates::Checked);
        }
        assert_eq!(watch.next(), Duplicates::Unexpected);
    }
}
