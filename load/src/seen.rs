//! Which numbers were seen, in little memory as long as they mostly come in order.

use std::collections::BTreeSet;

/// A set of numbers: one run without a hole, and what lies apart from it.
#[derive(Debug, Clone, Default)]
pub struct Seen {
    /// First and last, both included.
    run: Option<(u64, u64)>,
    apart: BTreeSet<u64>,
    highest: Option<u64>,
}

impl Seen {
    /// Adds a number; false if it was there.
    pub fn insert(&mut self, number: u64) -> bool {
        self.highest = self.highest.max(Some(number));
        let Some((first, last)) = self.run else {
            self.run = Some((number, number));
            return true;
        };
        if (first..=last).contains(&number) {
            return false;
        }
        if number.checked_sub(1) == Some(last) {
            self.run = Some((first, number));
            self.absorb();
            return true;
        }
        if number.checked_add(1) == Some(first) {
            self.run = Some((number, last));
            self.absorb();
            return true;
        }
        self.apart.insert(number)
    }

    /// The greatest number seen.
    pub const fn highest(&self) -> Option<u64> {
        self.highest
    }

    fn absorb(&mut self) {
        let Some((mut first, mut last)) = self.run else {
            return;
        };
        while !self.apart.is_empty() {
            if last < u64::MAX && self.apart.remove(&(last + 1)) {
                last += 1;
            } else if first > 0 && self.apart.remove(&(first - 1)) {
                first -= 1;
            } else {
                break;
            }
        }
        self.run = Some((first, last));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_number_is_new_once_in_whatever_order_they_come() {
        // A permutation of 0..997, for 997 is prime.
        let numbers = (0..997_u64).map(|n| n * 131 % 997);
        let mut seen = Seen::default();
        for number in numbers.clone() {
            assert!(seen.insert(number), "{number}");
        }
        for number in numbers {
            assert!(!seen.insert(number), "{number}");
        }
        assert_eq!(seen.highest(), Some(996));
        assert!(seen.apart.is_empty(), "all in one run");
    }

    #[test]
    fn the_edges_of_the_numbers_are_no_edges_of_the_set() {
        let mut seen = Seen::default();
        for number in [0, u64::MAX, 1, u64::MAX - 1] {
            assert!(seen.insert(number));
            assert!(!seen.insert(number));
        }
    }
}
