//! The last few of something.

use std::collections::VecDeque;

/// The last `N` things pushed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Ring<T, const N: usize> {
    kept: VecDeque<T>,
}

impl<T, const N: usize> Default for Ring<T, N> {
    fn default() -> Self {
        Self {
            kept: VecDeque::new(),
        }
    }
}

impl<T, const N: usize> Ring<T, N> {
    /// Adds one; the oldest goes when there are too many.
    pub(super) fn push(&mut self, item: T) {
        if self.kept.len() == N {
            self.kept.pop_front();
        }
        self.kept.push_back(item);
    }

    /// The one pushed last.
    pub(super) fn last_mut(&mut self) -> Option<&mut T> {
        self.kept.back_mut()
    }

    /// All kept, oldest first.
    pub(super) fn iter(&self) -> impl DoubleEndedIterator<Item = &T> + ExactSizeIterator {
        self.kept.iter()
    }
}

#[cfg(test)]
mod tests {
    use super::Ring;

    #[test]
    fn a_ring_keeps_the_last_ones_in_their_order() {
        let mut ring = Ring::<i32, 3>::default();
        for n in 0..10 {
            ring.push(n);
        }
        assert_eq!(ring.iter().copied().collect::<Vec<_>>(), [7, 8, 9]);
    }
}
