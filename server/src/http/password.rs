//! `PUT /api/me/password`.

use super::body::Body;
use super::{Failure, logins};
use crate::admission::ClientAddress;
use crate::app::AppState;
use crate::audit::{self, Act};
use crate::auth::{Deed, LoggedIn, check_chosen_password};
use axum::extract::State;
use axum::http::StatusCode;
use tidings_shared::api;
use tokio::time::Instant;

/// Changes the password of who knows the one that holds until now, and ends their other logins:
/// whoever had it is out. Wrong ones count as the attempts of a login do.
pub(super) async fn change(
    State(app): State<AppState>,
    LoggedIn { session, user }: LoggedIn,
    ClientAddress(address): ClientAddress,
    Body(body): Body<api::NewPassword>,
) -> Result<StatusCode, Failure> {
    let attempt = app
        .throttle
        .attempt(Instant::now(), Deed::Password(user.uid), address)
        .map_err(Failure::TooManyAttempts)?;
    check_chosen_password(&body.new, &[&user.username])?;
    let old = app.store.password_hash(user.uid).await?;
    let (Some(old), true) = (old.clone(), app.passwords.verify(body.old, old).await?) else {
        attempt.counts();
        audit::note(&app, Act::PasswordRefused, address, Some(user.uid));
        return Err(Failure::WrongPassword);
    };
    let new = app.passwords.hash_in_turn(body.new).await?;
    logins::to_the_end(async move {
        let hashes = (old.as_str(), new.as_str());
        let ended = app.store.change_password(user.uid, hashes, session.hash);
        // Changed by another request since it was read.
        let ended = ended.await?.ok_or(Failure::WrongPassword)?;
        attempt.succeeded();
        audit::note(&app, Act::PasswordChanged, address, Some(user.uid));
        logins::tell(&app, user.uid, ended).await;
        Ok(StatusCode::NO_CONTENT)
    })
    .await
}
