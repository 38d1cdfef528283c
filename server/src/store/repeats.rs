//! Whether messages of a batch are looked for among those stored before.

use std::sync::atomic::{AtomicU32, Ordering};

/// Batches that look for repeats after one that held some.
const WATCHED: u32 = 64;

/// What is done about messages of a batch that earlier ones stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Repeats {
    /// It is hoped that there is none; a batch that may hold one is refused with
    /// [`super::StoreError::Repeated`].
    Unexpected,
    /// They are looked for, which costs as much as half the insertion, and answered as before.
    LookedFor,
}

/// Whether to expect them. They come in numbers, when connections were lost and when a client goes
/// wrong, and a batch that is refused is appended twice.
#[derive(Debug, Default)]
pub(super) struct RepeatWatch(AtomicU32);

impl RepeatWatch {
    /// What the next batch does.
    pub(super) fn next(&self) -> Repeats {
        // Of two at once both may count as one: that is as good.
        let left = self.0.load(Ordering::Relaxed);
        if left == 0 {
            return Repeats::Unexpected;
        }
        self.0.store(left - 1, Ordering::Relaxed);
        Repeats::LookedFor
    }

    /// A batch held some.
    pub(super) fn met(&self) {
        self.0.store(WATCHED, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn repeats_are_looked_for_for_a_while_after_some_were_met() {
        let watch = RepeatWatch::default();
        assert_eq!(watch.next(), Repeats::Unexpected);
        watch.met();
        for _ in 0..WATCHED {
            assert_eq!(watch.next(), Repeats::LookedFor);
        }
        assert_eq!(watch.next(), Repeats::Unexpected);
    }
}
