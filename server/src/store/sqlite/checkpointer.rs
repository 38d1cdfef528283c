//! Carries what was committed from the log over to the database file, beside the writer, whose
//! commits then need not wait for it (<https://sqlite.org/wal.html#ckpt>).
//!
//! It only makes the log short enough to begin anew; that, and the rest of the log, is the writer's
//! own part of [`super::LOG_PAGES`]. Nothing depends on it but the time that commits take.

use sqlx::SqlitePool;
use sqlx::sqlite::{SqliteConnectOptions, SqlitePoolOptions};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Notify;
use tokio::task::JoinSet;

/// From one look at the log to the next, at least.
const PAUSE: Duration = Duration::from_millis(50);
/// Pages of the log that are worth it: each takes a sync of the log and one of the file, and a page
/// that many commits wrote is carried over once.
const SHARE: i64 = 1000;

/// The task, which ends with this.
pub(super) struct Checkpointer {
    committed: Arc<Notify>,
    connection: SqlitePool,
    _task: JoinSet<()>,
}

impl Checkpointer {
    /// Must be called within a tokio runtime.
    pub(super) fn new(pool: SqlitePoolOptions, options: SqliteConnectOptions) -> Self {
        let connection = pool.max_connections(1).connect_lazy_with(options);
        let committed = Arc::new(Notify::new());
        let mut task = JoinSet::new();
        task.spawn(run(connection.clone(), Arc::clone(&committed)));
        Self {
            committed,
            connection,
            _task: task,
        }
    }

    /// To be told of every commit.
    pub(super) fn committed(&self) {
        self.committed.notify_one();
    }

    /// Waits for what it is at; it does nothing more.
    pub(super) async fn close(&self) {
        self.connection.close().await;
    }
}

async fn run(connection: SqlitePool, committed: Arc<Notify>) {
    while !connection.is_closed() {
        committed.notified().await;
        if let Err(error) = checkpoint(&connection).await {
            // The writer carries over all the more, or fails for the same reason and says so.
            tracing::debug!(%error, "the log was not carried over");
        }
        tokio::time::sleep(PAUSE).await;
    }
}

async fn checkpoint(connection: &SqlitePool) -> Result<(), sqlx::Error> {
    let mut connection = connection.acquire().await?;
    let (_, pages, carried): (i64, i64, i64) = sqlx::query_as("PRAGMA wal_checkpoint(NOOP)")
        .fetch_one(&mut *connection)
        .await?;
    if pages - carried >= SHARE {
        sqlx::query("PRAGMA wal_checkpoint(PASSIVE)")
            .execute(&mut *connection)
            .await?;
    }
    Ok(())
}
