//! Refuses new data when the disk is nearly full.

use crate::app::AppState;
use crate::http::Failure;
use axum::extract::FromRequestParts;
use axum::http::request::Parts;

/// Extractor: 503 when the disk has no capacity for new data.
pub(crate) struct DiskCapacity;

impl FromRequestParts<AppState> for DiskCapacity {
    type Rejection = Failure;

    async fn from_request_parts(_: &mut Parts, app: &AppState) -> Result<Self, Failure> {
        if app.disk.is_full() {
            return Err(Failure::Unavailable);
        }
        Ok(Self)
    }
}
