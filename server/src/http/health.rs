//! Whether this node lives, and whether it should get requests.

use crate::app::AppState;
use axum::extract::State;
use axum::http::StatusCode;

/// `GET /healthz`: the process answers.
pub(super) async fn alive() -> &'static str {
    "alive\n"
}

/// `GET /readyz`: store and bus can be reached, and the node is not draining.
pub(super) async fn ready(State(app): State<AppState>) -> (StatusCode, &'static str) {
    if app.lifecycle.drain.is_cancelled() {
        return (StatusCode::SERVICE_UNAVAILABLE, "draining\n");
    }
    if let Err(error) = app.store.ping().await {
        tracing::warn!(%error, "not ready");
        return (
            StatusCode::SERVICE_UNAVAILABLE,
            "the store cannot be reached\n",
        );
    }
    if !app.committer.is_running() {
        return (StatusCode::SERVICE_UNAVAILABLE, "sends are not taken\n");
    }
    if !app.bus.is_connected().await {
        return (
            StatusCode::SERVICE_UNAVAILABLE,
            "the bus cannot be reached\n",
        );
    }
    (StatusCode::OK, "ready\n")
}
