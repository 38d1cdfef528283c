//! `/api/me/logins`: where one is logged in, and ending that.

use super::Failure;
use crate::app::AppState;
use crate::auth::LoggedIn;
use crate::bus::{Event, Publication, Topic};
use crate::clock;
use crate::store::SessionHash;
use axum::Json;
use axum::extract::rejection::PathRejection;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use std::sync::Arc;
use tidings_shared::{UserId, api};
use tracing::Instrument;

/// Logins that are told of. Nobody has more but by `tidings token issue`; those end all at once.
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

/// `DELETE /api/me/logins/ID`: ends one, with every connection that was opened with it.
pub(super) async fn end(
    State(app): State<AppState>,
    LoggedIn { user, .. }: LoggedIn,
    path: Result<Path<String>, PathRejection>,
) -> Result<StatusCode, Failure> {
    let Path(id) = path.map_err(|_| Failure::NotFound)?;
    let mut hash = SessionHash([0; 32]);
    hex::decode_to_slice(id, &mut hash.0).map_err(|_| Failure::NotFound)?;
    to_the_end(async move {
        if !app.store.end_session(user.uid, hash).await? {
            return Err(Failure::NotFound);
        }
        tell(&app, user.uid, vec![hash]).await;
        Ok(StatusCode::NO_CONTENT)
    })
    .await
}

/// `DELETE /api/me/logins`: ends all but the one that asks.
pub(super) async fn end_others(
    State(app): State<AppState>,
    LoggedIn { session, user }: LoggedIn,
) -> Result<StatusCode, Failure> {
    to_the_end(async move {
        let ended = app.store.end_other_sessions(user.uid, session.hash).await?;
        tell(&app, user.uid, ended).await;
        Ok(StatusCode::NO_CONTENT)
    })
    .await
}

/// Goes on when whoever asked is gone: what was committed is told.
pub(super) async fn to_the_end<T: Send + 'static>(
    work: impl Future<Output = Result<T, Failure>> + Send + 'static,
) -> Result<T, Failure> {
    let done = tokio::spawn(work.in_current_span()).await;
    done.unwrap_or_else(|error| {
        tracing::error!(%error, "a request's work ended early");
        Err(Failure::Unavailable)
    })
}

/// Ends the connections of logins that have ended, on every node.
pub(super) async fn tell(app: &AppState, uid: UserId, ended: Vec<SessionHash>) {
    if ended.is_empty() {
        return;
    }
    tracing::info!(%uid, ended = ended.len(), "logins were ended");
    let publications = ended.into_iter().map(|hash| Publication {
        topics: vec![Topic::User(uid)],
        event: Arc::new(Event::LoggedOut(hash)),
    });
    app.bus.publish(publications.collect()).await;
}
