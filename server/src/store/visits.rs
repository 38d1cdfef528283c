//! When logins were last in use, on the way to the store.
//!
//! A hint for their owners: noted every few minutes of use, written a few times a minute, many in
//! one transaction. A crash forgets what was not written.

use super::{SessionHash, Store};
use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio_util::sync::CancellationToken;

/// How often a login in use is noted.
pub const VISIT_EVERY: Duration = Duration::from_mins(10);
/// From a note to the store.
const FLUSH_EVERY: Duration = Duration::from_secs(10);
/// Notes in one transaction.
const BATCH: usize = 1000;
/// Notes that may wait; beyond this they are not taken.
const WAITING_MAX: usize = 64 * 1024;

type Waiting = HashMap<SessionHash, i64>;

/// The node's notes that the store does not have yet; cheap to clone.
#[derive(Clone, Default)]
pub struct Visits(Arc<Mutex<Waiting>>);

impl Visits {
    /// Notes and the task that writes them, which ends with a last write when `stop` is cancelled.
    pub fn new(store: Arc<dyn Store>, stop: CancellationToken) -> (Self, impl Future<Output = ()>) {
        let visits = Self::default();
        (visits.clone(), run(visits, store, stop))
    }

    /// A login is in use now (ms since 1970).
    pub fn note(&self, hash: SessionHash, now_ms: i64) {
        let mut waiting = self.waiting();
        if waiting.len() < WAITING_MAX || waiting.contains_key(&hash) {
            waiting.insert(hash, now_ms);
        }
    }

    /// Writes what waits. What could not be written is forgotten: the next use is as good.
    async fn flush(&self, store: &dyn Store) {
        let visits: Vec<_> = std::mem::take(&mut *self.waiting()).into_iter().collect();
        for batch in visits.chunks(BATCH) {
            if let Err(error) = store.visit(batch).await {
                tracing::debug!(%error, logins = visits.len(), "their use is not noted");
                return;
            }
        }
    }

    fn waiting(&self) -> MutexGuard<'_, Waiting> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

async fn run(visits: Visits, store: Arc<dyn Store>, stop: CancellationToken) {
    loop {
        tokio::select! {
            () = stop.cancelled() => break,
            () = tokio::time::sleep(FLUSH_EVERY) => {}
        }
        visits.flush(store.as_ref()).await;
    }
    visits.flush(store.as_ref()).await;
}
