//! Conversations as their members see them, and the members' cursors.

use super::dialect::{Connection, LOCK_MEMBERS, Row, rows};
use super::{Work, json, lock};
use crate::store::{AdvanceCursor, CURSORS_PAGE, PeerProfile, Profile, StoreError, Thread};
use sqlx::Row as _;
use std::collections::BTreeMap;
use tidings_shared::delivery::DeliveryCursor;
use tidings_shared::session::ConversationCursor;
use tidings_shared::{ConversationId, GroupId, Mid, Peer, Seq, UserId};

/// The columns that [`peer_profile`] reads besides `id`, where [`join_other`] has joined them.
macro_rules! other {
    () => {
        "o.uid AS o_uid, coalesce(o.username, g.name) AS o_name,
         coalesce(o.avatar, g.avatar) AS o_avatar"
    };
}
pub(super) use other;

/// Joins the other participant of a conversation `c`, or its group, as seen by a member.
macro_rules! join_other {
    ($member:literal) => {
        concat!(
            " LEFT JOIN groups g ON g.conversation_id = c.id
              LEFT JOIN users o ON o.uid = c.low_uid + c.high_uid - ",
            $member
        )
    };
}
pub(super) use join_other;

/// The two users of a direct conversation in stored order.
pub(super) fn in_order(a: UserId, b: UserId) -> (UserId, UserId) {
    (a.min(b), a.max(b))
}

/// The other participant; without a user it is the group.
pub(super) fn peer_profile(row: &Row) -> Result<PeerProfile, sqlx::Error> {
    let peer = match row.try_get("o_uid")? {
        Some(uid) => Peer::User(UserId(uid)),
        None => Peer::Group(GroupId(row.try_get("id")?)),
    };
    Ok(PeerProfile {
        peer,
        name: row.try_get("o_name")?,
        avatar: row.try_get("o_avatar")?,
    })
}

/// Advances cursors. Unchanged rows are not written.
pub(in super::super) struct Advance<'a>(pub(super) &'a [AdvanceCursor]);

impl Work for Advance<'_> {
    type Output = ();

    async fn run(&self, connection: &mut Connection) -> Result<(), StoreError> {
        let mut furthest: BTreeMap<(UserId, ConversationId), (Seq, Seq)> = BTreeMap::new();
        for m in self.0 {
            let (read, delivered) = furthest.entry((m.uid, m.conversation)).or_default();
            *read = m.read.max(*read);
            *delivered = m.delivered.max(*delivered);
        }
        if furthest.is_empty() {
            return Ok(());
        }
        let sets: Vec<(UserId, ConversationId, Seq, Seq)> = furthest
            .into_iter()
            .map(|((uid, id), (read, delivered))| (uid, id, read, delivered))
            .collect();
        let sets = json(&sets);
        lock(connection, LOCK_MEMBERS, &sets).await?;
        sqlx::query(concat!(
            "WITH b AS MATERIALIZED (
                 SELECT c.id, CAST(j.value ->> 0 AS BIGINT) AS u,
                        CASE WHEN CAST(j.value ->> 2 AS BIGINT) > c.last_seq THEN c.last_seq
                             ELSE CAST(j.value ->> 2 AS BIGINT) END AS r,
                        CASE WHEN CAST(j.value ->> 3 AS BIGINT) > c.last_seq THEN c.last_seq
                             ELSE CAST(j.value ->> 3 AS BIGINT) END AS d
                   FROM ",
            rows!(),
            " CROSS JOIN conversations c
                  WHERE c.id = CAST(j.value ->> 1 AS BIGINT))
             UPDATE members
                SET read_seq = CASE WHEN b.r > read_seq THEN b.r ELSE read_seq END,
                    delivered_seq = CASE WHEN b.d > delivered_seq THEN b.d ELSE delivered_seq END
               FROM b
              WHERE members.uid = b.u AND members.conversation_id = b.id
                AND (b.r > read_seq OR b.d > delivered_seq)"
        ))
        .bind(sets)
        .execute(connection)
        .await?;
        Ok(())
    }
}

/// The columns that [`thread_row`] reads.
macro_rules! thread {
    () => {
        "c.id, c.last_seq, m.read_seq,
         a.uid AS me_uid, a.username AS me_name, a.avatar AS me_avatar"
    };
}

