//! SQLite specifics for the SQL in `sql/`. `postgres/dialect.rs` is its counterpart, with the same
//! names.

pub(super) use super::SqliteStore as Database;

pub(super) use super::insertion::insert;

use super::sql::plan::LastSeqs;
use crate::store::StoreError;
use std::future::{Ready, ready};

/// One connection.
pub(super) type Connection = sqlx::SqliteConnection;
/// A result row.
pub(super) type Row = sqlx::sqlite::SqliteRow;

/// The first parameter, a JSON array of arrays, as a table `j` of `value`s with their index `key`.
/// `json_each` would serialize each `value` to text, which is parsed again per column.
macro_rules! rows {
    () => {
        "jsonb_each($1) AS j"
    };
}
pub(super) use rows;

/// Decodes a hexadecimal text.
macro_rules! bytes {
    ($text:literal) => {
        concat!("unhex(", $text, ")")
    };
}
pub(super) use bytes;

/// The rows of a query as one text: a JSON array of arrays. Single rows would go one by one from
/// sqlx's thread for this connection to the waiting task, which is woken for nearly every one.
macro_rules! json_rows {
    ($columns:literal) => {
        concat!("CAST(json_group_array(json_array(", $columns, ")) AS TEXT)")
    };
}
pub(super) use json_rows;

/// Advances the last sequence number and time of conversations: each an `[id, n, at]` of the
/// parameter. The parameter has no number, because other statements may follow in the same text.
/// The time is read only by earlier versions, which ordered lists by it.
pub(super) const RESERVE_SEQS: &str = "
    UPDATE conversations
       SET last_seq = last_seq + b.n, last_at = max(last_at, b.at)
      FROM (SELECT j.value ->> 0 AS id, j.value ->> 1 AS n, j.value ->> 2 AS at
              FROM jsonb_each(?) AS j) AS b
     WHERE conversations.id = b.id";

/// Reserves sequence numbers, see [`RESERVE_SEQS`]. `last` stays valid, because nobody else writes
/// in this transaction.
pub(super) async fn reserve(
    connection: &mut Connection,
    rows: String,
    _last: &mut LastSeqs,
) -> Result<(), StoreError> {
    sqlx::query(RESERVE_SEQS)
        .bind(rows)
        .execute(connection)
        .await?;
    Ok(())
}

/// SQLite has one writer from its first statement on, so no row locks are needed.
pub(super) const LOCK_CONVERSATIONS: Option<&str> = None;
/// See [`LOCK_CONVERSATIONS`].
pub(super) const LOCK_MEMBERS: Option<&str> = None;
/// See [`LOCK_CONVERSATIONS`].
pub(super) const LOCK_PASSWORD: Option<&str> = None;
/// See [`LOCK_CONVERSATIONS`].
pub(super) const LOCK_USERS: Option<&str> = None;

/// Whether writing would succeed. A readable file is writable unless the disk is full, which each
/// send detects.
pub(super) fn check_writable(_store: &Database) -> Ready<Result<(), StoreError>> {
    ready(Ok(()))
}

/// Whether a retry may succeed soon. SQLite has waited for the busy timeout already.
pub(super) const fn is_transient(_error: &sqlx::Error) -> bool {
    false
}
