//! PostgreSQL specifics for the SQL in `sql/`. `sqlite/dialect.rs` is its counterpart, with the
//! same names.

pub(super) use super::PostgresStore as Database;

use super::primary::READ_ONLY;
use super::sql::plan::LastSeqs;
use super::sql::{fetch_json_rows, json};
use crate::store::{Appended, StoreError};
use serde::Serialize;
use sqlx::Row as _;
use std::collections::HashMap;
use tidings_shared::{ClientMsgId, ConversationId, Mid, MsgType, Seq, UserId};

/// One connection.
pub(super) type Connection = sqlx::PgConnection;
/// A result row.
pub(super) type Row = sqlx::postgres::PgRow;

/// The first parameter, a JSON array of arrays, as a table `j` of `value`s with their index `key`.
macro_rules! rows {
    () => {
        "jsonb_array_elements($1::jsonb) WITH ORDINALITY AS j(value, key)"
    };
}
pub(super) use rows;

/// Decodes a hexadecimal text.
macro_rules! bytes {
    ($text:literal) => {
        concat!("decode(", $text, ", 'hex')")
    };
}
pub(super) use bytes;

/// The rows of a query as one text: a JSON array of arrays.
macro_rules! json_rows {
    ($columns:literal) => {
        concat!(
            "CAST(COALESCE(json_agg(json_build_array(",
            $columns,
            ")), '[]') AS TEXT)"
        )
    };
}
pub(super) use json_rows;

/// Other nodes change the same rows. All transactions lock them in the order of their keys, and in
/// the order users, conversations, members, so that they do not deadlock. `NO KEY`: rows that refer
/// to these may be added meanwhile. This ends a query of conversations `c`, which returns their
/// state once locked.
macro_rules! locking_conversations {
    () => {
        " ORDER BY c.id FOR NO KEY UPDATE OF c"
    };
}
/// See [`locking_conversations`].
pub(super) const LOCK_CONVERSATIONS: Option<&str> = Some(concat!(
    "SELECT c.id FROM ",
    rows!(),
    " CROSS JOIN conversations c
      WHERE c.id = CAST(j.value ->> 0 AS BIGINT)",
    locking_conversations!()
));
/// See [`locking_conversations`].
pub(super) const LOCK_MEMBERS: Option<&str> = Some(concat!(
    "SELECT m.uid FROM ",
    rows!(),
    " CROSS JOIN members m
      WHERE m.uid = CAST(j.value ->> 0 AS BIGINT)
        AND m.conversation_id = CAST(j.value ->> 1 AS BIGINT)
      ORDER BY m.uid, m.conversation_id FOR NO KEY UPDATE OF m"
));
/// Locks a user's password until the end of the transaction.
pub(super) const LOCK_PASSWORD: Option<&str> =
    Some("SELECT uid FROM users WHERE uid = $1 FOR SHARE");
/// Blocks additions and changes of users, but not references to them.
pub(super) const LOCK_USERS: Option<&str> = Some("LOCK TABLE users IN SHARE ROW EXCLUSIVE MODE");

/// Reserves sequence numbers: advances the last sequence number and time of conversations, each an
/// `[id, n, at]` of these rows, and locks them until the commit. `last` is updated to the locked
/// state. The time is read only by earlier versions.
pub(super) async fn reserve(
    connection: &mut Connection,
    rows: String,
    last: &mut LastSeqs,
) -> Result<(), StoreError> {
    let locked: Vec<(ConversationId, Seq)> = fetch_json_rows(
        connection,
        concat!(
            "WITH c AS MATERIALIZED (
                 SELECT c.id, c.last_seq FROM ",
            rows!(),
            " CROSS JOIN conversations c
                  WHERE c.id = CAST(j.value ->> 0 AS BIGINT)",
            locking_conversations!(),
            ")
             SELECT ",
            json_rows!("id, last_seq"),
            " FROM c"
        ),
        rows.clone(),
    )
    .await?;
    sqlx::query(concat!(
        "UPDATE conversations
            SET last_seq = last_seq + b.n, last_at = greatest(last_at, b.at)
           FROM (SELECT CAST(j.value ->> 0 AS BIGINT) AS id, CAST(j.value ->> 1 AS BIGINT) AS n,
                        CAST(j.value ->> 2 AS BIGINT) AS at
                   FROM ",
        rows!(),
        ") AS b
          WHERE conversations.id = b.id"
    ))
    .bind(rows)
    .execute(connection)
    .await?;
    last.extend(locked);
    Ok(())
}

#[derive(Serialize)]
struct InsertRow<'a>(
    ConversationId,
    Seq,
    UserId,
    Option<&'a ClientMsgId>,
    &'a str,
    MsgType,
    i64,
);

