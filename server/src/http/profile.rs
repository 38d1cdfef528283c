//! `PATCH /api/me`: the name that others see.

use super::Failure;
use crate::app::AppState;
use crate::auth::{LoggedIn, checked_username};
use crate::bus::{Event, Publication, Topic};
use axum::Json;
use axum::extract::State;
use axum::extract::rejection::JsonRejection;
use std::sync::Arc;
use tidings_shared::api;

/// Changes the name; the user as they are now. Others see it with the next message or list.
pub(super) async fn rename(
    State(app): State<AppState>,
    LoggedIn { user, .. }: LoggedIn,
    body: Result<Json<api::NewName>, JsonRejection>,
) -> Result<Json<api::User>, Failure> {
    let Json(body) = body.map_err(|error| Failure::BadRequest(error.body_text()))?;
    let username = checked_username(&body.username)?;
    app.store.rename(user.uid, username).await?;
    let user = api::User {
        username: username.to_owned(),
        ..user
    };
    Ok(Json(tell(&app, user).await))
}

/// Tells the user's devices what the user is now.
pub(super) async fn tell(app: &AppState, user: api::User) -> api::User {
    let event = Arc::new(Event::Profile(user.clone()));
    let topics = vec![Topic::User(user.uid)];
    app.bus.publish(vec![Publication { topics, event }]).await;
    user
}
