//! `GET /metrics`: the node's metrics, for operators only: a load balancer must not publish this
//! address, or `--metrics-listen` moves it to another one.

use super::Failure;
use crate::app::AppState;
use axum::extract::State;
use axum::http::header;
use axum::response::{IntoResponse, Response};

/// The content type of Prometheus (`OpenMetrics` 1.0).
const CONTENT_TYPE: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

pub(super) async fn metrics(State(app): State<AppState>) -> Result<Response, Failure> {
    // Counting the open files of a node with thousands of sockets takes some milliseconds.
    let text = tokio::task::spawn_blocking(move || {
        sample(&app);
        app.metrics.text()
    });
    match text.await {
        Ok(Ok(text)) => Ok(([(header::CONTENT_TYPE, CONTENT_TYPE)], text).into_response()),
        Ok(Err(error)) => {
            tracing::error!(%error, "cannot write the metrics");
            Err(Failure::Unavailable)
        }
        Err(error) => {
            tracing::error!(%error, "cannot read the metrics");
            Err(Failure::Unavailable)
        }
    }
}

/// Samples gauges kept elsewhere.
fn sample(app: &AppState) {
    let gauge = |value: usize| i64::try_from(value).unwrap_or(i64::MAX);
    let samples = &app.metrics.samples;
    samples.commit_queue.set(gauge(app.committer.waiting()));
    samples.positions_waiting.set(gauge(app.cursors.waiting()));
    samples
        .hashes_in_progress
        .set(gauge(app.passwords.in_progress()));
    samples.set_hashes_refused(app.passwords.refused());
    let binds = &app.admission.binds;
    samples.binds_in_progress.set(gauge(binds.in_progress()));
    samples.binds_waiting.set(gauge(binds.waiting()));
    samples
        .draining
        .set(app.lifecycle.drain.is_cancelled().into());
    let free = i64::try_from(app.disk.free()).unwrap_or(i64::MAX);
    samples.disk_free.set(free);
    samples.disk_full.set(app.disk.is_full().into());
    samples.set_pools(&app.store.pools());
    samples.set_bus(&app.bus.figures());
}
