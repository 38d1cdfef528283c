//! The embedded store: one SQLite file in WAL mode.
//!
//! One connection writes, a few read; a commit returns after the log is synced
//! (`synchronous=FULL`). The SQL is that of `sql/`; `dialect` holds what is SQLite's own in it.

mod backup;
mod checkpointer;
mod dialect;
mod file;
mod insertion;
mod recent;
mod shortcut;
#[path = "sql/mod.rs"]
mod sql;
mod writer;

pub(super) use backup::{backup, restore};
pub use file::Claim;

use super::repeats::{RepeatWatch, Repeats};
use super::retry::timed_out;
use super::{Appended, NewMessage, Refused, StoreError};
use crate::metrics::PoolUse;
use checkpointer::Checkpointer;
use log::LevelFilter;
use sql::append::Append;
use sql::{Work, pool_use};
use sqlx::migrate::{AppliedMigration, Migrate as _, Migrator};
use sqlx::sqlite::{
    SqliteConnectOptions, SqliteConnection, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous,
};
use sqlx::{ConnectOptions as _, Connection as _, SqlitePool};
use std::path::PathBuf;
use std::time::Duration;
use writer::Writer;

/// Connections that read. SQLite reads from the page cache mostly; more than the cores help little.
const READERS: u32 = 4;
/// How long a query waits for a connection, or a write for its turn, before it fails as unavailable.
const ACQUIRE_LIMIT: Duration = Duration::from_secs(10);
/// How long a writer waits for the lock of another process (`tidings user add` beside a server).
const BUSY_LIMIT: Duration = Duration::from_secs(10);
/// How long a start waits for another process that brings the same file up to date.
const MIGRATION_LIMIT: Duration = Duration::from_mins(15);
/// Page cache of the writer and of each reader, in KiB (SQLite counts KiB below zero). Readers read
/// what the system caches anyway; a large cache of each would hold the same pages many times over.
const WRITER_CACHE_KIB: &str = "-16000";
const READER_CACHE_KIB: &str = "-2000";
/// Pages of the log, 4 KiB each, after which a commit also carries over what the checkpointer has
/// not, and the log begins anew.
const LOG_PAGES: i64 = 4000;
/// Bytes of the log's file, 64 MiB, that are kept when the log begins anew: four times what it takes
/// ordinarily. A long transaction, or a slow reader, can make it as large as the database.
const LOG_BYTES_KEPT: &str = "67108864";

/// Whether nothing is missing; where that cannot be said, as in a new file, something is.
async fn is_up_to_date(connection: &mut SqliteConnection, migrator: &Migrator) -> bool {
    let applied = connection.list_applied_migrations(&migrator.table_name);
    let Ok(applied) = applied.await else {
        return false;
    };
    migrator.iter().all(|wanted| {
        let is_it = |applied: &AppliedMigration| {
            (applied.version, &applied.checksum) == (wanted.version, &wanted.checksum)
        };
        applied.iter().any(is_it)
    })
}

/// What a URL names.
fn named(url: &str) -> Result<SqliteConnectOptions, StoreError> {
    if url.contains(":memory:") || url.contains("mode=memory") {
        let words = "a database in memory loses what it answered; name a file: sqlite://PATH";
        return Err(StoreError::Url(words.into()));
    }
    Ok(url.parse()?)
}

/// The file that a URL names.
pub(super) fn file(url: &str) -> Option<PathBuf> {
    named(url)
        .ok()
        .map(|options| options.get_filename().to_owned())
}

/// Makes the file a database if it is empty; does nothing otherwise.
///
/// # Errors
/// As [`SqliteStore::open`].
pub(super) async fn init(url: &str) -> Result<(), StoreError> {
    let options = named(url)?.journal_mode(SqliteJournalMode::Wal);
    let is_empty = options
        .get_filename()
        .metadata()
        .is_ok_and(|data| data.len() == 0);
    if is_empty {
        file::begin(&options).await?;
    }
    Ok(())
}

/// Claims the file, as [`super::claim`] says.
pub(super) fn claim(url: &str, shared: bool) -> Result<Claim, StoreError> {
    file::claim(named(url)?.get_filename(), shared)
}

/// A store in a SQLite file.
pub struct SqliteStore {
    writer: Writer,
    readers: SqlitePool,
    checkpointer: Checkpointer,
    repeat_watch: RepeatWatch,
}

