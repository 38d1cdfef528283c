//! What the SQL of `sql/` has to know about SQLite. `postgres/dialect.rs` is its counterpart, name
//! by name.

pub(super) use super::SqliteStore as Database;

use crate::store::{Appended, StoreError};
use sqlx::query::Query;
use sqlx::sqlite::SqliteArguments;
use tidings_shared::Mid;

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

/// Stands in an `INSERT` or `UPDATE` of many rows that no constraint is to refuse: if one does, the
/// transaction is over, which it is anyway. So SQLite need not copy every page before it changes it,
/// to undo this statement alone (<https://sqlite.org/lang_conflict.html>).
macro_rules! or_rollback {
    () => {
        " OR ROLLBACK"
    };
}
pub(super) use or_rollback;

/// What an `INSERT` of messages ends with, for [`insert`] to learn their ids.
macro_rules! returning_ids {
    () => {
        ""
    };
}
pub(super) use returning_ids;

/// Inserts these messages and gives them their ids, which AUTOINCREMENT counts on one by one in the
/// order of the rows (<https://sqlite.org/autoinc.html>): nobody else writes meanwhile. So no row is
/// returned for each; see [`packed`].
pub(super) async fn insert(
    connection: &mut Connection,
    statement: Query<'_, sqlx::Sqlite, SqliteArguments>,
    messages: &mut [Appended],
) -> Result<(), StoreError> {
    let done = statement.execute(connection).await?;
    if usize::try_from(done.rows_affected()) != Ok(messages.len()) {
        return Err(sqlx::Error::RowNotFound.into());
    }
    let ids = (1..=done.last_insert_rowid()).rev();
    for (message, id) in messages.iter_mut().rev().zip(ids) {
        message.record.mid = Mid(id);
    }
    Ok(())
}

/// A writer is alone in SQLite from its first statement on, so it need not lock what it will
/// change.
macro_rules! locking_conversations {
    () => {
        ""
    };
}
pub(super) use locking_conversations;
/// See [`locking_conversations`].
pub(super) const LOCK_CONVERSATIONS: Option<&str> = None;
/// See [`locking_conversations`].
pub(super) const LOCK_MEMBERS: Option<&str> = None;
/// See [`locking_conversations`].
pub(super) const LOCK_PASSWORD: Option<&str> = None;
/// See [`locking_conversations`].
pub(super) const LOCK_USERS: Option<&str> = None;

/// Whether the same again may succeed soon. The busy timeout has waited before SQLite says so.
pub(super) const fn is_transient(_error: &sqlx::Error) -> bool {
    false
}
