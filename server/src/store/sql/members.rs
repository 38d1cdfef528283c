//! Group members: lookup, addition, listing.

use super::dialect::{Connection, LOCK_CONVERSATIONS, rows};
use super::groups::{SystemMessage, append_system_message, group};
use super::{Work, json, lock, users};
use crate::store::group::names_listed;
use crate::store::{GroupChange, GroupRefusal, NewMembers, Profile, StoreError};
use sqlx::Row as _;
use std::collections::{HashMap, HashSet};
use tidings_shared::{Body, GroupEvent, GroupId, Seq, UserId, api, limits};

/// Adds members to a group.
pub(in super::super) struct Add<'a>(pub(super) &'a NewMembers);

impl Work for Add<'_> {
    type Output = Result<GroupChange, GroupRefusal>;

    async fn run(&self, connection: &mut Connection) -> Result<Self::Output, StoreError> {
        let new = self.0;
        // Locks the conversation's row, so that the counts below stay valid.
        lock(connection, LOCK_CONVERSATIONS, &json(&[(new.group,)])).await?;
        let Some(mut group) = group(connection, new.by, new.group).await? else {
            return Ok(Err(GroupRefusal::NoGroup));
        };
        if group.owner != new.by {
            return Ok(Err(GroupRefusal::NotOwner));
        }
        let found = profiles(connection, &new.uids).await?;
        if let Some(unknown) = new.uids.iter().find(|uid| !found.contains_key(uid)) {
            return Ok(Err(GroupRefusal::NoUser(*unknown)));
        }
        let already = members_among(connection, new.group, &new.uids).await?;
        let mut added = new.uids.clone();
        added.retain(|uid| !already.contains(uid));
        if added.is_empty() {
            return Ok(Ok(GroupChange {
                group,
                added,
                message: None,
            }));
        }
        group.members += added.len() as u64;
        if group.members > limits::GROUP_MEMBERS as u64 {
            return Ok(Err(GroupRefusal::Full));
        }
        if let Some(uid) = in_too_many(connection, &added, new.limits.joined).await? {
            return Ok(Err(GroupRefusal::InTooMany(uid)));
        }
        let names: Vec<String> = added
            .iter()
            .take(limits::NAMES_LISTED + 1)
            .map(|uid| found[uid].name.clone())
            .collect();
        let mut owner = profiles(connection, &[new.by]).await?;
        let notice = SystemMessage {
            seq: next_seq(connection, new).await?,
            sender: owner.remove(&new.by).ok_or(sqlx::Error::RowNotFound)?,
            body: Body::Event(GroupEvent::Added, names_listed(&names)),
            created_at: new.added_at,
        };
        join(connection, new.group, &added, notice.seq.prev()).await?;
        let message = append_system_message(connection, &group, notice).await?;
        Ok(Ok(GroupChange {
            group,
            added,
            message: Some(message),
        }))
    }
}

/// Reserves the next sequence number in the group.
async fn next_seq(connection: &mut Connection, new: &NewMembers) -> Result<Seq, StoreError> {
    let row = sqlx::query(
        "UPDATE conversations
            SET last_seq = last_seq + 1,
                last_at = CASE WHEN $2 > last_at THEN $2 ELSE last_at END
          WHERE id = $1
         RETURNING last_seq",
    )
    .bind(new.group.0)
    .bind(new.added_at)
    .fetch_one(connection)
    .await?;
    Ok(Seq(row.try_get("last_seq")?))
}

/// The profiles of those that exist.
pub(super) async fn profiles(
    connection: &mut Connection,
    uids: &[UserId],
) -> Result<HashMap<UserId, Profile>, StoreError> {
    let found = sqlx::query(concat!(
        "SELECT u.uid, u.username, u.avatar FROM ",
        rows!(),
        " CROSS JOIN users u WHERE u.uid = CAST(j.value ->> 0 AS BIGINT)"
    ))
    .bind(set(uids))
    .fetch_all(connection)
    .await?;
    let profiles = found.iter().map(|row| {
        let user = users::user_row(row)?;
        let profile = Profile {
            uid: user.uid,
            name: user.username,
            avatar: user.avatar,
        };
        Ok::<_, sqlx::Error>((profile.uid, profile))
    });
    Ok(profiles.collect::<Result<_, _>>()?)
}

