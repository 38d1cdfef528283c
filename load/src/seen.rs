//! A set of seen numbers that needs little memory if they mostly arrive in order.

use std::collections::BTreeSet;

/// A set of numbers: one contiguous run, and outliers.
#[derive(Debug, Clone, Default)]
pub struct Seen {
    /// The first and last number of the run, both included.
    run: Option<(u64, u64)>,
    outliers: BTreeSet<u64>,
    highest: Option<u64>,
}

impl Seen {
    /// Adds a number; false if it was in the set.
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
            self.merge_outliers();
            return true;
        }
        if number.checked_add(1) == Some(first) {
            self.run = Some((number, last));
            self.merge_outliers();
            return true;
        }
        self.outliers.insert(number)
    }

    /// The greatest number seen.
    pub const fn highest(&self) -> Option<u64> {
        self.highest
    }

    fn merge_outliers(&mut self) {
        let Some((mut first, mut last)) = self.run else {
            return;
        };
        while !self.outliers.is_empty() {
            if last < u64::MAX && self.outliers.remove(&(last + 1)) {
                last += 1;
            } else if first > 0 && self.outliers.remove(&(first - 1)) {
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
    fn every_number_is_new_once_in_any_order() {
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
        assert!(seen.outliers.is_empty(), "all in one run");
    }

    #[test]
    fn the_smallest_and_largest_numbers_are_stored() {
        let mut seen = Seen::default();
        for number in [0, u64::MAX, 1, u64::MAX - 1] {
            assert!(seen.insert(number));
            assert!(!seen.insert(number));
        }
    }
}
