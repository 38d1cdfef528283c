//! Counters of the bus, for the metrics.

use crate::metrics::{BusFigures, Histogram};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

/// Counters since the start of the process.
#[derive(Debug, Default)]
pub struct BusStats {
    /// Whether connected.
    pub connected: AtomicBool,
    /// Publications that Redis accepted.
    pub published: AtomicU64,
    /// Publications dropped, each covered by a resync.
    pub dropped: AtomicU64,
    /// Events of other nodes that arrived.
    pub received: AtomicU64,
    /// Payloads that could not be read.
    pub unreadable: AtomicU64,
    /// Resyncs of this node's connections.
    pub resyncs: AtomicU64,
    /// Connections lost or failed.
    pub losses: AtomicU64,
    /// Latency of other nodes' events, by the clocks of the two nodes.
    pub lag: Histogram,
}

impl BusStats {
    /// Counts one.
    pub(super) fn count(counter: &AtomicU64) {
        counter.fetch_add(1, Ordering::Relaxed);
    }

    /// Counts many.
    pub(super) fn add(counter: &AtomicU64, n: usize) {
        counter.fetch_add(u64::try_from(n).unwrap_or(u64::MAX), Ordering::Relaxed);
    }

    /// For the metrics.
    pub(super) fn figures(&self) -> BusFigures {
        let total = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        BusFigures {
            connected: self.is_connected(),
            published: total(&self.published),
            dropped: total(&self.dropped),
            received: total(&self.received),
            unreadable: total(&self.unreadable),
            resyncs: total(&self.resyncs),
            losses: total(&self.losses),
        }
    }

    /// Whether connected.
    pub fn is_connected(&self) -> bool {
        self.connected.load(Ordering::Acquire)
    }
}