impl<'a> From<&'a Appended> for InsertRow<'a> {
    fn from(appended: &'a Appended) -> Self {
        let record = &appended.record;
        Self(
            appended.conversation,
            record.seq,
            record.sender.uid,
            record.client_msg_id.as_ref(),
            record.body.content(),
            record.body.msg_type(),
            record.created_at,
        )
    }
}

/// Inserts these messages and sets their ids, matched by sequence number: other nodes take ids
/// meanwhile.
///
/// # Errors
/// [`StoreError::Duplicate`] when one of them was stored before.
pub(super) async fn insert(
    connection: &mut Connection,
    messages: &mut [Appended],
) -> Result<(), StoreError> {
    let sets: Vec<InsertRow<'_>> = messages.iter().map(InsertRow::from).collect();
    let inserted = sqlx::query(concat!(
        "INSERT INTO messages
                (conversation_id, seq, sender_uid, client_msg_id, content, msg_type, created_at)
         SELECT CAST(j.value ->> 0 AS BIGINT), CAST(j.value ->> 1 AS BIGINT),
                CAST(j.value ->> 2 AS BIGINT), j.value ->> 3, j.value ->> 4,
                CAST(j.value ->> 5 AS BIGINT), CAST(j.value ->> 6 AS BIGINT)
           FROM ",
        rows!(),
        " ORDER BY j.key
             ON CONFLICT (sender_uid, client_msg_id) DO NOTHING
         RETURNING mid, conversation_id, seq"
    ))
    .bind(json(&sets))
    .fetch_all(connection)
    .await?;
    if inserted.len() != messages.len() {
        return Err(StoreError::Duplicate);
    }
    let mut mids = HashMap::with_capacity(inserted.len());
    for row in inserted {
        let key: (i64, i64) = (row.try_get("conversation_id")?, row.try_get("seq")?);
        mids.insert(key, Mid(row.try_get("mid")?));
    }
    for message in messages {
        let key = (message.conversation.0, message.record.seq.0);
        message.record.mid = *mids.get(&key).ok_or(sqlx::Error::RowNotFound)?;
    }
    Ok(())
}

/// Whether writing would succeed.
pub(super) async fn check_writable(store: &Database) -> Result<(), StoreError> {
    let mut writer = store.writer.acquire().await?;
    Ok(store.primary.check_writable(&mut writer).await?)
}

/// Whether a retry may succeed soon: after a lost race, or while the server is unreachable.
pub(super) fn is_transient(error: &sqlx::Error) -> bool {
    match error {
        sqlx::Error::Io(_) => true,
        sqlx::Error::Database(error) => error.code().is_some_and(|code| {
            // Connection errors, and administrative shutdowns.
            code.starts_with("08")
                || matches!(
                    code.as_ref(),
                    "40001"     // serialization_failure
                    | "40P01"   // deadlock_detected
                    | "55P03"   // lock_not_available: another's transaction took too long
                    | "23505"   // unique_violation: another node took the same place or name meanwhile
                    | "25P03"   // idle_in_transaction_session_timeout: this node was frozen
                    | READ_ONLY // a standby that is about to take over, or a primary that was one
                    | "53300"   // too_many_connections
                    | "57P01"   // admin_shutdown
                    | "57P02"   // crash_shutdown
                    | "57P03"   // cannot_connect_now
                    | "57P05" // idle_session_timeout
                )
        }),
        _ => false,
    }
}
