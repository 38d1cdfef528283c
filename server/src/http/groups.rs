//! `/api/groups`: creating a group, adding members, reading. Messages go over the WebSocket.

use super::Failure;
use super::body::Body;
use super::extract::LoggedIn;
use super::extract::{ClientAddress, DiskCapacity};
use super::idempotency::IdempotencyKey;
use super::logins::run_to_completion;
use super::users::Page;
use crate::app::AppState;
use crate::audit::{self, AuditEvent};
use crate::clock;
use crate::domain::ConnectionId;
use crate::domain::{BusEvent, Publication, Topic};
use crate::name;
use crate::store::{GroupChange, GroupLimits, GroupRefusal, NewGroup, NewMembers, StoreError};
use axum::Json;
use axum::extract::rejection::{PathRejection, QueryRejection};
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use std::collections::BTreeSet;
use std::sync::Arc;
use tidings_shared::{GroupId, UserId, api, limits};

/// The largest request body, in bytes: the uids of a full group, 20 digits each.
pub(super) const BODY_BYTES: usize = 256 * 1024;

impl From<GroupRefusal> for Failure {
    fn from(refusal: GroupRefusal) -> Self {
        match refusal {
            GroupRefusal::NoGroup => Self::NotFound,
            GroupRefusal::NotOwner => Self::Forbidden,
            GroupRefusal::NoUser(_) => Self::BadRequest(refusal.to_string()),
            GroupRefusal::KeyReused => Self::KeyReused(refusal.to_string()),
            GroupRefusal::Full | GroupRefusal::OwnsTooMany(_) | GroupRefusal::InTooMany(_) => {
                Self::LimitReached(refusal.to_string())
            }
        }
    }
}

/// `POST /api/groups`: creates a group of the logged-in user and others. Idempotent per key.
pub(super) async fn create(
    State(app): State<AppState>,
    _: DiskCapacity,
    LoggedIn { user, .. }: LoggedIn,
    ClientAddress(address): ClientAddress,
    IdempotencyKey(key): IdempotencyKey,
    Body(body): Body<api::NewGroup>,
) -> Result<(StatusCode, Json<api::Group>), Failure> {
    let group = NewGroup {
        owner: user.uid,
        name: checked_name(&body.name)?,
        members: distinct(body.members, user.uid)?,
        created_at: clock::now_ms(),
        limits: limits_of(&app),
        key,
    };
    check_rate(&app, user.uid, group.members.len() + 1)?;
    run_to_completion(async move {
        let everyone = group.members.iter().chain([&group.owner]);
        let concerned = everyone.copied().map(Topic::User).collect();
        let outcome = app.store.create_group(&group).await;
        let change = published(&app, outcome, concerned).await?;
        if change.message.is_some() {
            let counters = &app.metrics.audit;
            audit::record(counters, AuditEvent::GroupMade, address, Some(user.uid));
        }
        Ok((StatusCode::CREATED, Json(change.group)))
    })
    .await
}

/// `POST /api/groups/ID/members`: the owner adds members. Idempotent without a key.
pub(super) async fn add_members(
    State(app): State<AppState>,
    _: DiskCapacity,
    LoggedIn { user, .. }: LoggedIn,
    ClientAddress(address): ClientAddress,
    path: Result<Path<GroupId>, PathRejection>,
    Body(body): Body<api::NewMembers>,
) -> Result<Json<api::Group>, Failure> {
    let Path(group) = path.map_err(|_| Failure::NotFound)?;
    let members = NewMembers {
        group,
        by: user.uid,
        uids: distinct(body.uids, user.uid)?,
        added_at: clock::now_ms(),
        limits: limits_of(&app),
    };
    check_rate(&app, user.uid, members.uids.len())?;
    run_to_completion(async move {
        let outcome = app.store.add_members(&members).await;
        let new = members.uids.into_iter().map(Topic::User);
        let concerned = new.chain([Topic::Group(group), Topic::User(user.uid)]);
        let change = published(&app, outcome, concerned.collect()).await?;
        let counters = &app.metrics.audit;
        audit::record(counters, AuditEvent::MembersAdded, address, Some(user.uid));
        Ok(Json(change.group))
    })
    .await
}

/// `GET /api/groups/ID`: for its members.
pub(super) async fn group(
    State(app): State<AppState>,
    LoggedIn { user, .. }: LoggedIn,
    path: Result<Path<GroupId>, PathRejection>,
) -> Result<Json<api::Group>, Failure> {
    let Path(group) = path.map_err(|_| Failure::NotFound)?;
    let found = app.store.group(user.uid, group).await?;
    found.map(Json).ok_or(Failure::NotFound)
}

