//! Lists of conversations and unread counts.

use super::conversations::{join_other, other, peer_profile};
use super::dialect::{Connection, Row, json_rows};
use super::parse_json_rows;
use crate::store::{ListCursor, ListRow, Profile, StoreError};
use sqlx::Row as _;
use tidings_shared::session::UnreadCounts;
use tidings_shared::{Body, ConversationId, Mid, MsgType, Seq, UserId, limits};

/// A page of a user's conversations that have messages, newest message first, ordered by message id
/// and not by time. The page is selected first, and only its rows are counted.
pub(super) async fn list(
    connection: &mut Connection,
    uid: UserId,
    after: Option<ListCursor>,
    limit: u32,
) -> Result<Vec<ListRow>, StoreError> {
    let before = after.map_or(i64::MAX, |cursor| cursor.0.0);
    let found = sqlx::query(concat!(
        "WITH v AS MATERIALIZED (
             SELECT v.id, v.low_uid, v.high_uid, v.last_seq, m.read_seq
               FROM members m JOIN conversations v ON v.id = m.conversation_id
              WHERE m.uid = $1 AND v.last_seq > 0),
         n AS MATERIALIZED (
             SELECT v.*, e.mid FROM v CROSS JOIN messages e
              WHERE e.conversation_id = v.id AND e.seq = v.last_seq)
         SELECT c.id, c.last_seq, c.mid, c.read_seq, ",
        other!(),
        ", l.sender_uid, s.username AS s_name, s.avatar AS s_avatar, l.msg_type, l.created_at,
            substr(l.content, 1, CAST($4 AS INTEGER)) AS preview,
            (SELECT CAST(count(*) AS BIGINT)
               FROM (SELECT 1 FROM messages u
                      WHERE u.conversation_id = c.id AND u.seq > c.read_seq AND u.sender_uid <> $1
                      LIMIT $5) AS counted
            ) AS unread,
            p.delivered_seq AS p_delivered, p.read_seq AS p_read
       FROM (SELECT * FROM n WHERE mid < $2 ORDER BY mid DESC LIMIT $3) AS c
       JOIN messages l ON l.mid = c.mid
       JOIN users s ON s.uid = l.sender_uid",
        join_other!("$1"),
        " LEFT JOIN members p ON p.uid = o.uid AND p.conversation_id = c.id
         ORDER BY c.mid DESC"
    ))
    .bind(uid.0)
    .bind(before)
    .bind(i64::from(limit))
    .bind(i64::try_from(limits::PREVIEW_CHARS).unwrap_or(i64::MAX))
    .bind(i64::from(limits::UNREAD_MAX))
    .fetch_all(connection)
    .await?;
    Ok(found.iter().map(list_row).collect::<Result<_, _>>()?)
}

fn list_row(row: &Row) -> Result<ListRow, sqlx::Error> {
    Ok(ListRow {
        cursor: ListCursor(Mid(row.try_get("mid")?)),
        other: peer_profile(row)?,
        last_seq: Seq(row.try_get("last_seq")?),
        read_seq: Seq(row.try_get("read_seq")?),
        unread: count(row, "unread")?,
        receipt: receipt(row)?,
        last_sender: Profile {
            uid: UserId(row.try_get("sender_uid")?),
            name: row.try_get("s_name")?,
            avatar: row.try_get("s_avatar")?,
        },
        last_body: Body::new(MsgType(row.try_get("msg_type")?), row.try_get("preview")?),
        last_at: row.try_get("created_at")?,
    })
}

fn receipt(row: &Row) -> Result<Option<(Seq, Seq)>, sqlx::Error> {
    let delivered: Option<i64> = row.try_get("p_delivered")?;
    let read: Option<i64> = row.try_get("p_read")?;
    Ok(delivered.zip(read).map(|(d, r)| (Seq(d), Seq(r))))
}

/// A conversation with messages after the read cursor: its id, last sequence number, unread
/// messages from others, at most [`limits::UNREAD_MAX`], and 1 if it is direct.
type Count = (ConversationId, Seq, u64, u8);

async fn counts(connection: &mut Connection, uid: UserId) -> Result<Vec<Count>, StoreError> {
    let text: String = sqlx::query_scalar(concat!(
        "SELECT ",
        json_rows!("t.id, t.last_seq, t.n, t.direct"),
        " FROM (SELECT c.id, c.last_seq, CAST(c.low_uid IS NOT NULL AS INTEGER) AS direct,
                        (SELECT count(*)
                           FROM (SELECT 1 FROM messages u
                                  WHERE u.conversation_id = c.id AND u.seq > m.read_seq
                                    AND u.sender_uid <> $1
                                  LIMIT $2) AS counted) AS n
                   FROM members m JOIN conversations c ON c.id = m.conversation_id
                  WHERE m.uid = $1 AND m.read_seq < c.last_seq) AS t"
    ))
    .bind(uid.0)
    .bind(i64::from(limits::UNREAD_MAX))
    .fetch_one(connection)
    .await?;
    parse_json_rows(&text)
}

/// Unread messages from others, in one conversation and in all.
pub(super) async fn unread(
    connection: &mut Connection,
    uid: UserId,
    conversation: ConversationId,
) -> Result<(u64, u64), StoreError> {
    let counts = counts(connection, uid).await?;
    let here = counts.iter().find(|(id, ..)| *id == conversation);
    let total = counts.iter().map(|(_, _, n, _)| n).sum();
    Ok((here.map_or(0, |(_, _, n, _)| *n), total))
}

/// Unread counts in all conversations, and the conversations whose unread messages are all from the
/// user.
pub(super) async fn unread_total(
    connection: &mut Connection,
    uid: UserId,
) -> Result<UnreadCounts, StoreError> {
    let counts = counts(connection, uid).await?;
    let from_self = counts.iter().filter(|(_, _, n, _)| *n == 0);
    let direct = counts.iter().filter(|(.., direct)| *direct == 1);
    Ok(UnreadCounts {
        total: counts.iter().map(|(_, _, n, _)| n).sum(),
        direct: direct.map(|(_, _, n, _)| n).sum(),
        from_self: from_self.map(|&(id, last, ..)| (id, last)).collect(),
    })
}

fn count(row: &Row, column: &str) -> Result<u64, sqlx::Error> {
    Ok(u64::try_from(row.try_get::<i64, _>(column)?).unwrap_or(0))
}
