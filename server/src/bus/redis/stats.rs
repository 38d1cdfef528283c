//! What the bus did, for the metrics.

use crate::metrics::{BusFigures, Histogram};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

/// Counts since the start of the process; read while they move.
#[derive(Debug, Default)]
pub struct BusStats {
    /// Whether events flow.
    pub connected: AtomicBool,
    /// Publications that Redis took.
    pub published: AtomicU64,
    /// Publications that it could not take, each covered by a gap.
    pub dropped: AtomicU64,
    /// Events of other nodes that arrived.
    pub received: AtomicU64,
    /// Payloads that could not be read.
    pub unreadable: AtomicU64,
    /// Gaps that this node's connections were given.
    pub gaps: AtomicU64,
    /// Times that the connection was lost or could not be made.
    pub losses: AtomicU64,
    /// From publishing to arrival of another node's events, by two nodes' clocks.
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
            gaps: total(&self.gaps),
            losses: total(&self.losses),
        }
    }

    /// Whether events flow.
    pub fn is_connected(&self) -> bool {
        self.connected.load(Ordering::Acquire)
    }
}
