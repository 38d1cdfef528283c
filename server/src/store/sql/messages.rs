//! Messages: found by their idempotency keys, and read by page.

use super::conversations::{join_other, other, peer_profile};
use super::dialect::{Connection, Row, rows};
use super::json;
use super::plan::Key;
use crate::store::{Appended, Profile, Range, Record, StoreError};
use sqlx::Row as _;
use tidings_shared::{Body, ClientMsgId, ConversationId, Mid, MsgType, Seq, UserId};

/// The columns that [`record`] reads, of a message `m` and its sender `s`.
macro_rules! message {
    () => {
        "m.mid, m.conversation_id, m.seq, m.sender_uid, m.client_msg_id, m.content, m.msg_type,
         m.created_at, s.username AS s_name, s.avatar AS s_avatar"
    };
}

/// The messages that these keys stored.
pub(super) async fn by_keys(
    connection: &mut Connection,
    keys: &[Key<'_>],
) -> Result<Vec<Appended>, StoreError> {
    let found = sqlx::query(concat!(
        "WITH m AS MATERIALIZED (
             SELECT m.* FROM ",
        rows!(),
        " CROSS JOIN messages m
              WHERE m.sender_uid = CAST(j.value ->> 0 AS BIGINT)
                AND m.client_msg_id = j.value ->> 1)
         SELECT ",
        message!(),
        ", c.id, ",
        other!(),
        " FROM m
          CROSS JOIN conversations c
          CROSS JOIN users s",
        join_other!("m.sender_uid"),
        " WHERE c.id = m.conversation_id AND s.uid = m.sender_uid"
    ))
    .bind(json(keys))
    .fetch_all(connection)
    .await?;
    let appended = found.iter().map(|row| {
        Ok::<_, sqlx::Error>(Appended {
            conversation: ConversationId(row.try_get("id")?),
            record: record(row)?,
            recipient: peer_profile(row)?,
            fresh: false,
        })
    });
    Ok(appended.collect::<Result<_, _>>()?)
}

/// Messages of a conversation, oldest first.
pub(super) async fn page(
    connection: &mut Connection,
    conversation: ConversationId,
    range: Range,
) -> Result<Vec<Record>, StoreError> {
    let upward = range.after.is_some();
    let sql = if upward {
        concat!(
            "SELECT ",
            message!(),
            " FROM messages m JOIN users s ON s.uid = m.sender_uid
              WHERE m.conversation_id = $1 AND m.seq > $2 AND m.seq < $3 AND m.mid < $4
              ORDER BY m.seq LIMIT $5"
        )
    } else {
        concat!(
            "SELECT ",
            message!(),
            " FROM messages m JOIN users s ON s.uid = m.sender_uid
              WHERE m.conversation_id = $1 AND m.seq > $2 AND m.seq < $3 AND m.mid < $4
              ORDER BY m.seq DESC LIMIT $5"
        )
    };
    let found = sqlx::query(sql)
        .bind(conversation.0)
        .bind(range.after.map_or(0, |seq| seq.0))
        .bind(range.before.map_or(i64::MAX, |seq| seq.0))
        .bind(range.before_mid.map_or(i64::MAX, |mid| mid.0))
        .bind(i64::from(range.limit))
        .fetch_all(connection)
        .await?;
    let mut records = found.iter().map(record).collect::<Result<Vec<_>, _>>()?;
    if !upward {
        records.reverse();
    }
    Ok(records)
}

fn record(row: &Row) -> Result<Record, sqlx::Error> {
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
        body: Body::new(MsgType(row.try_get("msg_type")?), row.try_get("content")?),
        created_at: row.try_get("created_at")?,
    })
}
