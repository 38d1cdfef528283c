//! Figures of commits and of acknowledgements on their way to the store.

use super::histogram::Histogram;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::registry::Registry;
use std::time::Duration;

/// The counters that the committer and the positions move.
#[derive(Debug)]
pub struct StoreMetrics {
    commit_messages: Histogram,
    commit_seconds: Histogram,
    /// Batches that the store did not take.
    pub commit_failures: Counter,
    /// Acknowledged positions that the store took.
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

    /// A batch was not.
    pub fn commit_failed(&self, time: Duration) {
        self.commit_seconds.time(time);
        self.commit_failures.inc();
    }
}
