//! Reading conversations and moving positions.

use super::append::json;
use crate::store::{
    ListCursor, ListRow, Move, Party, Profile, Range, Record, Standing, StoreError, Thread,
};
use sqlx::{Row, SqlitePool, sqlite::SqliteRow};
use tidings_shared::delivery::Position;
use tidings_shared::{ClientMsgId, ConversationId, Mid, MsgType, Peer, Seq, UserId};

pub(super) async fn advance(writer: &SqlitePool, moves: &[Move]) -> Result<(), StoreError> {
    let sets: Vec<(i64, i64, i64, i64)> = moves
        .iter()
        .map(|m| (m.conversation.0, m.uid.0, m.read.0, m.delivered.0))
        .collect();
    sqlx::query(
        "UPDATE members
            SET read_seq = max(members.read_seq, min(b.read_seq, b.last_seq)),
                delivered_seq = max(members.delivered_seq, min(b.delivered_seq, b.last_seq))
           FROM (SELECT value ->> 0 AS id, value ->> 1 AS uid, value ->> 2 AS read_seq,
                        value ->> 3 AS delivered_seq, c.last_seq
                   FROM json_each($1) JOIN conversations c ON c.id = value ->> 0) b
          WHERE members.uid = b.uid AND members.conversation_id = b.id",
    )
    .bind(json(&sets))
    .execute(writer)
    .await?;
    Ok(())
}

pub(super) async fn thread(
    readers: &SqlitePool,
    me: UserId,
    other: UserId,
) -> Result<Option<Thread>, StoreError> {
    let row = sqlx::query(
        "SELECT c.id, c.last_seq, m.read_seq,
                a.uid AS me_uid, a.username AS me_name, a.avatar AS me_avatar,
                o.uid AS o_uid, o.username AS o_name, o.avatar AS o_avatar
           FROM conversations c
           JOIN members m ON m.uid = $1 AND m.conversation_id = c.id
           JOIN users a ON a.uid = $1
           JOIN users o ON o.uid = $2
          WHERE c.low_uid = min($1, $2) AND c.high_uid = max($1, $2)",
    )
    .bind(me.0)
    .bind(other.0)
    .fetch_optional(readers)
    .await?;
    Ok(row.as_ref().map(thread_row).transpose()?)
}

pub(super) async fn thread_by_id(
    readers: &SqlitePool,
    me: UserId,
    conversation: ConversationId,
) -> Result<Option<Thread>, StoreError> {
    let row = sqlx::query(
        "SELECT c.id, c.last_seq, m.read_seq,
                a.uid AS me_uid, a.username AS me_name, a.avatar AS me_avatar,
                o.uid AS o_uid, o.username AS o_name, o.avatar AS o_avatar
           FROM members m
           JOIN conversations c ON c.id = m.conversation_id
           JOIN users a ON a.uid = m.uid
           JOIN users o ON o.uid = c.low_uid + c.high_uid - m.uid
          WHERE m.uid = $1 AND m.conversation_id = $2",
    )
    .bind(me.0)
    .bind(conversation.0)
    .fetch_optional(readers)
    .await?;
    Ok(row.as_ref().map(thread_row).transpose()?)
}

fn thread_row(row: &SqliteRow) -> Result<Thread, sqlx::Error> {
    Ok(Thread {
        conversation: ConversationId(row.try_get("id")?),
        me: Profile {
            uid: UserId(row.try_get("me_uid")?),
            name: row.try_get("me_name")?,
            avatar: row.try_get("me_avatar")?,
        },
        other: party(row)?,
        last_seq: Seq(row.try_get("last_seq")?),
        read_seq: Seq(row.try_get("read_seq")?),
    })
}

fn party(row: &SqliteRow) -> Result<Party, sqlx::Error> {
    Ok(Party {
        peer: Peer::User(UserId(row.try_get("o_uid")?)),
        name: row.try_get("o_name")?,
        avatar: row.try_get("o_avatar")?,
    })
}

pub(super) async fn page(
    readers: &SqlitePool,
    conversation: ConversationId,
    range: Range,
) -> Result<Vec<Record>, StoreError> {
    let upward = range.after.is_some();
    let sql = if upward {
        "SELECT m.*, s.username AS s_name, s.avatar AS s_avatar
           FROM messages m JOIN users s ON s.uid = m.sender_uid
          WHERE m.conversation_id = $1 AND m.seq > $2 AND m.seq < $3 AND m.mid < $4
          ORDER BY m.seq LIMIT $5"
    } else {
        "SELECT m.*, s.username AS s_name, s.avatar AS s_avatar
           FROM messages m JOIN users s ON s.uid = m.sender_uid
          WHERE m.conversation_id = $1 AND m.seq > $2 AND m.seq < $3 AND m.mid < $4
          ORDER BY m.seq DESC LIMIT $5"
    };
    let rows = sqlx::query(sql)
        .bind(conversation.0)
        .bind(range.after.map_or(0, |seq| seq.0))
        .bind(range.before.map_or(i64::MAX, |seq| seq.0))
        .bind(range.before_mid.map_or(i64::MAX, |mid| mid.0))
        .bind(i64::from(range.limit))
        .fetch_all(readers)
        .await?;
    let mut records = rows.iter().map(record).collect::<Result<Vec<_>, _>>()?;
    if !upward {
        records.reverse();
    }
    Ok(records)
}

