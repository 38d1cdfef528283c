//! Groups: creation, system messages, and reading.

use super::dialect::Connection;
use super::members::{in_too_many, join, profiles};
use super::{Work, dialect};
use crate::store::{
    Appended, GroupChange, GroupRefusal, NewGroup, PeerProfile, Profile, Record, StoreError,
};
use sqlx::Row as _;
use tidings_shared::{
    Body, ConversationId, GroupEvent, GroupId, Mid, Peer, Seq, UserId, api, limits,
};

/// Creates a group.
pub(in super::super) struct Create<'a>(pub(super) &'a NewGroup);

impl Work for Create<'_> {
    type Output = Result<GroupChange, GroupRefusal>;

    async fn run(&self, connection: &mut Connection) -> Result<Self::Output, StoreError> {
        let new = self.0;
        if let Some(existing) = find_by_key(connection, new).await? {
            return Ok(existing);
        }
        let mut members = new.members.clone();
        members.push(new.owner);
        members.sort_unstable();
        members.dedup();
        if members.len() > limits::GROUP_MEMBERS {
            return Ok(Err(GroupRefusal::Full));
        }
        if owned(connection, new.owner).await? >= i64::from(new.limits.owned) {
            return Ok(Err(GroupRefusal::OwnsTooMany(new.limits.owned)));
        }
        let mut found = profiles(connection, &members).await?;
        if let Some(unknown) = members.iter().find(|uid| !found.contains_key(uid)) {
            return Ok(Err(GroupRefusal::NoUser(*unknown)));
        }
        if let Some(uid) = in_too_many(connection, &members, new.limits.joined).await? {
            return Ok(Err(GroupRefusal::InTooMany(uid)));
        }
        let owner = found.remove(&new.owner).ok_or(sqlx::Error::RowNotFound)?;
        let group = api::Group {
            group_id: insert_group(connection, new).await?,
            name: new.name.clone(),
            avatar: String::new(),
            owner: new.owner,
            members: members.len() as u64,
        };
        join(connection, group.group_id, &members, Seq(0)).await?;
        let notice = SystemMessage {
            seq: Seq(1),
            sender: owner,
            body: Body::Event(GroupEvent::Created, new.name.clone()),
            created_at: new.created_at,
        };
        let message = append_system_message(connection, &group, notice).await?;
        Ok(Ok(GroupChange {
            group,
            added: members,
            message: Some(message),
        }))
    }
}

/// How many groups a user owns. Concurrent creations may exceed the limit by one.
async fn owned(connection: &mut Connection, uid: UserId) -> Result<i64, StoreError> {
    let count = "SELECT CAST(count(*) AS BIGINT) FROM groups WHERE owner_uid = $1";
    Ok(sqlx::query_scalar(count)
        .bind(uid.0)
        .fetch_one(connection)
        .await?)
}

/// The earlier result of this owner's idempotency key.
async fn find_by_key(
    connection: &mut Connection,
    new: &NewGroup,
) -> Result<Option<Result<GroupChange, GroupRefusal>>, StoreError> {
    let Some(key) = &new.key else {
        return Ok(None);
    };
    let found = sqlx::query(
        "SELECT conversation_id, request_hash FROM groups WHERE owner_uid = $1 AND request_key = $2",
    )
    .bind(new.owner.0)
    .bind(key)
    .fetch_optional(&mut *connection)
    .await?;
    let Some(row) = found else { return Ok(None) };
    if row.try_get::<Vec<u8>, _>("request_hash")? != new.digest() {
        return Ok(Some(Err(GroupRefusal::KeyReused)));
    }
    let id = GroupId(row.try_get("conversation_id")?);
    let group = group(connection, new.owner, id).await?;
    Ok(Some(Ok(GroupChange {
        group: group.ok_or(sqlx::Error::RowNotFound)?,
        added: Vec::new(),
        message: None,
    })))
}

/// Inserts the group without its members and its first message, whose sequence number is 1.
async fn insert_group(connection: &mut Connection, new: &NewGroup) -> Result<GroupId, StoreError> {
    let row = sqlx::query(
        "INSERT INTO conversations (low_uid, high_uid, last_seq, last_at) VALUES (NULL, NULL, 1, $1)
         RETURNING id",
    )
    .bind(new.created_at)
    .fetch_one(&mut *connection)
    .await?;
    let id: i64 = row.try_get("id")?;
    sqlx::query(
        "INSERT INTO groups
                (conversation_id, name, avatar, owner_uid, created_at, request_key, request_hash)
         VALUES ($1, $2, '', $3, $4, $5, $6)",
    )
    .bind(id)
    .bind(&new.name)
    .bind(new.owner.0)
    .bind(new.created_at)
    .bind(&new.key)
    .bind(new.key.as_ref().map(|_| new.digest()))
    .execute(connection)
    .await?;
    Ok(GroupId(id))
}

/// A system message in a group.
pub(super) struct SystemMessage {
    pub(super) seq: Seq,
    pub(super) sender: Profile,
    pub(super) body: Body,
    pub(super) created_at: i64,
}

pub(super) async fn append_system_message(
    connection: &mut Connection,
    group: &api::Group,
    notice: SystemMessage,
) -> Result<Appended, StoreError> {
    let mut message = [Appended {
        conversation: ConversationId(group.group_id.0),
        record: Record {
            mid: Mid(0),
            seq: notice.seq,
            sender: notice.sender,
            client_msg_id: None,
            body: notice.body,
            created_at: notice.created_at,
        },
        recipient: PeerProfile {
            peer: Peer::Group(group.group_id),
            name: group.name.clone(),
            avatar: group.avatar.clone(),
        },
        fresh: true,
    }];
    dialect::insert(connection, &mut message).await?;
    let [message] = message;
    Ok(message)
}

/// A group as one of its members sees it.
pub(super) async fn group(
    connection: &mut Connection,
    uid: UserId,
    group: GroupId,
) -> Result<Option<api::Group>, StoreError> {
    let row = sqlx::query(
        "SELECT g.name, g.avatar, g.owner_uid,
                (SELECT CAST(count(*) AS BIGINT) FROM members n
                  WHERE n.conversation_id = g.conversation_id) AS members
           FROM members m JOIN groups g ON g.conversation_id = m.conversation_id
          WHERE m.uid = $1 AND m.conversation_id = $2",
    )
    .bind(uid.0)
    .bind(group.0)
    .fetch_optional(connection)
    .await?;
    let Some(row) = row else { return Ok(None) };
    Ok(Some(api::Group {
        group_id: group,
        name: row.try_get("name")?,
        avatar: row.try_get("avatar")?,
        owner: UserId(row.try_get("owner_uid")?),
        members: u64::try_from(row.try_get::<i64, _>("members")?).unwrap_or(0),
    }))
}
