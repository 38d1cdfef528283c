//! Latencies and their percentiles.
//!
//! A sender on a schedule stamps a message with the moment it was due, not with the moment it got
//! round to sending it, and latencies count from there. So a server that stalls for a second is
//! charged with every message that was due in that second, although none was sent: the correction
//! for coordinated omission (G. Tene, "How NOT to Measure Latency").

use hdrhistogram::Histogram;
use serde::Serialize;
use std::time::Duration;

/// The longest latency told apart, in microseconds: ten minutes. Longer ones count as this.
const LONGEST_US: u64 = 600_000_000;

/// A histogram of latencies, in microseconds, to three digits.
#[derive(Debug, Clone)]
pub struct Latency(Histogram<u64>);

/// What is told of it, in milliseconds.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Percentiles {
    /// How many were measured.
    pub count: u64,
    /// Half were at most this.
    pub p50_ms: f64,
    /// 99 of 100 were.
    pub p99_ms: f64,
    /// 999 of 1000 were.
    pub p999_ms: f64,
    /// The longest.
    pub max_ms: f64,
}

impl Default for Latency {
    fn default() -> Self {
        let histogram =
            Histogram::new_with_bounds(1, LONGEST_US, 3).expect("bounds that are valid");
        Self(histogram)
    }
}

impl Latency {
    /// Adds one.
    pub fn record(&mut self, latency: Duration) {
        let us = u64::try_from(latency.as_micros()).unwrap_or(LONGEST_US);
        self.0.saturating_record(us.max(1));
    }

    /// `None`: nothing was measured.
    pub fn percentiles(&self) -> Option<Percentiles> {
        let ms = |us: u64| Duration::from_micros(us).as_secs_f64() * 1000.0;
        (!self.0.is_empty()).then(|| Percentiles {
            count: self.0.len(),
            p50_ms: ms(self.0.value_at_quantile(0.5)),
            p99_ms: ms(self.0.value_at_quantile(0.99)),
            p999_ms: ms(self.0.value_at_quantile(0.999)),
            max_ms: ms(self.0.max()),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_are_those_of_what_was_recorded() {
        let mut latency = Latency::default();
        assert_eq!(latency.percentiles(), None);
        for ms in 1..=1000 {
            latency.record(Duration::from_millis(ms));
        }
        let told = latency.percentiles().expect("measured");
        assert_eq!(told.count, 1000);
        let near = |told: f64, ms: f64| (told - ms).abs() <= ms / 500.0;
        assert!(near(told.p50_ms, 500.0), "{told:?}");
        assert!(near(told.p99_ms, 990.0), "{told:?}");
        assert!(near(told.p999_ms, 999.0), "{told:?}");
        assert!(near(told.max_ms, 1000.0), "{told:?}");
    }

    #[test]
    fn what_is_longer_than_can_be_told_apart_is_not_left_out() {
        let mut latency = Latency::default();
        latency.record(Duration::from_hours(2));
        let told = latency.percentiles().expect("measured");
        assert!(told.max_ms >= 599_000.0, "{told:?}");
    }
}
