//! `GET /api/server` and `POST /api/register`.

use super::{Failure, login};
use crate::admission::ClientAddress;
use crate::app::AppState;
use crate::auth::{Attempt, check_chosen_password, check_draft, normal_email};
use crate::clock;
use crate::config::Switch;
use crate::store::{NewUser, UserDraft};
use axum::Json;
use axum::extract::State;
use axum::extract::rejection::JsonRejection;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use tidings_shared::api;
use tokio::time::Instant;

/// In place of an email: nobody's, because emails are in small letters here.
const THROTTLE_KEY: &str = "REGISTER";

/// What somebody may know who is not logged in.
pub(super) async fn server(State(app): State<AppState>) -> Json<api::Server> {
    Json(api::Server {
        registration: app.config.registration == Switch::On,
    })
}

/// Adds a user and logs them in. Every registration counts as an attempt of its address, those that
/// succeed too: each costs a hash and a row.
pub(super) async fn register(
    State(app): State<AppState>,
    ClientAddress(address): ClientAddress,
    headers: HeaderMap,
    body: Result<Json<api::Register>, JsonRejection>,
) -> Result<Response, Failure> {
    if app.config.registration == Switch::Off {
        return Err(Failure::NotFound);
    }
    let Json(body) = body.map_err(|error| Failure::BadRequest(error.body_text()))?;
    let draft = UserDraft {
        email: body.email,
        username: body.username,
        password: body.password,
        avatar: String::new(),
        uid: None,
    };
    check_draft(&draft)?;
    check_chosen_password(&draft.password)?;
    app.throttle
        .attempt(Instant::now(), THROTTLE_KEY, address)
        .map(Attempt::counts)
        .map_err(Failure::TooManyAttempts)?;

    let email = normal_email(&draft.email);
    // The store decides; this only saves the hash.
    if app.store.credentials(&email).await?.is_some() {
        return Err(Failure::EmailTaken);
    }
    let username = draft.username.trim().to_owned();
    let password_hash = app.passwords.hash_in_turn(draft.password).await?;
    let new = NewUser {
        uid: None,
        email,
        username: username.clone(),
        avatar: draft.avatar.clone(),
        password_hash: password_hash.clone(),
        created_at: clock::now_ms(),
    };
    let uids = app.store.add_users(&[new]).await?;
    let uid = *uids.first().ok_or(Failure::Unavailable)?;
    tracing::info!(%uid, "registered");
    let user = api::User {
        uid,
        username,
        avatar: draft.avatar,
    };
    let answer = login::begin(&app, user, &password_hash, &headers).await?;
    Ok((StatusCode::CREATED, answer).into_response())
}
