//! A bounded buffer of the last items.

use std::collections::VecDeque;

/// The last `N` items pushed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Ring<T, const N: usize> {
    items: VecDeque<T>,
}

impl<T, const N: usize> Default for Ring<T, N> {
    fn default() -> Self {
        Self {
            items: VecDeque::new(),
        }
    }
}

impl<T, const N: usize> Ring<T, N> {
    /// Adds an item; drops the oldest if there are more than `N`.
    pub(super) fn push(&mut self, item: T) {
        if self.items.len() == N {
            self.items.pop_front();
        }
        self.items.push_back(item);
    }

    /// The one pushed last.
    pub(super) fn last_mut(&mut self) -> Option<&mut T> {
        self.items.back_mut()
    }

    /// All items, oldest first.
    pub(super) fn iter(&self) -> impl DoubleEndedIterator<Item = &T> + ExactSizeIterator {
        self.items.iter()
    }
}

#[cfg(test)]
mod tests {
    use super::Ring;

    #[test]
    fn ring_keeps_the_last_items_in_order() {
        let mut ring = Ring::<i32, 3>::default();
        for n in 0..10 {
            ring.push(n);
        }
        assert_eq!(ring.iter().copied().collect::<Vec<_>>(), [7, 8, 9]);
    }
}