pub(super) fn record(row: &SqliteRow) -> Result<Record, sqlx::Error> {
    Ok(Record {
        mid: Mid(row.try_get("mid")?),
        seq: Seq(row.try_get("seq")?),
        sender: Profile {
            uid: UserId(row.try_get("sender_uid")?),
            name: row.try_get("s_name")?,
            avatar: row.try_get("s_avatar")?,
        },
        client_msg_id: row
            .try_get::<Option<String>, _>("client_msg_id")?
            .map(ClientMsgId),
        content: row.try_get("content")?,
        msg_type: MsgType(row.try_get("msg_type")?),
        created_at: row.try_get("created_at")?,
    })
}

pub(super) async fn positions(
    readers: &SqlitePool,
    uid: UserId,
) -> Result<Vec<Standing>, StoreError> {
    let rows = sqlx::query(
        "SELECT c.id, c.last_seq, m.delivered_seq, coalesce(h.mid, 0) AS head
           FROM members m
           JOIN conversations c ON c.id = m.conversation_id
           LEFT JOIN messages h ON h.conversation_id = c.id AND h.seq = m.delivered_seq + 1
          WHERE m.uid = $1",
    )
    .bind(uid.0)
    .fetch_all(readers)
    .await?;
    let positions = rows.iter().map(|row| {
        Ok::<_, sqlx::Error>(Standing {
            position: Position {
                conversation: ConversationId(row.try_get("id")?),
                last_seq: Seq(row.try_get("last_seq")?),
                delivered_seq: Seq(row.try_get("delivered_seq")?),
                joined_seq: Seq(0),
                head: Mid(row.try_get("head")?),
            },
            group: None,
        })
    });
    Ok(positions.collect::<Result<_, _>>()?)
}

pub(super) async fn list(
    readers: &SqlitePool,
    uid: UserId,
    after: Option<ListCursor>,
    limit: u32,
) -> Result<Vec<ListRow>, StoreError> {
    let (last_at, id) = after.map_or((i64::MAX, i64::MAX), |c| (c.last_at, c.conversation.0));
    let rows = sqlx::query(
        "SELECT c.id, c.last_seq, c.last_at, m.read_seq,
                o.uid AS o_uid, o.username AS o_name, o.avatar AS o_avatar,
                l.sender_uid, w.username AS s_name, w.avatar AS s_avatar, l.msg_type, substr(l.content, 1, $5) AS preview,
                (SELECT count(*) FROM messages u
                  WHERE u.conversation_id = c.id AND u.seq > m.read_seq AND u.sender_uid <> $1
                ) AS unread
           FROM members m
           JOIN conversations c ON c.id = m.conversation_id
           JOIN messages l ON l.conversation_id = c.id AND l.seq = c.last_seq
           JOIN users w ON w.uid = l.sender_uid
           JOIN users o ON o.uid = c.low_uid + c.high_uid - m.uid
          WHERE m.uid = $1 AND (c.last_at, c.id) < ($2, $3)
          ORDER BY c.last_at DESC, c.id DESC LIMIT $4",
    )
    .bind(uid.0)
    .bind(last_at)
    .bind(id)
    .bind(i64::from(limit))
    .bind(i64::try_from(tidings_shared::limits::PREVIEW_CHARS).unwrap_or(i64::MAX))
    .fetch_all(readers)
    .await?;
    Ok(rows.iter().map(list_row).collect::<Result<_, _>>()?)
}

fn list_row(row: &SqliteRow) -> Result<ListRow, sqlx::Error> {
    Ok(ListRow {
        cursor: ListCursor {
            last_at: row.try_get("last_at")?,
            conversation: ConversationId(row.try_get("id")?),
        },
        other: party(row)?,
        last_seq: Seq(row.try_get("last_seq")?),
        read_seq: Seq(row.try_get("read_seq")?),
        unread: count(row, "unread")?,
        last_sender: Profile {
            uid: UserId(row.try_get("sender_uid")?),
            name: row.try_get("s_name")?,
            avatar: row.try_get("s_avatar")?,
        },
        last_content: row.try_get("preview")?,
        last_msg_type: MsgType(row.try_get("msg_type")?),
    })
}

pub(super) async fn unread(
    readers: &SqlitePool,
    uid: UserId,
    conversation: ConversationId,
) -> Result<(u64, u64), StoreError> {
    let row = sqlx::query(
        "SELECT coalesce(sum(n), 0) AS total,
                coalesce(sum(CASE WHEN id = $2 THEN n ELSE 0 END), 0) AS here
           FROM (SELECT c.id,
                        (SELECT count(*) FROM messages u
                          WHERE u.conversation_id = c.id AND u.seq > m.read_seq
                            AND u.sender_uid <> $1) AS n
                   FROM members m JOIN conversations c ON c.id = m.conversation_id
                  WHERE m.uid = $1 AND m.read_seq < c.last_seq)",
    )
    .bind(uid.0)
    .bind(conversation.0)
    .fetch_one(readers)
    .await?;
    Ok((count(&row, "here")?, count(&row, "total")?))
}

pub(super) async fn unread_total(readers: &SqlitePool, uid: UserId) -> Result<u64, StoreError> {
    // No conversation has the id 0.
    let (_, total) = unread(readers, uid, ConversationId(0)).await?;
    Ok(total)
}

fn count(row: &SqliteRow, column: &str) -> Result<u64, sqlx::Error> {
    Ok(u64::try_from(row.try_get::<i64, _>(column)?).unwrap_or(0))
}
