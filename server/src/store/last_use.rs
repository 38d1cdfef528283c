//! Write-behind buffer of when logins were last used.
//!
//! Informational only: updated every few minutes of use, written a few times a minute, many in one
//! transaction. A crash loses what was not written.

use super::Store;
use crate::domain::SessionHash;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio_util::sync::CancellationToken;

/// Minimum interval between updates of one login.
pub const TOUCH_INTERVAL: Duration = Duration::from_mins(10);
/// Delay until the store is updated.
const FLUSH_INTERVAL: Duration = Duration::from_secs(10);
/// Logins per transaction.
const BATCH: usize = 1000;
/// Maximum pending logins; further ones are dropped.
const PENDING_MAX: usize = 64 * 1024;

type Pending = HashMap<SessionHash, i64>;

/// The pending updates of this node; cheap to clone.
#[derive(Clone, Default)]
pub struct LastUse(Arc<Mutex<Pending>>);

impl LastUse {
    /// The buffer and the task that writes it, which ends with a last write when `stop` is
    /// cancelled.
    pub fn new(store: Arc<dyn Store>, stop: CancellationToken) -> (Self, impl Future<Output = ()>) {
        let last_use = Self::default();
        (last_use.clone(), run(last_use, store, stop))
    }

    /// Marks a login as used now (ms since 1970).
    pub fn touch(&self, hash: SessionHash, now_ms: i64) {
        let mut pending = self.pending();
        if pending.len() < PENDING_MAX || pending.contains_key(&hash) {
            pending.insert(hash, now_ms);
        }
    }

    /// Writes pending updates. Failed ones are dropped: the next use updates them.
    async fn flush(&self, store: &dyn Store) {
        let last_use: Vec<_> = std::mem::take(&mut *self.pending()).into_iter().collect();
        for batch in last_use.chunks(BATCH) {
            if let Err(error) = store.touch_sessions(batch).await {
                tracing::debug!(%error, logins = last_use.len(), "their use is not noted");
                return;
            }
        }
    }

    fn pending(&self) -> MutexGuard<'_, Pending> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

async fn run(last_use: LastUse, store: Arc<dyn Store>, stop: CancellationToken) {
    loop {
        tokio::select! {
            () = stop.cancelled() => break,
            () = tokio::time::sleep(FLUSH_INTERVAL) => {}
        }
        last_use.flush(store.as_ref()).await;
    }
    last_use.flush(store.as_ref()).await;
}
