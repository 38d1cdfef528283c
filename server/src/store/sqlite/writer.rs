//! The single write connection, and the permit to use it. What is written is not its concern.
//!
//! Not a pool of sqlx, which tests every returned connection before it is used again: one more
//! round trip to its thread for every commit.

use super::lookup_cache::LookupCache;
use super::{ACQUIRE_LIMIT, BUSY_LIMIT};
use sqlx::error::DatabaseError;
use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection};
use sqlx::{ConnectOptions as _, Connection as _};
use std::time::Duration;
use tokio::sync::{Mutex, MutexGuard};
use tokio::time::{Instant, sleep, timeout};

/// Delay between attempts to open a file that others open for the first time.
const RETRY_DELAY: Duration = Duration::from_millis(20);

/// Owner of the write connection.
pub(super) struct Writer {
    options: SqliteConnectOptions,
    slot: Mutex<Slot>,
}

enum Slot {
    Idle(SqliteConnection, LookupCache),
    /// The last permit was dropped without release; the next opens a new connection.
    Empty,
    Closed,
}

/// Exclusive use of the connection. Dropped without [`Self::release`], the connection is closed, an
/// open transaction is rolled back, and the next permit gets a new one.
pub(super) struct WritePermit<'a> {
    pub(super) connection: SqliteConnection,
    pub(super) cache: LookupCache,
    slot: MutexGuard<'a, Slot>,
}

impl WritePermit<'_> {
    /// Returns the connection, outside of any transaction, when the cache knows everything written.
    pub(super) fn release(mut self) {
        *self.slot = Slot::Idle(self.connection, self.cache);
    }

    /// Returns the connection after any other write.
    pub(super) fn release_and_clear(mut self) {
        self.cache.clear();
        self.release();
    }
}

impl Writer {
    pub(super) async fn open(options: SqliteConnectOptions) -> Result<Self, sqlx::Error> {
        let started = Instant::now();
        let connection = loop {
            match options.connect().await {
                Ok(connection) => break connection,
                // Several processes may switch the same new file to WAL mode at once, which
                // SQLite's busy timeout does not cover.
                Err(error) if is_busy(&error) && started.elapsed() < BUSY_LIMIT => {
                    sleep(RETRY_DELAY).await;
                }
                Err(error) => return Err(error),
            }
        };
        Ok(Self {
            options,
            slot: Mutex::new(Slot::Idle(connection, LookupCache::default())),
        })
    }

    /// The options of its connection.
    pub(super) const fn options(&self) -> &SqliteConnectOptions {
        &self.options
    }

    /// Waits for the permit, in FIFO order. Cancel safe.
    ///
    /// # Errors
    /// [`sqlx::Error::PoolTimedOut`] after [`ACQUIRE_LIMIT`], [`sqlx::Error::PoolClosed`] after
    /// [`Self::close`], or why a connection could not be opened.
    pub(super) async fn acquire(&self) -> Result<WritePermit<'_>, sqlx::Error> {
        let lock = timeout(ACQUIRE_LIMIT, self.slot.lock());
        let mut slot = lock.await.map_err(|_| sqlx::Error::PoolTimedOut)?;
        let (connection, cache) = match std::mem::replace(&mut *slot, Slot::Empty) {
            Slot::Idle(connection, cache) => (connection, cache),
            Slot::Empty => (self.options.connect().await?, LookupCache::default()),
            Slot::Closed => {
                *slot = Slot::Closed;
                return Err(sqlx::Error::PoolClosed);
            }
        };
        Ok(WritePermit {
            connection,
            cache,
            slot,
        })
    }

    /// Whether the permit is held.
    pub(super) fn is_held(&self) -> bool {
        self.slot.try_lock().is_err()
    }

    /// Closes the connection after the waiting permits. No permit is granted afterwards.
    pub(super) async fn close(&self) {
        let slot = std::mem::replace(&mut *self.slot.lock().await, Slot::Closed);
        if let Slot::Idle(connection, _) = slot
            && let Err(error) = connection.close().await
        {
            tracing::warn!(%error, "the writer did not close well");
        }
    }
}

/// Whether the file was busy: `SQLITE_BUSY`, of any kind (sqlite.org/rescode.html).
pub(super) fn is_busy(error: &sqlx::Error) -> bool {
    let code = error.as_database_error().and_then(DatabaseError::code);
    code.and_then(|code| code.parse::<i32>().ok())
        .is_some_and(|code| code & 0xff == 5)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn dropped_write_permit_rolls_back_and_close_refuses_more() {
        let folder = tempfile::tempdir().expect("a folder");
        let options = SqliteConnectOptions::new()
            .filename(folder.path().join("x.db"))
            .create_if_missing(true);
        let writer = Writer::open(options).await.expect("a file");
        let mut permit = writer.acquire().await.expect("the first");
        sqlx::raw_sql("CREATE TABLE t (x); BEGIN IMMEDIATE; INSERT INTO t VALUES (1)")
            .execute(&mut permit.connection)
            .await
            .expect("room");
        assert!(writer.is_held());
        drop(permit);

        let mut permit = writer.acquire().await.expect("another connection");
        let left: i64 = sqlx::query_scalar("BEGIN IMMEDIATE; SELECT count(*) FROM t")
            .fetch_one(&mut permit.connection)
            .await
            .expect("nobody else writes");
        assert_eq!(left, 0);
        drop(permit);
        writer.close().await;
        let refused = writer.acquire().await.map(drop);
        assert!(
            matches!(refused, Err(sqlx::Error::PoolClosed)),
            "{refused:?}"
        );
    }
}
