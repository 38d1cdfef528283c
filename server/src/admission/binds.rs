//! How many binds are made at once.
//!
//! A bind reads the store several times. When thousands come back together, those reads are made
//! a few at a time; the others wait for a moment in which they cost a place in a queue.

use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// Binds that may wait for each one in progress.
const WAITING_EACH: usize = 256;
/// How long a bind may wait: well below the time in which a client wants its answer.
const WAIT_LIMIT: Duration = Duration::from_secs(8);

/// There was no turn in time, or too many wait already.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("too many binds at once")]
pub struct NoTurn;

/// The turns of a node; cheap to clone.
#[derive(Debug, Clone)]
pub struct Binds {
    turns: Arc<Semaphore>,
    room: Arc<Semaphore>,
    max: usize,
}

/// A bind in progress, until it is dropped.
#[derive(Debug)]
pub struct BindTurn {
    _turn: OwnedSemaphorePermit,
}

impl Binds {
    /// At most `max` at once, and at most 256 times as many that wait.
    pub fn new(max: usize) -> Self {
        Self {
            turns: Arc::new(Semaphore::new(max)),
            room: Arc::new(Semaphore::new(max * WAITING_EACH)),
            max,
        }
    }

    /// Waits for a turn, in the order of those who ask. Cancelling gives the place in the queue up.
    ///
    /// # Errors
    /// [`NoTurn`] at once when too many wait, and after 8 s.
    pub async fn turn(&self) -> Result<BindTurn, NoTurn> {
        let waiting = self.room.try_acquire().map_err(|_| NoTurn)?;
        let turn = Arc::clone(&self.turns).acquire_owned();
        let turn = tokio::time::timeout(WAIT_LIMIT, turn).await;
        drop(waiting);
        let turn = turn.map_err(|_| NoTurn)?.map_err(|_| NoTurn)?;
        Ok(BindTurn { _turn: turn })
    }

    /// Binds in progress.
    pub fn in_progress(&self) -> usize {
        self.max - self.turns.available_permits()
    }

    /// Binds that wait.
    pub fn waiting(&self) -> usize {
        self.max * WAITING_EACH - self.room.available_permits()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn the_next_waits_for_its_turn_and_not_for_ever() {
        let binds = Binds::new(1);
        let first = binds.turn().await.expect("a turn");
        assert_eq!(binds.in_progress(), 1);
        assert_eq!(binds.turn().await.err(), Some(NoTurn));
        let (next, ()) = tokio::join!(binds.turn(), async {
            tokio::task::yield_now().await;
            assert_eq!(binds.waiting(), 1);
            drop(first);
        });
        assert!(next.is_ok());
        assert_eq!(binds.waiting(), 0);
    }

    #[tokio::test(start_paused = true)]
    async fn the_queue_has_an_end() {
        let binds = Binds::new(1);
        let _held = binds.turn().await.expect("a turn");
        let all = (0..=WAITING_EACH).map(|_| binds.turn());
        let started = tokio::time::Instant::now();
        let mut all: futures_util::stream::FuturesUnordered<_> = all.collect();
        let first = futures_util::StreamExt::next(&mut all).await;
        assert_eq!(first.map(Result::err), Some(Some(NoTurn)));
        assert_eq!(started.elapsed(), Duration::ZERO);
    }
}
