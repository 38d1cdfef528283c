//! `PUT /api/me/password`.

use super::body::Body;
use super::extract::ClientAddress;
use super::extract::LoggedIn;
use super::{Failure, logins};
use crate::app::AppState;
use crate::audit::{self, AuditEvent};
use crate::auth::{Action, check_chosen_password};
use axum::extract::State;
use axum::http::StatusCode;
use tidings_shared::api;
use tokio::time::Instant;

/// Changes the password of a user who proves the old one, and ends their other logins, which locks
/// out anybody who had it. Wrong passwords count like failed logins.
pub(super) async fn change(
    State(app): State<AppState>,
    LoggedIn { session, user }: LoggedIn,
    ClientAddress(address): ClientAddress,
    Body(body): Body<api::NewPassword>,
) -> Result<StatusCode, Failure> {
    let attempt = app
        .throttle
        .attempt(Instant::now(), Action::Password(user.uid), address)
        .map_err(Failure::TooManyAttempts)?;
    check_chosen_password(&body.new, &[&user.username])?;
    let old = app.store.password_hash(user.uid).await?;
    let (Some(old), true) = (old.clone(), app.passwords.verify(body.old, old).await?) else {
        attempt.count();
        audit::record(
            &app.metrics.audit,
            AuditEvent::PasswordRefused,
            address,
            Some(user.uid),
        );
        return Err(Failure::WrongPassword);
    };
    let new = app.passwords.hash_in_turn(body.new).await?;
    logins::run_to_completion(async move {
        let hashes = (old.as_str(), new.as_str());
        let ended = app.store.change_password(user.uid, hashes, session.hash);
        // Changed by a concurrent request.
        let ended = ended.await?.ok_or(Failure::WrongPassword)?;
        attempt.succeeded();
        audit::record(
            &app.metrics.audit,
            AuditEvent::PasswordChanged,
            address,
            Some(user.uid),
        );
        logins::publish_logged_out(&app, user.uid, ended).await;
        Ok(StatusCode::NO_CONTENT)
    })
    .await
}
