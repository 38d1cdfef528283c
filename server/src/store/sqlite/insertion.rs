//! The statements that insert messages, many rows each, and the ids that messages get by them.

use super::dialect::Connection;
use crate::store::{Appended, StoreError};
use sqlx::Sqlite;
use sqlx::query::Query;
use sqlx::sqlite::{SqliteArguments, SqliteQueryResult};
use std::sync::LazyLock;
use tidings_shared::Mid;

/// Rows that the statements take. What a batch does not fill is NULL and left out, so that a few
/// statements, prepared once, do for every batch in one go.
const ROWS: [usize; 7] = [1, 8, 32, 128, 256, 512, MOST];
/// The most messages that one statement inserts.
pub(super) const MOST: usize = 1024;

/// Statements for as many rows as [`ROWS`] says, one each.
pub(super) struct Insertion([String; ROWS.len()]);

impl Insertion {
    /// `before` and `after`: SQL around each. `on_conflict`: what becomes of a message that was stored
    /// before; without it the transaction is rolled back.
    ///
    /// Columns are plain parameters: taken out of JSON they would cost as much again as their
    /// insertion. No function is called, which is the condition for `OR ROLLBACK` to save the journal
    /// that undoes this statement alone; if it is refused, the transaction is over anyway
    /// (<https://sqlite.org/lang_conflict.html>).
    pub(super) fn new(before: &str, on_conflict: &str, after: &str) -> Self {
        Self(ROWS.map(|rows| {
            let rows = vec!["(?, ?, ?, ?, ?, ?, ?)"; rows].join(", ");
            format!(
                "{before}
                 INSERT OR ROLLBACK INTO messages
                     (conversation_id, seq, sender_uid, client_msg_id, content, msg_type, created_at)
                 SELECT * FROM (VALUES {rows}) WHERE column1 IS NOT NULL {on_conflict}
                 {after}"
            )
        }))
    }

    /// The statement for so many messages, at most [`MOST`].
    pub(super) fn of(&'static self, messages: usize) -> &'static str {
        let fitting = ROWS.iter().position(|rows| messages <= *rows);
        &self.0[fitting.unwrap_or(ROWS.len() - 1)]
    }
}

static INSERTION: LazyLock<Insertion> = LazyLock::new(|| {
    let on_conflict = "ON CONFLICT (sender_uid, client_msg_id) DO NOTHING";
    Insertion::new("", on_conflict, "")
});

/// Inserts these messages, in a transaction that is open, and gives them their ids.
///
/// # Errors
/// [`StoreError::Repeated`] when one of them was stored before.
pub(super) async fn insert(
    connection: &mut Connection,
    messages: &mut [Appended],
) -> Result<(), StoreError> {
    for chunk in messages.chunks_mut(MOST) {
        let query = bind(sqlx::query(INSERTION.of(chunk.len())), chunk);
        let done = query.execute(&mut *connection).await?;
        if usize::try_from(done.rows_affected()) != Ok(chunk.len()) {
            return Err(StoreError::Repeated);
        }
        give_ids(chunk, &done);
    }
    Ok(())
}

/// Binds the columns of these messages to the statement's next parameters.
pub(super) fn bind<'q>(
    mut query: Query<'q, Sqlite, SqliteArguments>,
    messages: &[Appended],
) -> Query<'q, Sqlite, SqliteArguments> {
    for message in messages {
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
    query
}

/// Gives messages that were inserted just now their ids, which AUTOINCREMENT counts on one by one in
/// the order of the rows (<https://sqlite.org/autoinc.html>): nobody else wrote meanwhile. So no row is
/// returned for each; see [`super::dialect::packed`].
pub(super) fn give_ids(messages: &mut [Appended], done: &SqliteQueryResult) {
    let ids = (1..=done.last_insert_rowid()).rev();
    for (message, id) in messages.iter_mut().rev().zip(ids) {
        message.record.mid = Mid(id);
    }
}
