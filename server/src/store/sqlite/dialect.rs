//! What the SQL of `sql/` has to know about SQLite. `postgres/dialect.rs` is its counterpart, name
//! by name.

pub(super) use super::SqliteStore as Database;

pub(super) use super::insertion::insert;

use super::sql::plan::LastPlaces;
use crate::store::StoreError;
use std::future::{Ready, ready};

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

/// Moves conversations on by as many messages, to a time: each an `[id, n, at]` of the parameter. It
/// has no number, for other statements may follow in the same text. The time is read by versions before
/// this one only, which ordered lists by it.
pub(super) const MOVE: &str = "
    UPDATE conversations
       SET last_seq = last_seq + b.n, last_at = max(last_at, b.at)
      FROM (SELECT j.value ->> 0 AS id, j.value ->> 1 AS n, j.value ->> 2 AS at
              FROM jsonb_each(?) AS j) AS b
     WHERE conversations.id = b.id";

/// Moves conversations on; see [`MOVE`]. Their last places are as they were found: nobody else writes
/// in this transaction.
pub(super) async fn reserve(
    connection: &mut Connection,
    rows: String,
    _last: &mut LastPlaces,
) -> Result<(), StoreError> {
    sqlx::query(MOVE).bind(rows).execute(connection).await?;
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

/// Whether writing would succeed: whoever can read the file can write to it, unless the disk is full,
/// which each send finds out.
pub(super) fn ask_writer(_store: &Database) -> Ready<Result<(), StoreError>> {
    ready(Ok(()))
}

/// Whether the same again may succeed soon. The busy timeout has waited before SQLite says so.
pub(super) const fn is_transient(_error: &sqlx::Error) -> bool {
    false
}