/// Those that are members.
async fn members_among(
    connection: &mut Connection,
    group: GroupId,
    uids: &[UserId],
) -> Result<HashSet<UserId>, StoreError> {
    let sets: Vec<(UserId, GroupId)> = uids.iter().map(|uid| (*uid, group)).collect();
    let found = sqlx::query(concat!(
        "SELECT m.uid FROM ",
        rows!(),
        " CROSS JOIN members m
          WHERE m.uid = CAST(j.value ->> 0 AS BIGINT)
            AND m.conversation_id = CAST(j.value ->> 1 AS BIGINT)"
    ))
    .bind(json(&sets))
    .fetch_all(connection)
    .await?;
    let uids = found.iter().map(|row| row.try_get("uid").map(UserId));
    Ok(uids.collect::<Result<_, _>>()?)
}

/// One of these users who has joined `max` groups already. Concurrent additions may exceed the
/// limit by one.
pub(super) async fn in_too_many(
    connection: &mut Connection,
    uids: &[UserId],
    max: u32,
) -> Result<Option<UserId>, StoreError> {
    let found = sqlx::query(concat!(
        "SELECT c.uid FROM ",
        rows!(),
        " CROSS JOIN group_counts c
          WHERE c.uid = CAST(j.value ->> 0 AS BIGINT) AND c.groups_joined >= $2
          LIMIT 1"
    ))
    .bind(set(uids))
    .bind(i64::from(max))
    .fetch_optional(connection)
    .await?;
    Ok(found
        .map(|row| row.try_get("uid").map(UserId))
        .transpose()?)
}

/// Inserts members whose cursors start at this sequence number.
pub(super) async fn join(
    connection: &mut Connection,
    group: GroupId,
    uids: &[UserId],
    joined: Seq,
) -> Result<(), StoreError> {
    sqlx::query(concat!(
        "INSERT INTO members (conversation_id, uid, joined_seq, read_seq, delivered_seq)
         SELECT CAST($2 AS BIGINT), CAST(j.value ->> 0 AS BIGINT),
                CAST($3 AS BIGINT), CAST($3 AS BIGINT), CAST($3 AS BIGINT)
           FROM ",
        rows!()
    ))
    .bind(set(uids))
    .bind(group.0)
    .bind(joined.0)
    .execute(&mut *connection)
    .await?;
    // In the order of the uids, as in concurrent transactions, so that they do not deadlock.
    sqlx::query(concat!(
        "INSERT INTO group_counts (uid, groups_joined)
         SELECT CAST(j.value ->> 0 AS BIGINT), 1 FROM ",
        rows!(),
        " WHERE true ORDER BY j.key
             ON CONFLICT (uid) DO UPDATE SET groups_joined = group_counts.groups_joined + 1"
    ))
    .bind(set(uids))
    .execute(connection)
    .await?;
    Ok(())
}

fn set(uids: &[UserId]) -> String {
    json(&uids.iter().map(|uid| (uid,)).collect::<Vec<_>>())
}

/// Members in ascending order of uid, after this one.
pub(super) async fn members(
    connection: &mut Connection,
    group: GroupId,
    after: UserId,
    limit: u32,
) -> Result<Vec<api::User>, StoreError> {
    let found = sqlx::query(
        "SELECT u.uid, u.username, u.avatar
           FROM members m JOIN users u ON u.uid = m.uid
          WHERE m.conversation_id = $1 AND m.uid > $2
          ORDER BY m.uid LIMIT $3",
    )
    .bind(group.0)
    .bind(after.0)
    .bind(i64::from(limit))
    .fetch_all(connection)
    .await?;
    Ok(found
        .iter()
        .map(users::user_row)
        .collect::<Result<_, _>>()?)
}
