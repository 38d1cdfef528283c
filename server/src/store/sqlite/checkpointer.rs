//! Checkpoints the WAL into the database file beside the writer, whose commits then need not wait
//! for most of it (<https://sqlite.org/wal.html#ckpt>).
//!
//! The writer itself checkpoints the rest and restarts the WAL, at [`WAL_PAGES`]: only right after
//! its own commit can all of the WAL be checkpointed. Only the latency of commits depends on this
//! task.

use super::WAL_PAGES;
use sqlx::SqlitePool;
use sqlx::sqlite::{SqliteConnectOptions, SqlitePoolOptions};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Notify;
use tokio::task::JoinSet;

/// Minimum interval between checks of the WAL.
const PAUSE: Duration = Duration::from_millis(50);
/// Minimum pages for a checkpoint: each takes a sync, and a page written by many commits is copied
/// once.
const MIN_PAGES: i64 = 1000;

/// The first SQLite version in which a WAL that restarts during a checkpoint by another connection
/// cannot corrupt the file ("WAL reset bug", <https://sqlite.org/releaselog/3_51_3.html>). sqlx
/// bundles it.
const SAFE_FROM: [u32; 3] = [3, 51, 3];

/// The checkpoint task; aborted when dropped.
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

    /// Must be called after every commit.
    pub(super) fn committed(&self) {
        self.committed.notify_one();
    }

    /// Waits for a running checkpoint; none follows.
    pub(super) async fn close(&self) {
        self.connection.close().await;
    }
}

async fn run(connection: SqlitePool, committed: Arc<Notify>) {
    // Not before the first commit: a read-only process needs no further connection.
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
            // The writer then checkpoints more itself, or fails for the same reason and reports it.
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
    let (_, pages, checkpointed): (i64, i64, i64) = sqlx::query_as("PRAGMA wal_checkpoint(NOOP)")
        .fetch_one(&mut *connection)
        .await?;
    // A longer WAL is checkpointed by the writer, which does not wait for this task.
    if pages < WAL_PAGES && pages - checkpointed >= MIN_PAGES {
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
    async fn bundled_sqlite_is_safe_for_concurrent_checkpoints() {
        let memory = SqlitePool::connect_lazy("sqlite::memory:").expect("a valid URL");
        assert!(is_safe(&memory).await.expect("a version"));
    }
    #[tokio::test]
    async fn wal_is_checkpointed_without_the_writer() {
        let folder = tempfile::tempdir().expect("a folder");
        let options = SqliteConnectOptions::new()
            .filename(folder.path().join("x.db"))
            .create_if_missing(true)
            .journal_mode(sqlx::sqlite::SqliteJournalMode::Wal)
            .pragma("wal_autocheckpoint", "0");
        let pool = SqlitePoolOptions::new();
        let writer = (pool.clone().connect_with(options.clone()).await).expect("a file");
        let checkpointer = Checkpointer::new(pool, options);
        let pages = format!(
            "CREATE TABLE t AS SELECT randomblob({}) AS b",
            MIN_PAGES * 4096
        );
        sqlx::query(sqlx::AssertSqlSafe(pages))
            .execute(&writer)
            .await
            .expect("room");
        let passes = async {
            loop {
                checkpointer.committed();
                let wal: (i64, i64, i64) = sqlx::query_as("PRAGMA wal_checkpoint(NOOP)")
                    .fetch_one(&writer)
                    .await
                    .expect("a log");
                if wal.2 > 0 {
                    break wal;
                }
            }
        };
        let limit = Duration::from_secs(30);
        let (_, pages, done) = (tokio::time::timeout(limit, passes).await).expect("carried over");
        assert!(pages > MIN_PAGES && done == pages);
    }
}
