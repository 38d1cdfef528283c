//! `GET /api/server` and `POST /api/register`.

use super::body::Body;
use super::extract::{ClientAddress, DiskCapacity};
use super::site::Site;
use super::{Failure, login};
use crate::app::AppState;
use crate::audit::{self, AuditEvent};
use crate::auth::{
    Action, Attempt, check_chosen_password, check_draft, checked_username, normal_email,
};
use crate::clock;
use crate::store::{NewUser, UserDraft};
use axum::Json;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use tidings_shared::api;
use tokio::time::Instant;

/// Public server information, without a login.
pub(super) async fn server(State(app): State<AppState>) -> Json<api::Server> {
    Json(api::Server {
        registration: app.config.registration,
    })
}

/// Adds a user and logs them in. Every registration counts as an attempt of its address, even a
/// successful one: each costs a hash and a row.
pub(super) async fn register(
    State(app): State<AppState>,
    _: DiskCapacity,
    ClientAddress(address): ClientAddress,
    site: Site,
    headers: HeaderMap,
    Body(body): Body<api::Register>,
) -> Result<Response, Failure> {
    if !app.config.registration {
        return Err(Failure::NotFound);
    }
    let draft = UserDraft {
        email: body.email,
        username: body.username,
        password: body.password,
        avatar: String::new(),
        uid: None,
    };
    check_draft(&draft)?;
    let username = checked_username(&draft.username)?;
    let attempt = app
        .throttle
        .attempt(Instant::now(), Action::Registration, address);
    attempt.map(Attempt::count).map_err(|wait| {
        audit::record(
            &app.metrics.audit,
            AuditEvent::RegistrationThrottled,
            address,
            None,
        );
        Failure::TooManyAttempts(wait)
    })?;

    check_chosen_password(&draft.password, &[&draft.email, &username])?;
    let email = normal_email(&draft.email);
    // The store has the final check; this only saves the hash.
    if app.store.credentials(&email).await?.is_some() {
        return Err(Failure::EmailTaken);
    }
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
    audit::record(
        &app.metrics.audit,
        AuditEvent::Registered,
        address,
        Some(uid),
    );
    let user = api::User {
        uid,
        username,
        avatar: draft.avatar,
    };
    let answer = login::begin(&app, site, user, &password_hash, &headers).await?;
    Ok((StatusCode::CREATED, answer).into_response())
}
