//! Closes connections of logins that ended without an event on this node: by an operator's command,
//! or by another node while the bus was down.

use super::Hub;
use crate::store::Store;
use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;
use tokio_util::sync::CancellationToken;

/// How often the store is polled: an ended login continues here for at most this, plus the store's
/// latency.
const POLL_INTERVAL: Duration = Duration::from_secs(2);

/// Polls until `stop` is cancelled.
pub async fn watch_ended_sessions(hub: Hub, store: Arc<dyn Store>, stop: CancellationToken) {
    let mut known = HashSet::new();
    loop {
        tokio::select! {
            () = stop.cancelled() => return,
            () = tokio::time::sleep(POLL_INTERVAL) => {}
        }
        match store.ended_sessions().await {
            Ok(ended) => {
                for login in ended.iter().filter(|login| !known.contains(*login)) {
                    hub.log_out(login.0, login.1);
                }
                known = ended.into_iter().collect();
            }
            Err(error) => tracing::debug!(%error, "cannot see which logins were ended"),
        }
    }
}
