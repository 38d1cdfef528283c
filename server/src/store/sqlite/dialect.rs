//! What the SQL of `sql/` has to know about SQLite. `postgres/dialect.rs` is its counterpart, name
//! by name.

pub(super) use super::SqliteStore as Database;

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
