//! Metrics of commits and of cursor writes.

use super::histogram::Histogram;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::registry::Registry;
use std::time::Duration;

/// Counters updated by the committer and the cursor writer.
#[derive(Debug)]
pub struct StoreMetrics {
    commit_messages: Histogram,
    commit_seconds: Histogram,
    /// Failed batches.
    pub commit_failures: Counter,
    /// Cursors written to the store.
    pub positions_flushed: Counter,
}

impl StoreMetrics {
    pub(super) fn new(registry: &mut Registry) -> Self {
        let commit_messages = Histogram::counts();
        registry.register(
            "commit_messages",
            "Messages of a batch that was committed",
            commit_messages.clone(),
        );
        let commit_seconds = Histogram::times();
        registry.register(
            "commit_seconds",
            "Time of a commit, failed ones included",
            commit_seconds.clone(),
        );
        let commit_failures = Counter::default();
        registry.register(
            "commit_failures",
            "Batches that the store did not take",
            commit_failures.clone(),
        );
        let positions_flushed = Counter::default();
        registry.register(
            "positions_flushed",
            "Acknowledged positions that the store took",
            positions_flushed.clone(),
        );
        Self {
            commit_messages,
            commit_seconds,
            commit_failures,
            positions_flushed,
        }
    }

    /// A batch was committed.
    pub fn committed(&self, messages: usize, time: Duration) {
        self.commit_messages.count(messages);
        self.commit_seconds.time(time);
    }

    /// A batch failed.
    pub fn commit_failed(&self, time: Duration) {
        self.commit_seconds.time(time);
        self.commit_failures.inc();
    }
}
