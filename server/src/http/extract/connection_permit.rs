//! The permit of a connection.

use super::ClientAddress;
use crate::admission::{ConnectionPermit, Full};
use crate::app::AppState;
use crate::http::Failure;
use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use std::time::Duration;
use tidings_shared::jitter::with_jitter;

/// The shortest retry delay given to a refused client.
const RETRY: Duration = Duration::from_secs(5);

/// Acquires the permit before the store is asked for the login: refusing must be cheap.
impl FromRequestParts<AppState> for ConnectionPermit {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, app: &AppState) -> Result<Self, Failure> {
        let Ok(ClientAddress(address)) = ClientAddress::from_request_parts(parts, app).await;
        app.admission.connections.acquire(address).map_err(|full| {
            tracing::debug!(%address, %full, "refused");
            let number = app.hub.next_id().0;
            let wait = with_jitter(RETRY, number);
            match full {
                Full::Node => {
                    app.metrics.samples.refused("node");
                    Failure::Full(wait)
                }
                Full::Address => {
                    app.metrics.samples.refused("address");
                    Failure::TooManyConnections(wait)
                }
            }
        })
    }
}
