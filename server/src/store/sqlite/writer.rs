//! The one connection that writes, and whose turn it is. What is written is not its business, nor what
//! is remembered of it (`recent`).
//!
//! sqlx's pools ask a connection that comes back whether it is well, before anybody else may have it:
//! one more way to its thread and back for every commit.

use super::recent::Recent;
use super::{ACQUIRE_LIMIT, BUSY_LIMIT};
use sqlx::error::DatabaseError;
use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection};
use sqlx::{ConnectOptions as _, Connection as _};
use std::time::Duration;
use tokio::sync::{Mutex, MutexGuard};
use tokio::time::{Instant, sleep, timeout};

/// Between two tries to open a file that others are opening for the first time.
const BETWEEN_TRIES: Duration = Duration::from_millis(20);

/// The connection's place.
pub(super) struct Writer {
    options: SqliteConnectOptions,
    place: Mutex<Place>,
}

enum Place {
    Idle(SqliteConnection, Recent),
    /// Whoever had the last one did not bring it back; the next opens another.
    Empty,
    Closed,
}

/// The connection, while nobody else has it. Dropped without [`Self::end`] it is closed, whatever it
/// is in the middle of is undone, and the next turn gets another.
pub(super) struct Turn<'a> {
    pub(super) connection: SqliteConnection,
    pub(super) recent: Recent,
    place: MutexGuard<'a, Place>,
}

impl Turn<'_> {
    /// Brings the connection back, outside of any transaction, after nothing was written that `recent`
    /// does not know.
    pub(super) fn end(mut self) {
        *self.place = Place::Idle(self.connection, self.recent);
    }

    /// The same after anything.
    pub(super) fn end_otherwise(mut self) {
        self.recent.forget();
        self.end();
    }
}

impl Writer {
    pub(super) async fn open(options: SqliteConnectOptions) -> Result<Self, sqlx::Error> {
        let started = Instant::now();
        let connection = loop {
            match options.connect().await {
                Ok(connection) => break connection,
                // Several who make the same new file one with a log at once: SQLite's own waiting
                // is not for this.
                Err(error) if is_busy(&error) && started.elapsed() < BUSY_LIMIT => {
                    sleep(BETWEEN_TRIES).await;
                }
                Err(error) => return Err(error),
            }
        };
        Ok(Self {
            options,
            place: Mutex::new(Place::Idle(connection, Recent::default())),
        })
    }

    /// What its connection is opened with.
    pub(super) const fn options(&self) -> &SqliteConnectOptions {
        &self.options
    }

    /// Waits for one's turn, in the order of those who ask. May be dropped while it waits.
    ///
    /// # Errors
    /// [`sqlx::Error::PoolTimedOut`] after [`ACQUIRE_LIMIT`], [`sqlx::Error::PoolClosed`] after
    /// [`Self::close`], or why a connection could not be opened.
    pub(super) async fn turn(&self) -> Result<Turn<'_>, sqlx::Error> {
        let waiting = timeout(ACQUIRE_LIMIT, self.place.lock());
        let mut place = waiting.await.map_err(|_| sqlx::Error::PoolTimedOut)?;
        let (connection, recent) = match std::mem::replace(&mut *place, Place::Empty) {
            Place::Idle(connection, recent) => (connection, recent),
            Place::Empty => (self.options.connect().await?, Recent::default()),
            Place::Closed => {
                *place = Place::Closed;
                return Err(sqlx::Error::PoolClosed);
            }
        };
        Ok(Turn {
            connection,
            recent,
            place,
        })
    }

    /// Whether somebody has it.
    pub(super) fn is_taken(&self) -> bool {
        self.place.try_lock().is_err()
    }

    /// Closes the connection after the turns that wait. There is none after this.
    pub(super) async fn close(&self) {
        let place = std::mem::replace(&mut *self.place.lock().await, Place::Closed);
        if let Place::Idle(connection, _) = place
            && let Err(error) = connection.close().await
        {
            tracing::warn!(%error, "the writer did not close well");
        }
    }
}

/// Whether another had the file: `SQLITE_BUSY`, of whatever kind (sqlite.org/rescode.html).
pub(super) fn is_busy(error: &sqlx::Error) -> bool {
    let code = error.as_database_error().and_then(DatabaseError::code);
    code.and_then(|code| code.parse::<i32>().ok())
        .is_some_and(|code| code & 0xff == 5)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_turn_that_is_not_ended_leaves_nothing_and_after_the_last_there_is_none() {
        let folder = tempfile::tempdir().expect("a folder");
        let options = SqliteConnectOptions::new()
            .filename(folder.path().join("x.db"))
            .create_if_missing(true);
        let writer = Writer::open(options).await.expect("a file");
        let mut turn = writer.turn().await.expect("the first");
        sqlx::raw_sql("CREATE TABLE t (x); BEGIN IMMEDIATE; INSERT INTO t VALUES (1)")
            .execute(&mut turn.connection)
            .await
            .expect("room");
        assert!(writer.is_taken());
        drop(turn);

        let mut turn = writer.turn().await.expect("another connection");
        let left: i64 = sqlx::query_scalar("BEGIN IMMEDIATE; SELECT count(*) FROM t")
            .fetch_one(&mut turn.connection)
            .await
            .expect("nobody else writes");
        assert_eq!(left, 0);
        drop(turn);
        writer.close().await;
        let refused = writer.turn().await.map(drop);
        assert!(
            matches!(refused, Err(sqlx::Error::PoolClosed)),
            "{refused:?}"
        );
    }
}
