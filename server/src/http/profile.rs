//! `PATCH /api/me`: the display name.

use super::Failure;
use super::body::Body;
use super::extract::ClientAddress;
use super::extract::LoggedIn;
use crate::app::AppState;
use crate::auth::{Action, Attempt, checked_username};
use crate::domain::{BusEvent, Publication, Topic};
use axum::Json;
use axum::extract::State;
use std::net::IpAddr;
use std::sync::Arc;
use tidings_shared::{UserId, api};
use tokio::time::Instant;

/// Changes the name; returns the updated user. Others see it with the next message or list.
pub(super) async fn rename(
    State(app): State<AppState>,
    LoggedIn { user, .. }: LoggedIn,
    ClientAddress(address): ClientAddress,
    Body(body): Body<api::NewName>,
) -> Result<Json<api::User>, Failure> {
    let username = checked_username(&body.username)?;
    check_rate(&app, user.uid, address)?;
    let user = app.store.rename(user.uid, &username).await?;
    publish_profile(&app, user).await
}

/// Limits changes per minute: each is a write that delays everybody's messages, and an event for
/// every device.
pub(super) fn check_rate(app: &AppState, uid: UserId, address: IpAddr) -> Result<(), Failure> {
    app.throttle
        .attempt(Instant::now(), Action::Profile(uid), address)
        .map(Attempt::count)
        .map_err(Failure::TooManyAttempts)
}

/// Publishes the updated profile to the user's devices.
pub(super) async fn publish_profile(
    app: &AppState,
    user: Option<api::User>,
) -> Result<Json<api::User>, Failure> {
    let user = user.ok_or(Failure::NotFound)?;
    let event = Arc::new(BusEvent::Profile(user.clone()));
    let topics = vec![Topic::User(user.uid)];
    app.bus.publish(vec![Publication { topics, event }]).await;
    Ok(Json(user))
}