/// `GET /api/groups/ID/members`: by uid, for its members.
pub(super) async fn members(
    State(app): State<AppState>,
    LoggedIn { user, .. }: LoggedIn,
    path: Result<Path<GroupId>, PathRejection>,
    page: Result<Query<Page>, QueryRejection>,
) -> Result<Json<api::Users>, Failure> {
    let Path(group) = path.map_err(|_| Failure::NotFound)?;
    let Query(page) = page.map_err(|error| Failure::BadRequest(error.body_text()))?;
    page.charge(&app, user.uid)?;
    if app.store.group(user.uid, group).await?.is_none() {
        return Err(Failure::NotFound);
    }
    let users = app.store.members(group, page.after, page.limit()).await?;
    Ok(Json(page.answer(users)))
}

fn limits_of(app: &AppState) -> GroupLimits {
    GroupLimits {
        owned: app.config.limits.max_groups_owned,
        joined: app.config.limits.max_groups,
    }
}

/// Limits added members per hour, over all groups.
fn check_rate(app: &AppState, uid: UserId, members: usize) -> Result<(), Failure> {
    let rate_limits = &app.admission.rate_limits;
    rate_limits
        .charge_additions(uid, members)
        .map_err(Failure::TooManyAttempts)
}

/// Publishes a change: its message to the members, and a resync to new members' connections. Best
/// effort: everything is committed. Where it is not known what was committed, by a failure or
/// because the same request came before, the connections of all `concerned` are resynced.
async fn published(
    app: &AppState,
    outcome: Result<Result<GroupChange, GroupRefusal>, StoreError>,
    concerned: Vec<Topic>,
) -> Result<GroupChange, Failure> {
    let (resynced, message) = match &outcome {
        Ok(Ok(change)) => match &change.message {
            Some(message) => {
                let added = change.added.iter().copied().map(Topic::User);
                (added.collect(), Some(message.clone()))
            }
            None => (concerned, None),
        },
        Ok(Err(_)) => (Vec::new(), None),
        Err(_) => (concerned, None),
    };
    let mut publications = Vec::with_capacity(2);
    if let Some(message) = message {
        publications.push(Publication {
            topics: message.topics(),
            event: Arc::new(BusEvent::Message(message.event(ConnectionId::NONE, None))),
        });
    }
    if !resynced.is_empty() {
        publications.push(Publication {
            topics: resynced,
            event: Arc::new(BusEvent::Resync),
        });
    }
    app.bus.publish(publications).await;
    Ok(outcome??)
}

fn checked_name(name: &str) -> Result<String, Failure> {
    name::checked(name, limits::GROUP_NAME_CHARS).ok_or_else(|| {
        Failure::BadRequest(format!(
            "a group's name has 1 to {} characters that can be seen, none of them a control \
             character, a line's end or an override of the writing direction",
            limits::GROUP_NAME_CHARS
        ))
    })
}

/// The other users among the uids, deduplicated.
fn distinct(uids: Vec<UserId>, me: UserId) -> Result<Vec<UserId>, Failure> {
    let others: BTreeSet<UserId> = uids.into_iter().filter(|uid| *uid != me).collect();
    // The limit includes the owner.
    if others.len() >= limits::GROUP_MEMBERS {
        return Err(GroupRefusal::Full.into());
    }
    Ok(others.into_iter().collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn group_name_is_trimmed_and_bounded_in_characters() {
        assert_eq!(checked_name("  三人行 ").as_deref(), Ok("三人行"));
        assert!(checked_name(&"长".repeat(limits::GROUP_NAME_CHARS)).is_ok());
        assert!(checked_name(&"长".repeat(limits::GROUP_NAME_CHARS + 1)).is_err());
        for name in [" \t ", "\u{202e}”…“", "\u{2066}a", "\u{200b}"] {
            assert!(checked_name(name).is_err(), "{name:?}");
        }
        assert!(checked_name("two\nlines").is_err());
    }

    #[test]
    fn members_are_deduplicated_and_bounded_with_the_owner() {
        let me = UserId(1);
        assert_eq!(
            distinct(vec![UserId(3), me, UserId(2), UserId(3)], me),
            Ok(vec![UserId(2), UserId(3)])
        );
        let full = i64::try_from(limits::GROUP_MEMBERS).expect("small");
        assert!(distinct((1..=full).map(UserId).collect(), me).is_ok());
        let over = distinct((1..=full + 1).map(UserId).collect(), me);
        assert!(matches!(over, Err(Failure::LimitReached(_))));
    }
}
