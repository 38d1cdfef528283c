//! Metrics for operators: counters, gauges and histograms in Prometheus text format.
//!
//! Metrics influence nothing. On the path of a frame a metric is one atomic addition to a counter
//! that was looked up at the start of the node: no lock, no allocation, no label. What is known
//! elsewhere (queues, pools, the process) is sampled on request.

mod bus;
mod gateway;
mod histogram;
mod process;
mod samples;
mod store;
mod table;

pub use bus::BusFigures;
pub use gateway::{GatewayMetrics, Open};
pub use histogram::Histogram;
pub use samples::{PoolUse, Samples};
pub use store::StoreMetrics;

use crate::audit::AuditCounters;
use prometheus_client::registry::Registry;

/// The metrics of a node.
#[derive(Debug)]
pub struct Metrics {
    registry: Registry,
    /// Connections and their frames.
    pub gateway: GatewayMetrics,
    /// Commits and cursor writes.
    pub store: StoreMetrics,
    /// Audited events.
    pub(crate) audit: AuditCounters,
    /// Metrics sampled on request.
    pub samples: Samples,
}

impl Metrics {
    /// Metrics that are all zero, of a process that started at `started_ms` (since 1970), with the
    /// bus's latency histogram.
    pub fn new(started_ms: i64, bus_lag: Histogram) -> Self {
        let mut registry = Registry::default();
        registry.register_collector(Box::new(process::Process::new(started_ms)));
        let ours = registry.sub_registry_with_prefix("tidings");
        let gateway = GatewayMetrics::new(ours);
        let store = StoreMetrics::new(ours);
        let audit = AuditCounters::new(ours);
        let samples = Samples::new(ours, bus_lag);
        Self {
            registry,
            gateway,
            store,
            audit,
            samples,
        }
    }

    /// All metrics as `OpenMetrics` text for Prometheus. Reads `/proc`, so not for a thread that
    /// serves connections.
    ///
    /// # Errors
    /// When a metric cannot be encoded, which is a bug.
    pub fn text(&self) -> Result<String, std::fmt::Error> {
        let mut text = String::new();
        prometheus_client::encoding::text::encode(&mut text, &self.registry)?;
        Ok(text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;
    use tidings_shared::ErrorCode;
    use tidings_shared::close::CloseCode;

    #[test]
    fn counted_values_appear_in_the_text() {
        let metrics = Metrics::new(1_700_000_000_000, Histogram::times());
        metrics.gateway.frame_in(3);
        metrics.gateway.frame_in(77);
        metrics.gateway.frame_out(4);
        metrics.gateway.error(ErrorCode::TooLong);
        metrics.gateway.closed(Some(CloseCode::Idle));
        metrics.gateway.closed(None);
        metrics.gateway.bound(Ok(()), Duration::from_millis(3));
        metrics
            .gateway
            .bound(Err(ErrorCode::Busy), Duration::from_secs(1));
        metrics.store.committed(7, Duration::from_millis(1));
        let text = metrics.text().expect("encodes");
        for line in [
            "tidings_frames_in_total{type=\"3\"} 1",
            "tidings_frames_in_total{type=\"other\"} 1",
            "tidings_frames_out_total{type=\"4\"} 1",
            "tidings_errors_total{code=\"too_long\"} 1",
            "tidings_errors_total{code=\"busy\"} 0",
            "tidings_closes_total{code=\"4000\"} 1",
            "tidings_closes_total{code=\"gone\"} 1",
            "tidings_binds_total{outcome=\"ok\"} 1",
            "tidings_binds_total{outcome=\"busy\"} 1",
            "tidings_bind_seconds_count 2",
            "tidings_commit_messages_sum 7.0",
            "process_start_time_seconds 1700000000.0",
        ] {
            assert!(text.lines().any(|l| l == line), "no {line:?} in\n{text}");
        }
        assert!(text.contains("process_resident_memory_bytes "));
    }

    #[test]
    fn connection_moves_from_unbound_to_bound_gauge() {
        let metrics = std::sync::Arc::new(Metrics::new(0, Histogram::times()));
        let gauges = || (metrics.gateway.unbound.get(), metrics.gateway.bound.get());
        let mut open = Open::new(std::sync::Arc::clone(&metrics));
        assert_eq!(gauges(), (1, 0));
        open.bound();
        assert_eq!(gauges(), (0, 1));
        drop(open);
        assert_eq!(gauges(), (0, 0));
    }
}
