//! Multi-row statements that insert messages, and the assignment of message ids.

use super::dialect::Connection;
use crate::store::{Appended, StoreError};
use sqlx::Sqlite;
use sqlx::query::Query;
use sqlx::sqlite::{SqliteArguments, SqliteQueryResult};
use std::sync::LazyLock;
use tidings_shared::Mid;

/// Rows per statement. Unused rows are NULL and skipped, so that a few prepared statements fit
/// every batch in one execution.
const ROWS: [usize; 7] = [1, 8, 32, 128, 256, 512, MAX_ROWS];
/// Maximum messages per statement.
pub(super) const MAX_ROWS: usize = 1024;

/// One statement per size in [`ROWS`].
pub(super) struct Insertion([String; ROWS.len()]);

impl Insertion {
    /// `before` and `after`: SQL around each statement. `on_conflict`: handling of duplicates;
    /// without it the transaction is rolled back.
    ///
    /// Columns are plain parameters: extracted from JSON they would double the cost of the
    /// insertion. No function is called, which lets `OR ROLLBACK` skip the statement journal; on a
    /// conflict the transaction is over anyway (<https://sqlite.org/lang_conflict.html>).
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

    /// The statement for so many messages, at most [`MAX_ROWS`].
    pub(super) fn of(&'static self, messages: usize) -> &'static str {
        let index = ROWS.iter().position(|rows| messages <= *rows);
        &self.0[index.unwrap_or(ROWS.len() - 1)]
    }
}

static INSERTION: LazyLock<Insertion> = LazyLock::new(|| {
    let on_conflict = "ON CONFLICT (sender_uid, client_msg_id) DO NOTHING";
    Insertion::new("", on_conflict, "")
});

/// Inserts these messages in an open transaction, and sets their ids.
///
/// # Errors
/// [`StoreError::Duplicate`] when one of them was stored before.
pub(super) async fn insert(
    connection: &mut Connection,
    messages: &mut [Appended],
) -> Result<(), StoreError> {
    for chunk in messages.chunks_mut(MAX_ROWS) {
        let query = bind(sqlx::query(INSERTION.of(chunk.len())), chunk);
        let done = query.execute(&mut *connection).await?;
        if usize::try_from(done.rows_affected()) != Ok(chunk.len()) {
            return Err(StoreError::Duplicate);
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
            .bind(record.body.content().as_str())
            .bind(record.body.msg_type().0)
            .bind(record.created_at);
    }
    query
}

/// Sets the ids of messages just inserted: AUTOINCREMENT assigns them consecutively in row order
/// (<https://sqlite.org/autoinc.html>), and nobody else wrote meanwhile. So no rows are returned;
/// see [`super::dialect::json_rows`].
pub(super) fn give_ids(messages: &mut [Appended], done: &SqliteQueryResult) {
    let ids = (1..=done.last_insert_rowid()).rev();
    for (message, id) in messages.iter_mut().rev().zip(ids) {
        message.record.mid = Mid(id);
    }
}
