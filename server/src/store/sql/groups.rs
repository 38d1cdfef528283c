//! Groups: making them, adding members, and who is in them.

use super::dialect::{Connection, LOCK_CONVERSATIONS, rows};
use super::{Work, json, lock, messages, users};
use crate::store::record::names_listed;
use crate::store::{
    Appended, GroupChange, GroupRefusal, NewGroup, NewMembers, Party, Profile, Record, StoreError,
};
use sqlx::Row as _;
use std::collections::HashMap;
use tidings_shared::{ConversationId, GroupId, Mid, MsgType, Peer, Seq, UserId, api, limits};

/// Makes a group.
pub(in super::super) struct Create<'a>(pub(super) &'a NewGroup);

impl Work for Create<'_> {
    type Output = Result<GroupChange, GroupRefusal>;

    async fn run(&self, connection: &mut Connection) -> Result<Self::Output, StoreError> {
        let new = self.0;
        let mut members = new.members.clone();
        members.push(new.owner);
        members.sort_unstable();
        members.dedup();
        if members.len() > limits::GROUP_MEMBERS {
            return Ok(Err(GroupRefusal::Full));
        }
        let mut found = profiles(connection, &members).await?;
        if let Some(nobody) = members.iter().find(|uid| !found.contains_key(uid)) {
            return Ok(Err(GroupRefusal::NoUser(*nobody)));
        }
        let owner = found.remove(&new.owner).ok_or(sqlx::Error::RowNotFound)?;
        let group = api::Group {
            group_id: begin(connection, new).await?,
            name: new.name.clone(),
            avatar: String::new(),
            owner: new.owner,
            members: members.len() as u64,
        };
        join(connection, group.group_id, &members, Seq(0)).await?;
        let said = Said {
            seq: Seq(1),
            sender: owner,
            content: new.name.clone(),
            msg_type: MsgType::GROUP_CREATED,
            created_at: new.created_at,
        };
        let message = say(connection, &group, said).await?;
        Ok(Ok(GroupChange {
            group,
            added: members,
            message: Some(message),
        }))
    }
}

/// The group without its members and its first message, which is to have the place 1.
async fn begin(connection: &mut Connection, new: &NewGroup) -> Result<GroupId, StoreError> {
    let row = sqlx::query(
        "INSERT INTO conversations (low_uid, high_uid, last_seq, last_at) VALUES (NULL, NULL, 1, $1)
         RETURNING id",
    )
    .bind(new.created_at)
    .fetch_one(&mut *connection)
    .await?;
    let id: i64 = row.try_get("id")?;
    sqlx::query(
        "INSERT INTO groups (conversation_id, name, avatar, owner_uid, created_at)
         VALUES ($1, $2, '', $3, $4)",
    )
    .bind(id)
    .bind(&new.name)
    .bind(new.owner.0)
    .bind(new.created_at)
    .execute(connection)
    .await?;
    Ok(GroupId(id))
}

/// Adds members to a group.
pub(in super::super) struct Add<'a>(pub(super) &'a NewMembers);

impl Work for Add<'_> {
    type Output = Result<GroupChange, GroupRefusal>;

    async fn run(&self, connection: &mut Connection) -> Result<Self::Output, StoreError> {
        let new = self.0;
        // Whoever adds members has the conversation's row, so that what is counted below stays so.
        lock(connection, LOCK_CONVERSATIONS, &json(&[(new.group,)])).await?;
        let Some(mut group) = group(connection, new.by, new.group).await? else {
            return Ok(Err(GroupRefusal::NoGroup));
        };
        if group.owner != new.by {
            return Ok(Err(GroupRefusal::NotOwner));
        }
        let found = profiles(connection, &new.uids).await?;
        if let Some(nobody) = new.uids.iter().find(|uid| !found.contains_key(uid)) {
            return Ok(Err(GroupRefusal::NoUser(*nobody)));
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
        let names: Vec<String> = added
            .iter()
            .take(limits::NAMES_LISTED + 1)
            .map(|uid| found[uid].name.clone())
            .collect();
        let mut owner = profiles(connection, &[new.by]).await?;
        let said = Said {
            seq: take_place(connection, new).await?,
            sender: owner.remove(&new.by).ok_or(sqlx::Error::RowNotFound)?,
            content: names_listed(&names),
            msg_type: MsgType::MEMBERS_ADDED,
            created_at: new.added_at,
        };
        join(connection, new.group, &added, said.seq.prev()).await?;
        let message = say(connection, &group, said).await?;
        Ok(Ok(GroupChange {
            group,
            added,
            message: Some(message),
        }))
    }
}

/// The next place in the group, for one message.
async fn take_place(connection: &mut Connection, new: &NewMembers) -> Result<Seq, StoreError> {
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

/// The server's words about a group.
struct Said {
    seq: Seq,
    sender: Profile,
    content: String,
    msg_type: MsgType,
    created_at: i64,
}

async fn say(
    connection: &mut Connection,
    group: &api::Group,
    said: Said,
) -> Result<Appended, StoreError> {
    let mut message = [Appended {
        conversation: ConversationId(group.group_id.0),
        record: Record {
            mid: Mid(0),
            seq: said.seq,
            sender: said.sender,
            client_msg_id: None,
            content: said.content,
            msg_type: said.msg_type,
            created_at: said.created_at,
        },
        recipient: Party {
            peer: Peer::Group(group.group_id),
            name: group.name.clone(),
            avatar: group.avatar.clone(),
        },
        fresh: true,
    }];
    messages::insert(connection, &mut message).await?;
    let [message] = message;
    Ok(message)
}

/// Who of these exists.
async fn profiles(
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

/// Who of these is a member.
async fn members_among(
    connection: &mut Connection,
    group: GroupId,
    uids: &[UserId],
) -> Result<std::collections::HashSet<UserId>, StoreError> {
    let found = sqlx::query(concat!(
        "SELECT m.uid FROM ",
        rows!(),
        " CROSS JOIN members m
          WHERE m.uid = CAST(j.value ->> 0 AS BIGINT) AND m.conversation_id = $2"
    ))
    .bind(set(uids))
    .bind(group.0)
    .fetch_all(connection)
    .await?;
    let uids = found.iter().map(|row| row.try_get("uid").map(UserId));
    Ok(uids.collect::<Result<_, _>>()?)
}

/// Makes them members from this place on.
async fn join(
    connection: &mut Connection,
    group: GroupId,
    uids: &[UserId],
    joined: Seq,
) -> Result<(), StoreError> {
    sqlx::query(concat!(
        "INSERT INTO members (conversation_id, uid, joined_seq, read_seq, delivered_seq)
         SELECT $2, CAST(j.value ->> 0 AS BIGINT), $3, $3, $3 FROM ",
        rows!()
    ))
    .bind(set(uids))
    .bind(group.0)
    .bind(joined.0)
    .execute(connection)
    .await?;
    Ok(())
}

fn set(uids: &[UserId]) -> String {
    json(&uids.iter().map(|uid| (uid,)).collect::<Vec<_>>())
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

/// Members by uid, upwards, after this one.
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
