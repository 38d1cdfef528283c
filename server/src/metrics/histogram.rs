//! A lock-free histogram: the library's takes a mutex per observation.

use prometheus_client::encoding::{EncodeMetric, MetricEncoder, NoLabelSet};
use prometheus_client::metrics::MetricType;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// Bounds for times, in microseconds: 0.1 ms to 10 s.
const TIMES: &[u64] = &[
    100, 250, 500, 1_000, 2_000, 3_000, 5_000, 7_500, 10_000, 15_000, 20_000, 30_000, 50_000,
    100_000, 250_000, 500_000, 1_000_000, 2_500_000, 5_000_000, 10_000_000,
];
/// Bounds for counts of up to some thousands.
const COUNTS: &[u64] = &[
    1, 2, 4, 8, 16, 24, 32, 48, 64, 128, 256, 512, 1024, 4096, 16_384, 65_536,
];

#[derive(Debug)]
struct Inner {
    bounds: &'static [u64],
    /// Units of a bound per unit in the text: a million microseconds per second.
    units: f64,
    /// One per bound, and a last one for values above all bounds.
    buckets: Box<[AtomicU64]>,
    sum: AtomicU64,
}

/// A distribution of values; cheap to clone. An observation is two atomic additions.
#[derive(Debug, Clone)]
pub struct Histogram(Arc<Inner>);

impl Histogram {
    /// A histogram of times, shown in seconds, from 0.1 ms to 10 s.
    pub fn times() -> Self {
        Self::new(TIMES, 1e6)
    }

    /// A histogram of counts, from 1 to 65,536.
    pub fn counts() -> Self {
        Self::new(COUNTS, 1.0)
    }

    fn new(bounds: &'static [u64], units: f64) -> Self {
        Self(Arc::new(Inner {
            bounds,
            units,
            buckets: (0..=bounds.len()).map(|_| AtomicU64::new(0)).collect(),
            sum: AtomicU64::new(0),
        }))
    }

    /// Observes a time.
    pub fn time(&self, time: Duration) {
        self.add(u64::try_from(time.as_micros()).unwrap_or(u64::MAX));
    }

    /// Observes a count.
    pub fn count(&self, count: usize) {
        self.add(u64::try_from(count).unwrap_or(u64::MAX));
    }

    fn add(&self, value: u64) {
        let index = self.0.bounds.partition_point(|bound| *bound < value);
        self.0.buckets[index].fetch_add(1, Ordering::Relaxed);
        self.0.sum.fetch_add(value, Ordering::Relaxed);
    }
}

impl Default for Histogram {
    fn default() -> Self {
        Self::times()
    }
}

impl EncodeMetric for Histogram {
    fn encode(&self, mut encoder: MetricEncoder<'_>) -> Result<(), std::fmt::Error> {
        let inner = &self.0;
        #[expect(clippy::cast_precision_loss, reason = "a figure for people")]
        let shown = |value: u64| value as f64 / inner.units;
        let bounds = inner.bounds.iter().map(|bound| shown(*bound));
        let counts = inner.buckets.iter().map(|b| b.load(Ordering::Relaxed));
        let buckets: Vec<_> = bounds
            .chain(std::iter::once(f64::INFINITY))
            .zip(counts)
            .collect();
        let count = buckets.iter().map(|(_, count)| count).sum();
        let sum = shown(inner.sum.load(Ordering::Relaxed));
        encoder.encode_histogram::<NoLabelSet>(sum, count, &buckets, None)
    }

    fn metric_type(&self) -> MetricType {
        MetricType::Histogram
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use prometheus_client::registry::Registry;

    #[test]
    fn value_is_counted_in_its_bucket_and_those_above() {
        let histogram = Histogram::times();
        for micros in [100, 101, 60_000_000] {
            histogram.time(Duration::from_micros(micros));
        }
        let mut registry = Registry::default();
        registry.register("t", "t", histogram);
        let mut text = String::new();
        prometheus_client::encoding::text::encode(&mut text, &registry).expect("encodes");
        for line in [
            "t_bucket{le=\"0.0001\"} 1",
            "t_bucket{le=\"0.00025\"} 2",
            "t_bucket{le=\"10.0\"} 2",
            "t_bucket{le=\"+Inf\"} 3",
            "t_count 3",
        ] {
            assert!(text.lines().any(|l| l == line), "no {line:?} in\n{text}");
        }
    }
}
