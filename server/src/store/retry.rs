//! Retries of store operations.

use super::StoreError;
use std::io::ErrorKind;
use std::time::Duration;
use tokio::time::Instant;

/// How long one attempt may take before its connection is dropped: a lost network path reports no
/// error.
pub(super) const TRY_LIMIT: Duration = Duration::from_secs(5);

/// How long an operation is retried after its first failure. A sender then gets "unavailable",
/// before any connection times out.
const BUDGET: Duration = Duration::from_secs(5);
/// The first backoff. It doubles each time.
const FIRST_WAIT: Duration = Duration::from_millis(2);
/// The longest backoff.
const LONGEST_WAIT: Duration = Duration::from_millis(200);

/// The retry state of one operation.
#[derive(Debug, Default)]
pub(super) struct RetryBudget {
    /// The first failure.
    since: Option<Instant>,
    wait: Duration,
}

impl RetryBudget {
    /// Waits before a retry; returns `false` at once when the budget is spent.
    pub(super) async fn backoff(&mut self) -> bool {
        let now = Instant::now();
        if now.duration_since(*self.since.get_or_insert(now)) + self.wait >= BUDGET {
            return false;
        }
        self.wait = (self.wait * 2).clamp(FIRST_WAIT, LONGEST_WAIT);
        tokio::time::sleep(self.wait).await;
        true
    }
}

/// The error of an attempt that timed out.
pub(super) fn timed_out() -> StoreError {
    sqlx::Error::from(std::io::Error::from(ErrorKind::TimedOut)).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn retries_back_off_until_the_budget_is_spent() {
        let begin = Instant::now();
        let mut retry = RetryBudget::default();
        let mut tries = 0;
        while retry.backoff().await {
            tries += 1;
        }
        assert!((20..60).contains(&tries), "{tries} tries");
        let took = begin.elapsed();
        assert!(
            took <= BUDGET && took + 2 * LONGEST_WAIT > BUDGET,
            "{took:?}"
        );
    }
}