impl SqliteStore {
    /// Opens the file, creating it when missing.
    ///
    /// # Errors
    /// [`StoreError::Url`] for a URL without a path, [`StoreError::Empty`] for an empty file,
    /// [`StoreError::Database`] when the file cannot be opened.
    pub async fn open(url: &str) -> Result<Self, StoreError> {
        Self::open_with(named(url)?).await
    }

    async fn open_with(named: SqliteConnectOptions) -> Result<Self, StoreError> {
        let options = named
            .create_if_missing(true)
            .journal_mode(SqliteJournalMode::Wal)
            .synchronous(SqliteSynchronous::Full)
            .foreign_keys(true)
            .busy_timeout(BUSY_LIMIT)
            .pragma("cache_size", WRITER_CACHE_KIB)
            .pragma("wal_autocheckpoint", LOG_PAGES.to_string())
            .pragma("journal_size_limit", LOG_BYTES_KEPT)
            .pragma("temp_store", "memory");
        file::create_if_missing(&options).await?;
        // A connection to a file does not break by lying idle: to test it would cost every commit a
        // way to its thread and back.
        let pool = SqlitePoolOptions::new()
            .acquire_timeout(ACQUIRE_LIMIT)
            .test_before_acquire(false);
        // The text of a batch is long: that a commit was slow is told by the committer.
        let quiet = options
            .clone()
            .log_slow_statements(LevelFilter::Off, Duration::MAX);
        let writer = Writer::open(quiet).await?;
        let options = options.pragma("cache_size", READER_CACHE_KIB);
        let checkpointer = Checkpointer::new(pool.clone(), options.clone());
        let readers = pool
            .max_connections(READERS)
            .connect_lazy_with(options.pragma("query_only", "on"));
        Ok(Self {
            writer,
            readers,
            checkpointer,
            repeat_watch: RepeatWatch::default(),
        })
    }

    async fn migrate(&self) -> Result<(), StoreError> {
        // Nobody else here writes meanwhile.
        let turn = self.writer.turn().await?;
        // A table that is built anew may be large: its indexes are sorted in files.
        let options = self.writer.options().clone().pragma("temp_store", "file");
        let mut connection = options.busy_timeout(MIGRATION_LIMIT).connect().await?;
        let mut migrator = sqlx::migrate!("migrations/sqlite");
        // The way back to the version before: what a newer one added is such that it can work with it.
        migrator.set_ignore_missing(true);
        // Most starts need not wait for who writes to the file.
        if !is_up_to_date(&mut connection, &migrator).await {
            tracing::info!("bringing the database up to date, as soon as nobody else writes to it");
            // All in one transaction, from the look at what is missing on: another process that wants
            // the same waits, and then finds it done.
            let mut migration = connection.begin_with("BEGIN IMMEDIATE").await?;
            migrator.run_direct(None, &mut *migration, false).await?;
            migration.commit().await?;
        }
        connection.close().await?;
        turn.end_otherwise();
        Ok(())
    }

    /// Does this work in one transaction and commits it.
    async fn write<W: Work>(&self, work: W) -> Result<W::Output, StoreError> {
        let mut turn = self.writer.turn().await?;
        let result = async {
            let mut transaction = turn.connection.begin_with("BEGIN IMMEDIATE").await?;
            let output = tokio::time::timeout(W::LIMIT, work.run(&mut transaction))
                .await
                .unwrap_or_else(|_| Err(timed_out()))?;
            transaction.commit().await?;
            Ok(output)
        };
        let result = result.await;
        self.checkpointer.committed();
        // After a full disk or an I/O error SQLite may have ended the transaction by itself
        // (sqlite.org/lang_transaction.html §3), of which sqlx's count of transactions does not hear:
        // every later one on this connection would be refused.
        if !matches!(result, Err(StoreError::Database(_))) {
            turn.end_otherwise();
        }
        result
    }

    async fn append_once(
        &self,
        batch: &[NewMessage],
        repeats: Repeats,
    ) -> Result<Vec<Result<Appended, Refused>>, StoreError> {
        if repeats == Repeats::Unexpected
            && let Some(appended) = self.append_shortly(batch).await?
        {
            return Ok(appended.into_iter().map(Ok).collect());
        }
        self.write(Append { batch, repeats }).await
    }

    fn pools(&self) -> [PoolUse; 2] {
        let writer = PoolUse {
            pool: "writer",
            open: 1,
            idle: u32::from(!self.writer.is_taken()),
        };
        [pool_use("readers", &self.readers), writer]
    }

    async fn close(&self) {
        self.checkpointer.close().await;
        self.readers.close().await;
        self.writer.close().await;
    }
}
