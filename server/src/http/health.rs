//! Liveness and readiness of this node.

use crate::app::AppState;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use std::time::Duration;

/// How long the store may take to answer a ping.
const STORE_LIMIT: Duration = Duration::from_secs(3);

/// `GET /healthz`: the process answers.
pub(super) async fn alive() -> &'static str {
    "alive\n"
}

/// Query of `/readyz`.
#[derive(Deserialize)]
pub(super) struct Without {
    without: Option<String>,
}

/// `GET /readyz`: store and bus are reachable, and the node is not draining; 503 lists what is
/// missing, one per line. `?without=bus` skips the bus: sends are answered without it, so a load
/// balancer that checked it would remove every node at once.
pub(super) async fn ready(
    State(app): State<AppState>,
    without: Result<Query<Without>, QueryRejection>,
) -> Response {
    let needs_bus = match without
        .as_ref()
        .map(|Query(query)| query.without.as_deref())
    {
        Ok(None) => true,
        Ok(Some("bus")) => false,
        Ok(Some(_)) | Err(_) => {
            let reason = "the only thing one can go without is the bus: ?without=bus\n";
            return (StatusCode::BAD_REQUEST, reason).into_response();
        }
    };
    let mut missing = String::new();
    if app.lifecycle.drain.is_cancelled() {
        missing += "draining\n";
    }
    match tokio::time::timeout(STORE_LIMIT, app.store.ping()).await {
        Ok(Ok(())) => {}
        Ok(Err(error)) => {
            tracing::warn!(%error, "not ready");
            missing += "the store cannot be reached\n";
        }
        Err(_) => missing += "the store does not answer\n",
    }
    if !app.committer.is_running() {
        missing += "sends are not taken\n";
    }
    if app.disk.is_full() {
        missing += "the disk is nearly full\n";
    }
    if needs_bus && !app.bus.is_connected().await {
        missing += "the bus cannot be reached\n";
    }
    if missing.is_empty() {
        "ready\n".into_response()
    } else {
        (StatusCode::SERVICE_UNAVAILABLE, missing).into_response()
    }
}
