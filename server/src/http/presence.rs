//! `GET /api/presence`: the presence of users.

use super::Failure;
use super::extract::LoggedIn;
use crate::app::AppState;
use axum::Json;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State};
use serde::Deserialize;
use tidings_shared::{UserId, api, limits};

/// Maximum users per request.
const UIDS_MAX: usize = limits::WATCHED_MAX;

#[derive(Deserialize)]
pub(super) struct PresenceQuery {
    uids: String,
}

/// The presence of users, in the requested order.
pub(super) async fn presence(
    State(app): State<AppState>,
    _login: LoggedIn,
    query: Result<Query<PresenceQuery>, QueryRejection>,
) -> Result<Json<api::PresenceList>, Failure> {
    let Query(query) = query.map_err(|error| Failure::BadRequest(error.body_text()))?;
    let uids = parse(&query.uids)?;
    let presence = app.presence.lookup(&uids).await;
    let presence = presence.map_err(|_| Failure::Unavailable)?;
    Ok(Json(api::PresenceList { presence }))
}

fn parse(text: &str) -> Result<Vec<UserId>, Failure> {
    let uids: Result<Vec<UserId>, _> = text.split(',').map(|uid| uid.parse().map(UserId)).collect();
    let uids = uids.ok().filter(|uids| uids.len() <= UIDS_MAX);
    uids.ok_or_else(|| {
        Failure::BadRequest(format!(
            "uids is a list of 1 to {UIDS_MAX}, as in uids=1000,1001"
        ))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn uids_parse_as_a_bounded_list() {
        assert_eq!(parse("1,2"), Ok(vec![UserId(1), UserId(2)]));
        assert!(parse("").is_err());
        assert!(parse("1,x").is_err());
        assert!(parse("1,".repeat(UIDS_MAX).trim_end_matches(',')).is_ok());
        assert!(parse(&format!("{}1", "1,".repeat(UIDS_MAX))).is_err());
    }
}
