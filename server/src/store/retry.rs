//! How long and how often the store tries again.

use super::StoreError;
use std::io::ErrorKind;
use std::time::Duration;
use tokio::time::Instant;

/// How long one try may take before its connection is given up: a network that lost the way to the
/// database does not say so.
pub(super) const TRY_LIMIT: Duration = Duration::from_secs(5);

/// How long after its first failure something is tried again at most. A sender is told
/// "unavailable" after it, while a connection that waits so long is not yet given up by anybody.
const LIMIT: Duration = Duration::from_secs(5);
/// The first wait. It doubles each time.
const FIRST_WAIT: Duration = Duration::from_millis(2);
/// The longest wait.
const LONGEST_WAIT: Duration = Duration::from_millis(200);

/// The tries at one thing.
#[derive(Debug, Default)]
pub(super) struct Patience {
    /// When it failed for the first time.
    since: Option<Instant>,
    wait: Duration,
}

impl Patience {
    /// Waits a little, after a failure; `false`, at once: it was tried for long enough.
    pub(super) async fn wait(&mut self) -> bool {
        let now = Instant::now();
        if now.duration_since(*self.since.get_or_insert(now)) + self.wait >= LIMIT {
            return false;
        }
        self.wait = (self.wait * 2).clamp(FIRST_WAIT, LONGEST_WAIT);
        tokio::time::sleep(self.wait).await;
        true
    }
}

/// A try that took longer than it may.
pub(super) fn timed_out() -> StoreError {
    sqlx::Error::from(std::io::Error::from(ErrorKind::TimedOut)).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn tries_come_at_growing_intervals_and_end() {
        let begin = Instant::now();
        let mut patience = Patience::default();
        let mut tries = 0;
        while patience.wait().await {
            tries += 1;
        }
        assert!((20..60).contains(&tries), "{tries} tries");
        let took = begin.elapsed();
        assert!(took <= LIMIT && took + 2 * LONGEST_WAIT > LIMIT, "{took:?}");
    }
}
