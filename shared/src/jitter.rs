//! Delays that differ between clients, so that those who were refused or closed together do not come
//! back together.

use std::time::Duration;

/// A delay between `from` and twice `from`, deterministic in `number` and uniform over consecutive
/// numbers (multiplicative hashing: Knuth, The Art of Computer Programming 3, §6.4).
pub fn with_jitter(from: Duration, number: u64) -> Duration {
    from + jitter(from, number)
}

/// A delay from zero up to `whole`, distributed in the same way.
pub fn jitter(whole: Duration, number: u64) -> Duration {
    let hash = number.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 32;
    let micros = (u128::from(hash) * whole.as_micros()) >> 32;
    Duration::from_micros(u64::try_from(micros).unwrap_or(u64::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn jitter_of_consecutive_numbers_is_uniform() {
        let whole = Duration::from_secs(10);
        let mut seconds = [0; 10];
        for number in 4_711..5_711 {
            let delay = jitter(whole, number);
            assert!(delay < whole);
            seconds[usize::try_from(delay.as_secs()).expect("small")] += 1;
        }
        assert!(
            seconds.iter().all(|n| (90..=110).contains(n)),
            "{seconds:?}"
        );
        assert_eq!(jitter(Duration::ZERO, 7), Duration::ZERO);
    }
}
