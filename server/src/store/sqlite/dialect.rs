//! What the SQL of `sql/` has to know about SQLite. `postgres/dialect.rs` is its counterpart, name
//! by name.

pub(super) use super::SqliteStore as Database;

use super::sql::unpacked;
use crate::store::{Appended, StoreError};
use std::sync::LazyLock;
use tidings_shared::{ConversationId, Mid, Seq};

/// One connection.
pub(super) type Connection = sqlx::SqliteConnection;
/// What a query returns.
pub(super) type Row = sqlx::sqlite::SqliteRow;

/// The first parameter, a JSON array of arrays, as a table `j` of `value`s with their place `key`.
/// `json_each` would write each `value` as text, to be read again for each of its columns.
macro_rules! rows {
    () => {
        "jsonb_each($1) AS j"
    };
}
pub(super) use rows;

/// The bytes that a text names in hexadecimal.
macro_rules! bytes {
    ($text:literal) => {
        concat!("unhex(", $text, ")")
    };
}
pub(super) use bytes;

/// The rows of a query as one text: a JSON array of arrays. Each row by itself would go from sqlx's
/// thread for this connection to the task that waits for it, which is woken for nearly every one.
macro_rules! packed {
    ($columns:literal) => {
        concat!("CAST(json_group_array(json_array(", $columns, ")) AS TEXT)")
    };
}
pub(super) use packed;

/// Moves conversations on by as many messages, to a time: each an `[id, n, at]` of these rows. Gives
/// the last place of each before.
pub(super) async fn reserve(
    connection: &mut Connection,
    rows: String,
) -> Result<Vec<(ConversationId, Seq)>, StoreError> {
    // Both in one go: the way to sqlx's thread and back costs more than either.
    let packed = sqlx::query_scalar(concat!(
        "SELECT ",
        packed!("c.id, c.last_seq"),
        " FROM ",
        rows!(),
        " CROSS JOIN conversations c WHERE c.id = j.value ->> 0;
         UPDATE conversations
            SET last_seq = last_seq + b.n, last_at = max(last_at, b.at)
           FROM (SELECT j.value ->> 0 AS id, j.value ->> 1 AS n, j.value ->> 2 AS at FROM ",
        rows!(),
        ") AS b
          WHERE conversations.id = b.id"
    ))
    .bind(rows)
    .fetch_all(connection)
    .await?;
    let [before]: [String; 1] = packed.try_into().map_err(|_| sqlx::Error::RowNotFound)?;
    unpacked(&before)
}

/// Rows that the statements take which insert messages. What a batch does not fill is NULL and left
/// out, so that a few statements, prepared once, do for every batch in one go.
const ROWS: [usize; 4] = [1, 16, 128, 1024];
static INSERTS: LazyLock<[String; ROWS.len()]> = LazyLock::new(|| ROWS.map(insert_statement));

/// Columns are plain parameters: taken out of JSON they would cost as much again as their insertion.
/// No function is called, which is the condition for `OR ROLLBACK` to save the journal that undoes
/// this statement alone; if it is refused, the transaction is over anyway
/// (<https://sqlite.org/lang_conflict.html>).
fn insert_statement(rows: usize) -> String {
    format!(
        "INSERT OR ROLLBACK INTO messages
             (conversation_id, seq, sender_uid, client_msg_id, content, msg_type, created_at)
         SELECT * FROM (VALUES {}) WHERE column1 IS NOT NULL
             ON CONFLICT (sender_uid, client_msg_id) DO NOTHING",
        vec!["(?, ?, ?, ?, ?, ?, ?)"; rows].join(", ")
    )
}

/// Inserts these messages and gives them their ids, which AUTOINCREMENT counts on one by one in the
/// order of the rows (<https://sqlite.org/autoinc.html>): nobody else writes meanwhile. So no row is
/// returned for each; see [`packed`].
///
/// # Errors
/// [`StoreError::Repeated`] when one of them was stored before.
pub(super) async fn insert(
    connection: &mut Connection,
    messages: &mut [Appended],
) -> Result<(), StoreError> {
    for chunk in messages.chunks_mut(ROWS[ROWS.len() - 1]) {
        let fitting = ROWS.iter().position(|rows| chunk.len() <= *rows);
        let statement = &INSERTS[fitting.unwrap_or(ROWS.len() - 1)];
        insert_chunk(connection, statement, chunk).await?;
    }
    Ok(())
}

async fn insert_chunk(
    connection: &mut Connection,
    statement: &'static str,
    messages: &mut [Appended],
) -> Result<(), StoreError> {
    let mut query = sqlx::query(statement);
    for message in &*messages {
        let record = &message.record;
        query = query
            .bind(message.conversation.0)
            .bind(record.seq.0)
            .bind(record.sender.uid.0)
            .bind(record.client_msg_id.as_ref().map(|id| id.0.as_str()))
            .bind(record.content.as_str())
            .bind(record.msg_type.0)
            .bind(record.created_at);
    }
    let done = query.execute(connection).await?;
    if usize::try_from(done.rows_affected()) != Ok(messages.len()) {
        return Err(StoreError::Repeated);
    }
    let ids = (1..=done.last_insert_rowid()).rev();
    for (message, id) in messages.iter_mut().rev().zip(ids) {
        message.record.mid = Mid(id);
    }
    Ok(())
}

/// A writer is alone in SQLite from its first statement on, so it need not lock what it will
/// change.
pub(super) const LOCK_CONVERSATIONS: Option<&str> = None;
/// See [`LOCK_CONVERSATIONS`].
pub(super) const LOCK_MEMBERS: Option<&str> = None;
/// See [`LOCK_CONVERSATIONS`].
pub(super) const LOCK_PASSWORD: Option<&str> = None;
/// See [`LOCK_CONVERSATIONS`].
pub(super) const LOCK_USERS: Option<&str> = None;

/// Whether the same again may succeed soon. The busy timeout has waited before SQLite says so.
pub(super) const fn is_transient(_error: &sqlx::Error) -> bool {
    false
}
