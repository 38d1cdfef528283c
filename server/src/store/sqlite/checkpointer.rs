//! Carries what was committed from the log over to the database file, beside the writer, whose
//! commits then need not wait for most of it (<https://sqlite.org/wal.html#ckpt>).
//!
//! The rest, and that the log begins anew, is the writer's own part, at [`LOG_PAGES`]: only right
//! after its own commit is all of the log carried over. Nothing depends on this but the time that
//! commits take.

use super::LOG_PAGES;
use sqlx::SqlitePool;
use sqlx::sqlite::{SqliteConnectOptions, SqlitePoolOptions};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Notify;
use tokio::task::JoinSet;

/// From one look at the log to the next, at least.
const PAUSE: Duration = Duration::from_millis(50);
/// Pages of the log that are worth it: each share takes a sync, and a page that many commits wrote is
/// carried over once.
const SHARE: i64 = 1000;

/// The first SQLite in which a log that begins anew while another connection carries it over cannot
/// break the file ("WAL reset bug", <https://sqlite.org/releaselog/3_51_3.html>). sqlx brings it along.
const SAFE_FROM: [u32; 3] = [3, 51, 3];

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
    // Not before a commit: whoever only reads has no use for one more connection.
    let safe = loop {
        committed.notified().await;
        match is_safe(&connection).await {
            Ok(safe) => break safe,
            Err(error) => tracing::debug!(%error, "SQLite's version is not known yet"),
        }
    };
    if !safe {
        tracing::warn!("this SQLite is older than {SAFE_FROM:?}: commits wait for its log");
        return;
    }
    while !connection.is_closed() {
        committed.notified().await;
        if let Err(error) = checkpoint(&connection).await {
            // The writer carries over all the more, or fails for the same reason and says so.
            tracing::debug!(%error, "the log was not carried over");
        }
        tokio::time::sleep(PAUSE).await;
    }
}

async fn is_safe(connection: &SqlitePool) -> Result<bool, sqlx::Error> {
    let version: String = sqlx::query_scalar("SELECT sqlite_version()")
        .fetch_one(connection)
        .await?;
    let version: Vec<u32> = (version.split('.').map_while(|part| part.parse().ok())).collect();
    Ok(version[..] >= SAFE_FROM[..])
}

async fn checkpoint(connection: &SqlitePool) -> Result<(), sqlx::Error> {
    let mut connection = connection.acquire().await?;
    let (_, pages, carried): (i64, i64, i64) = sqlx::query_as("PRAGMA wal_checkpoint(NOOP)")
        .fetch_one(&mut *connection)
        .await?;
    // A longer log is the writer's, who does not wait for this to be done.
    if pages < LOG_PAGES && pages - carried >= SHARE {
        sqlx::query("PRAGMA wal_checkpoint(PASSIVE)")
            .execute(&mut *connection)
            .await?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn the_sqlite_that_is_built_in_is_safe_to_carry_over_beside_its_writer() {
        let memory = SqlitePool::connect_lazy("sqlite::memory:").expect("a valid URL");
        assert!(is_safe(&memory).await.expect("a version"));
    }
    #[tokio::test]
    async fn the_log_is_carried_over_while_its_writer_does_not() {
        let folder = tempfile::tempdir().expect("a folder");
        let options = SqliteConnectOptions::new()
            .filename(folder.path().join("x.db"))
            .create_if_missing(true)
            .journal_mode(sqlx::sqlite::SqliteJournalMode::Wal)
            .pragma("wal_autocheckpoint", "0");
        let pool = SqlitePoolOptions::new();
        let writer = (pool.clone().connect_with(options.clone()).await).expect("a file");
        let checkpointer = Checkpointer::new(pool, options);
        let pages = format!("CREATE TABLE t AS SELECT randomblob({}) AS b", SHARE * 4096);
        sqlx::query(sqlx::AssertSqlSafe(pages))
            .execute(&writer)
            .await
            .expect("room");
        let carried = async {
            loop {
                checkpointer.committed();
                let log: (i64, i64, i64) = sqlx::query_as("PRAGMA wal_checkpoint(NOOP)")
                    .fetch_one(&writer)
                    .await
                    .expect("a log");
                if log.2 > 0 {
                    break log;
                }
            }
        };
        let limit = Duration::from_secs(30);
        let (_, pages, carried) =
            (tokio::time::timeout(limit, carried).await).expect("carried over");
        assert!(pages > SHARE && carried == pages);
    }
}
