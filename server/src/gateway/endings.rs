//! Ends the connections of logins that were ended where this node was not told: by a command of the
//! operator, or by another node while the bus was away.

use super::hub::Hub;
use crate::store::Store;
use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;
use tokio_util::sync::CancellationToken;

/// How long an ended login may go on here at most, but for the store's own time.
const LOOK_EVERY: Duration = Duration::from_secs(2);

/// Looks again and again, until `stop` is cancelled.
pub async fn watch_endings(hub: Hub, store: Arc<dyn Store>, stop: CancellationToken) {
    let mut known = HashSet::new();
    loop {
        tokio::select! {
            () = stop.cancelled() => return,
            () = tokio::time::sleep(LOOK_EVERY) => {}
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
