//! Notices that the store has another epoch: a backup was restored, or another database took over
//! that lacks the last commits. What connections and clients know may be wrong then.

use super::Hub;
use crate::store::Store;
use std::sync::Arc;
use std::time::Duration;
use tokio_util::sync::CancellationToken;

/// How often the store is polled.
const POLL_INTERVAL: Duration = Duration::from_secs(2);

/// Polls until `stop` is cancelled. After a change every connection reads the store, finds the
/// change and closes, so that its client begins anew.
pub async fn watch_epoch(hub: Hub, store: Arc<dyn Store>, stop: CancellationToken) {
    let mut known = None;
    loop {
        match store.epoch().await {
            Ok(epoch) => {
                let before = known.replace(epoch.clone());
                if before.is_some_and(|before| before != epoch) {
                    tracing::warn!(epoch, "the store has a new epoch: all clients begin anew");
                    hub.resync();
                }
            }
            Err(error) => tracing::debug!(%error, "cannot read the epoch"),
        }
        tokio::select! {
            () = stop.cancelled() => return,
            () = tokio::time::sleep(POLL_INTERVAL) => {}
        }
    }
}
