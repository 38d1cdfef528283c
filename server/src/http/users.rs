//! `GET /api/me` and `GET /api/users`.

use super::Failure;
use super::extract::LoggedIn;
use crate::app::AppState;
use axum::Json;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State};
use serde::Deserialize;
use tidings_shared::{UserId, api};

/// Default and maximum number of users per page.
const PAGE_DEFAULT: u32 = 200;
const PAGE_MAX: u32 = 1000;

/// The logged-in user.
pub(super) async fn me(login: LoggedIn) -> Json<api::User> {
    Json(login.user)
}

/// Pagination by uid.
#[derive(Deserialize)]
pub(super) struct Page {
    #[serde(default)]
    pub(super) after: UserId,
    limit: Option<u32>,
}

impl Page {
    /// The page size.
    pub(super) fn limit(&self) -> u32 {
        self.limit.unwrap_or(PAGE_DEFAULT).clamp(1, PAGE_MAX)
    }

    /// Charges the rows, at the price of a page of messages.
    pub(super) fn charge(&self, app: &AppState, uid: UserId) -> Result<(), Failure> {
        let charged = app
            .admission
            .rate_limits
            .charge_request(uid, self.limit() / 20);
        charged.map_err(Failure::TooManyAttempts)
    }

    /// The answer, with a `next` if the page is full.
    pub(super) fn answer(&self, users: Vec<api::User>) -> api::Users {
        let full = u32::try_from(users.len()).is_ok_and(|count| count >= self.limit());
        let next = users.last().filter(|_| full).map(|user| user.uid);
        api::Users { users, next }
    }
}

/// All users, by uid.
pub(super) async fn users(
    State(app): State<AppState>,
    LoggedIn { user, .. }: LoggedIn,
    page: Result<Query<Page>, QueryRejection>,
) -> Result<Json<api::Users>, Failure> {
    let Query(page) = page.map_err(|error| Failure::BadRequest(error.body_text()))?;
    page.charge(&app, user.uid)?;
    let users = app.store.users(page.after, page.limit()).await?;
    Ok(Json(page.answer(users)))
}
