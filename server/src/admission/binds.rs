//! Limits concurrent binds.
//!
//! A bind reads the store several times. When thousands of clients reconnect together, only `max`
//! binds run at once; the others wait in a bounded queue, where each costs a queue entry only.

use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// Waiting binds allowed per bind in progress.
const WAITING_PER_BIND: usize = 256;
/// How long a bind may wait: well below a client's timeout for the answer.
const WAIT_LIMIT: Duration = Duration::from_secs(8);

/// No permit became free in time, or too many binds wait already.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("too many binds at once")]
pub struct TooManyBinds;

/// The bind permits of a node; cheap to clone.
#[derive(Debug, Clone)]
pub struct BindLimiter {
    permits: Arc<Semaphore>,
    queue: Arc<Semaphore>,
    max: usize,
}

/// A bind in progress; dropping it frees the permit.
#[derive(Debug)]
pub struct BindPermit {
    _permit: OwnedSemaphorePermit,
}

impl BindLimiter {
    /// At most `max` binds at once, and at most 256 times as many waiting.
    pub fn new(max: usize) -> Self {
        Self {
            permits: Arc::new(Semaphore::new(max)),
            queue: Arc::new(Semaphore::new(max * WAITING_PER_BIND)),
            max,
        }
    }

    /// Waits for a permit, in FIFO order. Cancelling leaves the queue.
    ///
    /// # Errors
    /// [`TooManyBinds`] at once when too many wait, and after 8 s.
    pub async fn acquire(&self) -> Result<BindPermit, TooManyBinds> {
        let waiting = self.queue.try_acquire().map_err(|_| TooManyBinds)?;
        let permit = Arc::clone(&self.permits).acquire_owned();
        let permit = tokio::time::timeout(WAIT_LIMIT, permit).await;
        drop(waiting);
        let permit = permit
            .map_err(|_| TooManyBinds)?
            .map_err(|_| TooManyBinds)?;
        Ok(BindPermit { _permit: permit })
    }

    /// Binds in progress.
    pub fn in_progress(&self) -> usize {
        self.max - self.permits.available_permits()
    }

    /// Waiting binds.
    pub fn waiting(&self) -> usize {
        self.max * WAITING_PER_BIND - self.queue.available_permits()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn bind_waits_for_a_permit_up_to_the_limit() {
        let binds = BindLimiter::new(1);
        let first = binds.acquire().await.expect("a turn");
        assert_eq!(binds.in_progress(), 1);
        assert_eq!(binds.acquire().await.err(), Some(TooManyBinds));
        let (next, ()) = tokio::join!(binds.acquire(), async {
            tokio::task::yield_now().await;
            assert_eq!(binds.waiting(), 1);
            drop(first);
        });
        assert!(next.is_ok());
        assert_eq!(binds.waiting(), 0);
    }

    #[tokio::test(start_paused = true)]
    async fn bind_beyond_the_queue_is_refused_at_once() {
        let binds = BindLimiter::new(1);
        let _held = binds.acquire().await.expect("a turn");
        let all = (0..=WAITING_PER_BIND).map(|_| binds.acquire());
        let started = tokio::time::Instant::now();
        let mut all: futures_util::stream::FuturesUnordered<_> = all.collect();
        let first = futures_util::StreamExt::next(&mut all).await;
        assert_eq!(first.map(Result::err), Some(Some(TooManyBinds)));
        assert_eq!(started.elapsed(), Duration::ZERO);
    }
}
