//! `/api/me/logins`: lists and ends logins.

use super::Failure;
use super::extract::LoggedIn;
use crate::app::AppState;
use crate::clock;
use crate::domain::{BusEvent, Publication, SessionHash, Topic};
use axum::Json;
use axum::extract::rejection::PathRejection;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use std::sync::Arc;
use tidings_shared::{UserId, api};
use tracing::Instrument;

/// Maximum logins listed. Users have more only through `tidings token issue`; those all end at
/// once.
const LIMIT: u32 = 100;

/// `GET /api/me/logins`
pub(super) async fn logins(
    State(app): State<AppState>,
    LoggedIn { session, user }: LoggedIn,
) -> Result<Json<api::Logins>, Failure> {
    let found = app.store.logins(user.uid, clock::now_ms(), LIMIT).await?;
    let logins = found.into_iter().map(|login| api::Device {
        id: hex::encode(login.hash.0),
        agent: login.agent,
        created_at: login.created_at,
        used_at: Some(login.used_at).filter(|at| *at > 0),
        current: login.hash == session.hash,
    });
    Ok(Json(api::Logins {
        logins: logins.collect(),
    }))
}

/// `DELETE /api/me/logins/ID`: ends one login and its connections.
pub(super) async fn end(
    State(app): State<AppState>,
    LoggedIn { user, .. }: LoggedIn,
    path: Result<Path<String>, PathRejection>,
) -> Result<StatusCode, Failure> {
    let Path(id) = path.map_err(|_| Failure::NotFound)?;
    let mut hash = SessionHash([0; 32]);
    hex::decode_to_slice(id, &mut hash.0).map_err(|_| Failure::NotFound)?;
    run_to_completion(async move {
        if !app.store.end_session(user.uid, hash).await? {
            return Err(Failure::NotFound);
        }
        publish_logged_out(&app, user.uid, vec![hash]).await;
        Ok(StatusCode::NO_CONTENT)
    })
    .await
}

/// `DELETE /api/me/logins`: ends all logins but the current one.
pub(super) async fn end_others(
    State(app): State<AppState>,
    LoggedIn { session, user }: LoggedIn,
) -> Result<StatusCode, Failure> {
    run_to_completion(async move {
        let ended = app.store.end_other_sessions(user.uid, session.hash).await?;
        publish_logged_out(&app, user.uid, ended).await;
        Ok(StatusCode::NO_CONTENT)
    })
    .await
}

/// Runs work to its end even when the client disconnects, so that what was committed is published.
pub(super) async fn run_to_completion<T: Send + 'static>(
    work: impl Future<Output = Result<T, Failure>> + Send + 'static,
) -> Result<T, Failure> {
    let done = tokio::spawn(work.in_current_span()).await;
    done.unwrap_or_else(|error| {
        tracing::error!(%error, "a request's work ended early");
        Err(Failure::Unavailable)
    })
}

/// Publishes ended logins, which closes their connections on every node.
pub(super) async fn publish_logged_out(app: &AppState, uid: UserId, ended: Vec<SessionHash>) {
    if ended.is_empty() {
        return;
    }
    tracing::info!(%uid, ended = ended.len(), "logins were ended");
    let publications = ended.into_iter().map(|hash| Publication {
        topics: vec![Topic::User(uid)],
        event: Arc::new(BusEvent::LoggedOut(hash)),
    });
    app.bus.publish(publications.collect()).await;
}
