//! The embedded store: one SQLite file in WAL mode.
//!
//! One connection writes, a few read; a commit returns after the WAL is synced
//! (`synchronous=FULL`). The SQL is in `sql/`; `dialect` holds what is specific to SQLite.

mod backup;
mod checkpointer;
mod dialect;
mod fast_path;
mod file;
mod insertion;
mod lookup_cache;
#[path = "sql/mod.rs"]
mod sql;
mod writer;

pub(super) use backup::{backup, restore};
pub use file::Claim;

use super::duplicates::{DuplicateWatch, Duplicates};
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
/// How long a query waits for a connection, or a write for the permit, before it fails as
/// unavailable.
const ACQUIRE_LIMIT: Duration = Duration::from_secs(10);
/// How long a writer waits for the lock of another process (`tidings user add` beside a server).
const BUSY_LIMIT: Duration = Duration::from_secs(10);
/// How long a start waits for another process that migrates the same file.
const MIGRATION_LIMIT: Duration = Duration::from_mins(15);
/// Page cache of the writer and of each reader, in KiB (SQLite counts KiB below zero). Readers read
/// what the system caches anyway; a large cache of each would hold the same pages many times over.
const WRITER_CACHE_KIB: &str = "-16000";
const READER_CACHE_KIB: &str = "-2000";
/// WAL pages, 4 KiB each, after which a commit checkpoints what the checkpointer has not, and the
/// WAL restarts.
const WAL_PAGES: i64 = 4000;
/// Bytes of the WAL file, 64 MiB, kept when the WAL restarts: four times its usual size. A long
/// transaction, or a slow reader, can make it as large as the database.
const WAL_BYTES_KEPT: &str = "67108864";

/// Whether all migrations are applied; `false` where that is unknown, as in a new file.
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

/// Parses a SQLite URL.
fn parse_url(url: &str) -> Result<SqliteConnectOptions, StoreError> {
    if url.contains(":memory:") || url.contains("mode=memory") {
        let reason = "a database in memory loses what it answered; name a file: sqlite://PATH";
        return Err(StoreError::Url(reason.into()));
    }
    Ok(url.parse()?)
}

/// The file of a URL.
pub(super) fn file(url: &str) -> Option<PathBuf> {
    parse_url(url)
        .ok()
        .map(|options| options.get_filename().to_owned())
}

/// Initializes the file as a database if it is empty.
///
/// # Errors
/// As [`SqliteStore::open`].
pub(super) async fn init(url: &str) -> Result<(), StoreError> {
    let options = parse_url(url)?.journal_mode(SqliteJournalMode::Wal);
    let is_empty = options
        .get_filename()
        .metadata()
        .is_ok_and(|data| data.len() == 0);
    if is_empty {
        file::initialize(&options).await?;
    }
    Ok(())
}

/// Claims the file, see [`super::claim`].
pub(super) fn claim(url: &str, shared: bool) -> Result<Claim, StoreError> {
    file::claim(parse_url(url)?.get_filename(), shared)
}

/// A store in a SQLite file.
pub struct SqliteStore {
    writer: Writer,
    readers: SqlitePool,
    checkpointer: Checkpointer,
    duplicate_watch: DuplicateWatch,
}

impl SqliteStore {
    /// Opens the file, creating it when missing.
    ///
    /// # Errors
    /// [`StoreError::Url`] for a URL without a path, [`StoreError::Empty`] for an empty file,
    /// [`StoreError::Database`] when the file cannot be opened.
    pub async fn open(url: &str) -> Result<Self, StoreError> {
        Self::open_with(parse_url(url)?).await
    }

    async fn open_with(options: SqliteConnectOptions) -> Result<Self, StoreError> {
        let options = options
            .create_if_missing(true)
            .journal_mode(SqliteJournalMode::Wal)
            .synchronous(SqliteSynchronous::Full)
            .foreign_keys(true)
            .busy_timeout(BUSY_LIMIT)
            .pragma("cache_size", WRITER_CACHE_KIB)
            .pragma("wal_autocheckpoint", WAL_PAGES.to_string())
            .pragma("journal_size_limit", WAL_BYTES_KEPT)
            .pragma("temp_store", "memory");
        file::create_if_missing(&options).await?;
        // An idle connection to a file does not break, and a test would cost every commit a round
        // trip to its thread.
        let pool = SqlitePoolOptions::new()
            .acquire_timeout(ACQUIRE_LIMIT)
            .test_before_acquire(false);
        // The text of a batch is long, and the committer logs slow commits itself.
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
            duplicate_watch: DuplicateWatch::default(),
        })
    }

    async fn migrate(&self) -> Result<(), StoreError> {
        // Blocks other writes of this process.
        let permit = self.writer.acquire().await?;
        // A rebuilt table may be large, so its indexes are sorted in files.
        let options = self.writer.options().clone().pragma("temp_store", "file");
        let mut connection = options.busy_timeout(MIGRATION_LIMIT).connect().await?;
        let mut migrator = sqlx::migrate!("migrations/sqlite");
        // Allows a downgrade: newer migrations are compatible with this version.
        migrator.set_ignore_missing(true);
        // Most starts need not wait for other writers.
        if !is_up_to_date(&mut connection, &migrator).await {
            tracing::info!("bringing the database up to date, as soon as nobody else writes to it");
            // All in one transaction, including the check for missing migrations: a concurrent
            // process waits and then finds them applied.
            let mut migration = connection.begin_with("BEGIN IMMEDIATE").await?;
            migrator.run_direct(None, &mut *migration, false).await?;
            migration.commit().await?;
        }
        connection.close().await?;
        permit.release_and_clear();
        Ok(())
    }

    /// Runs work in one transaction and commits it.
    async fn write<W: Work>(&self, work: W) -> Result<W::Output, StoreError> {
        let mut permit = self.writer.acquire().await?;
        let result = async {
            let mut transaction = permit.connection.begin_with("BEGIN IMMEDIATE").await?;
            let output = tokio::time::timeout(W::LIMIT, work.run(&mut transaction))
                .await
                .unwrap_or_else(|_| Err(timed_out()))?;
            transaction.commit().await?;
            Ok(output)
        };
        let result = result.await;
        self.checkpointer.committed();
        // After a full disk or an I/O error SQLite may have ended the transaction itself
        // (sqlite.org/lang_transaction.html §3), which sqlx's transaction counter does not notice:
        // every later one on this connection would be refused.
        if !matches!(result, Err(StoreError::Database(_))) {
            permit.release_and_clear();
        }
        result
    }

    async fn append_once(
        &self,
        batch: &[NewMessage],
        duplicates: Duplicates,
    ) -> Result<Vec<Result<Appended, Refused>>, StoreError> {
        if duplicates == Duplicates::Unexpected
            && let Some(appended) = self.append_fast(batch).await?
        {
            return Ok(appended.into_iter().map(Ok).collect());
        }
        self.write(Append { batch, duplicates }).await
    }

    fn pools(&self) -> [PoolUse; 2] {
        let writer = PoolUse {
            pool: "writer",
            open: 1,
            idle: u32::from(!self.writer.is_held()),
        };
        [pool_use("readers", &self.readers), writer]
    }

    async fn close(&self) {
        self.checkpointer.close().await;
        self.readers.close().await;
        self.writer.close().await;
    }
}