/// A conversation as one of its members sees it.
pub(super) async fn thread(
    connection: &mut Connection,
    me: UserId,
    peer: Peer,
) -> Result<Option<Thread>, StoreError> {
    let other = match peer {
        Peer::User(other) => other,
        Peer::Group(group) => {
            let thread = thread_by_id(connection, me, ConversationId(group.0)).await?;
            // A direct conversation cannot be addressed as a group.
            return Ok(thread.filter(|thread| thread.other.peer == peer));
        }
    };
    let (low, high) = in_order(me, other);
    let row = sqlx::query(concat!(
        "SELECT ",
        thread!(),
        ", o.uid AS o_uid, o.username AS o_name, o.avatar AS o_avatar
           FROM conversations c
           JOIN members m ON m.uid = $1 AND m.conversation_id = c.id
           JOIN users a ON a.uid = $1
           JOIN users o ON o.uid = $2
          WHERE c.low_uid = $3 AND c.high_uid = $4"
    ))
    .bind(me.0)
    .bind(other.0)
    .bind(low.0)
    .bind(high.0)
    .fetch_optional(connection)
    .await?;
    Ok(row.as_ref().map(thread_row).transpose()?)
}

/// The same, by its id.
pub(super) async fn thread_by_id(
    connection: &mut Connection,
    me: UserId,
    conversation: ConversationId,
) -> Result<Option<Thread>, StoreError> {
    let row = sqlx::query(concat!(
        "SELECT ",
        thread!(),
        ", ",
        other!(),
        " FROM members m
          JOIN conversations c ON c.id = m.conversation_id
          JOIN users a ON a.uid = m.uid",
        join_other!("m.uid"),
        " WHERE m.uid = $1 AND m.conversation_id = $2"
    ))
    .bind(me.0)
    .bind(conversation.0)
    .fetch_optional(connection)
    .await?;
    Ok(row.as_ref().map(thread_row).transpose()?)
}

fn thread_row(row: &Row) -> Result<Thread, sqlx::Error> {
    Ok(Thread {
        conversation: ConversationId(row.try_get("id")?),
        me: Profile {
            uid: UserId(row.try_get("me_uid")?),
            name: row.try_get("me_name")?,
            avatar: row.try_get("me_avatar")?,
        },
        other: peer_profile(row)?,
        last_seq: Seq(row.try_get("last_seq")?),
        read_seq: Seq(row.try_get("read_seq")?),
    })
}

/// A page of the cursors of a user's conversations.
pub(super) async fn cursors(
    connection: &mut Connection,
    uid: UserId,
    after: ConversationId,
) -> Result<Vec<ConversationCursor>, StoreError> {
    let found = sqlx::query(
        "WITH c AS MATERIALIZED (
             SELECT v.id, v.low_uid, v.last_seq, m.joined_seq, m.read_seq, m.delivered_seq
               FROM members m JOIN conversations v ON v.id = m.conversation_id
              WHERE m.uid = $1 AND m.conversation_id > $2
              ORDER BY m.conversation_id LIMIT $3)
         SELECT c.*, coalesce(h.mid, 0) AS head
           FROM c LEFT JOIN messages h
             ON h.conversation_id = c.id
            AND h.seq = CASE WHEN c.delivered_seq < c.last_seq THEN c.delivered_seq + 1 END
          ORDER BY c.id",
    )
    .bind(uid.0)
    .bind(after.0)
    .bind(i64::from(CURSORS_PAGE))
    .fetch_all(connection)
    .await?;
    let cursors = found.iter().map(|row| {
        let id: i64 = row.try_get("id")?;
        let is_group = row.try_get::<Option<i64>, _>("low_uid")?.is_none();
        Ok::<_, sqlx::Error>(ConversationCursor {
            delivery: DeliveryCursor {
                conversation: ConversationId(id),
                last_seq: Seq(row.try_get("last_seq")?),
                delivered_seq: Seq(row.try_get("delivered_seq")?),
                joined_seq: Seq(row.try_get("joined_seq")?),
                head: Mid(row.try_get("head")?),
            },
            read_seq: Seq(row.try_get("read_seq")?),
            group: is_group.then_some(GroupId(id)),
        })
    });
    Ok(cursors.collect::<Result<_, _>>()?)
}

/// The two participants of each of these conversations that is direct.
pub(super) async fn participants(
    connection: &mut Connection,
    conversations: &[ConversationId],
) -> Result<Vec<(ConversationId, UserId, UserId)>, StoreError> {
    let found = sqlx::query(concat!(
        "SELECT c.id, c.low_uid, c.high_uid FROM ",
        rows!(),
        " CROSS JOIN conversations c
          WHERE c.id = CAST(j.value ->> 0 AS BIGINT) AND c.low_uid IS NOT NULL"
    ))
    .bind(json(
        &conversations.iter().map(|id| [id]).collect::<Vec<_>>(),
    ))
    .fetch_all(connection)
    .await?;
    let participants = found.iter().map(|row| {
        Ok::<_, sqlx::Error>((
            ConversationId(row.try_get("id")?),
            UserId(row.try_get("low_uid")?),
            UserId(row.try_get("high_uid")?),
        ))
    });
    Ok(participants.collect::<Result<_, _>>()?)
}
