//! Latencies and their percentiles.
//!
//! A sender on a schedule stamps a message with the time it was due, not with the time it was sent,
//! and latencies count from there. So a server that stalls for a second adds the latency of every
//! message that was due in that second, although none was sent: the correction for coordinated
//! omission (G. Tene, "How NOT to Measure Latency").

use hdrhistogram::Histogram;
use serde::Serialize;
use std::time::Duration;

/// The upper bound of the histogram, in microseconds: ten minutes. Longer latencies count as this.
const LONGEST_US: u64 = 600_000_000;

/// A histogram of latencies in microseconds, with three significant digits.
#[derive(Debug, Clone)]
pub struct Latency(Histogram<u64>);

/// The percentiles of a histogram, in milliseconds.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Percentiles {
    /// The number of latencies.
    pub count: u64,
    /// The median.
    pub p50_ms: f64,
    /// The 99th percentile.
    pub p99_ms: f64,
    /// The 99.9th percentile.
    pub p999_ms: f64,
    /// The maximum.
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
    /// Adds a latency.
    pub fn record(&mut self, latency: Duration) {
        let us = u64::try_from(latency.as_micros()).unwrap_or(LONGEST_US);
        self.0.saturating_record(us.max(1));
    }

    /// The percentiles; `None`: nothing was recorded.
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
    fn percentiles_match_the_recorded_values() {
        let mut latency = Latency::default();
        assert_eq!(latency.percentiles(), None);
        for ms in 1..=1000 {
            latency.record(Duration::from_millis(ms));
        }
        let percentiles = latency.percentiles().expect("measured");
        assert_eq!(percentiles.count, 1000);
        let near = |percentiles: f64, ms: f64| (percentiles - ms).abs() <= ms / 500.0;
        assert!(near(percentiles.p50_ms, 500.0), "{percentiles:?}");
        assert!(near(percentiles.p99_ms, 990.0), "{percentiles:?}");
        assert!(near(percentiles.p999_ms, 999.0), "{percentiles:?}");
        assert!(near(percentiles.max_ms, 1000.0), "{percentiles:?}");
    }

    #[test]
    fn latencies_beyond_the_histogram_are_counted_at_its_end() {
        let mut latency = Latency::default();
        latency.record(Duration::from_hours(2));
        let percentiles = latency.percentiles().expect("measured");
        assert!(percentiles.max_ms >= 599_000.0, "{percentiles:?}");
    }
}
