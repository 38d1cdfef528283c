//! Full-jitter exponential backoff.

use std::time::Duration;

/// The upper bound of the first wait.
const BASE: Duration = Duration::from_millis(500);
/// The upper bound of every wait.
const CAP: Duration = Duration::from_secs(30);

/// How long to wait before the next attempt: a random time between zero and a bound that doubles
/// with each failure from 0.5 s to 30 s ("full jitter", the variant with the least total work in
/// M. Brooker, "Exponential Backoff And Jitter", AWS Architecture Blog, 2015).
#[derive(Debug, Clone)]
pub struct Backoff {
    failures: u32,
    state: u64,
}

impl Backoff {
    /// A backoff that has seen no failure. Different seeds give independent waits.
    pub const fn new(seed: u64) -> Self {
        Self {
            failures: 0,
            state: seed,
        }
    }

    /// The wait after one more failure.
    pub fn next_wait(&mut self) -> Duration {
        let bound = self.bound();
        self.failures = self.failures.saturating_add(1);
        let bound_ms = u64::try_from(bound.as_millis()).unwrap_or(u64::MAX);
        Duration::from_millis(self.random() % (bound_ms + 1))
    }

    /// Resets after a stable connection: the next failure counts as the first.
    pub const fn reset(&mut self) {
        self.failures = 0;
    }

    /// Failures since the last reset.
    pub const fn failures(&self) -> u32 {
        self.failures
    }

    fn bound(&self) -> Duration {
        BASE.saturating_mul(1_u32.checked_shl(self.failures).unwrap_or(u32::MAX))
            .min(CAP)
    }

    /// `SplitMix64` (Steele, Lea, Flood: "Fast splittable pseudorandom number generators", 2014):
    /// for jitter only, not for security.
    const fn random(&mut self) -> u64 {
        self.state = self.state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.state;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_stay_below_a_bound_that_doubles_to_30_s() {
        for seed in 0..200 {
            let mut backoff = Backoff::new(seed);
            for failures in 0..100 {
                let bound = (0.5 * 2_f64.powi(failures)).min(30.0);
                assert!(backoff.next_wait().as_secs_f64() <= bound);
            }
        }
    }

    #[test]
    fn waits_are_spread_over_the_whole_range() {
        let mut tenths = [0_u32; 10];
        for seed in 0..10_000 {
            let mut backoff = Backoff::new(seed);
            for _ in 0..6 {
                backoff.next_wait();
            }
            let wait = backoff.next_wait().as_millis();
            let tenth = usize::try_from(wait * 10 / 30_001).expect("below ten");
            tenths[tenth] += 1;
        }
        assert!(tenths.iter().all(|n| (850..1150).contains(n)), "{tenths:?}");
    }

    #[test]
    fn a_reset_starts_over() {
        let mut backoff = Backoff::new(1);
        for _ in 0..20 {
            backoff.next_wait();
        }
        backoff.reset();
        assert!(backoff.next_wait() <= BASE);
    }
}
