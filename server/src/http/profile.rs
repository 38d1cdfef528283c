//! `PATCH /api/me`: the name that others see.

use super::Failure;
use super::body::Body;
use crate::admission::ClientAddress;
use crate::app::AppState;
use crate::auth::{Attempt, Deed, LoggedIn, checked_username};
use crate::bus::{Event, Publication, Topic};
use axum::Json;
use axum::extract::State;
use std::net::IpAddr;
use std::sync::Arc;
use tidings_shared::{UserId, api};
use tokio::time::Instant;

/// Changes the name; the user as they are now. Others see it with the next message or list.
pub(super) async fn rename(
    State(app): State<AppState>,
    LoggedIn { user, .. }: LoggedIn,
    ClientAddress(address): ClientAddress,
    Body(body): Body<api::NewName>,
) -> Result<Json<api::User>, Failure> {
    let username = checked_username(&body.username)?;
    pace(&app, user.uid, address)?;
    let user = app.store.rename(user.uid, &username).await?;
    tell(&app, user).await
}

/// So many changes a minute and no more: each is a write that everybody's messages wait for, and
/// news for every device.
pub(super) fn pace(app: &AppState, uid: UserId, address: IpAddr) -> Result<(), Failure> {
    app.throttle
        .attempt(Instant::now(), Deed::Profile(uid), address)
        .map(Attempt::counts)
        .map_err(Failure::TooManyAttempts)
}

/// Tells the user's devices what the user is now.
pub(super) async fn tell(
    app: &AppState,
    user: Option<api::User>,
) -> Result<Json<api::User>, Failure> {
    let user = user.ok_or(Failure::NotFound)?;
    let event = Arc::new(Event::Profile(user.clone()));
    let topics = vec![Topic::User(user.uid)];
    app.bus.publish(vec![Publication { topics, event }]).await;
    Ok(Json(user))
}
