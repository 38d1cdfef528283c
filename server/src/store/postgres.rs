//! The store of many nodes: a PostgreSQL database.
//!
//! A few connections write, more of them read; every statement and every wait has a limit. The SQL
//! is that of `sql/`; `dialect` holds what is PostgreSQL's own in it, `transaction` how a node comes
//! to know what became of a commit.

mod dialect;
mod primary;
#[path = "sql/mod.rs"]
#[expect(
    clippy::duplicate_mod,
    reason = "compiled once a database, see its words"
)]
mod sql;
mod transaction;

use super::repeats::{RepeatWatch, Repeats};
use super::{Appended, NewMessage, Refused, StoreError};
use crate::metrics::PoolUse;
use primary::Primary;
use sql::append::Append;
use sql::pool_use;
use sqlx::PgPool;
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use std::num::NonZeroU32;
use std::time::Duration;

/// Connections that write: one for the committer, one for whatever else there is.
const WRITERS: u32 = 2;
/// How long a query waits for a connection before it fails as unavailable.
const ACQUIRE_LIMIT: Duration = Duration::from_secs(5);
/// A connection that was idle for longer than this is asked whether it lives before it is used.
const IDLE_DOUBT: Duration = Duration::from_secs(1);

/// What every session begins with.
///
/// The limits, in ms: a statement; a wait for a lock, after which the transaction is tried again;
/// and a transaction in which nothing happens, for a node that was frozen amid one must not hold
/// its rows for long. The planner reads by index one row at a time and plans once a statement:
/// tables that were empty when a statement was planned do not stay so, and sets are small. An answer
/// means that the message is on disk, so a session that would not wait for the disk waits for it.
const SESSION: &str = "
    SET application_name = 'tidings';
    SET statement_timeout = 60000;
    SET lock_timeout = 3000;
    SET idle_in_transaction_session_timeout = 2500;
    SET default_transaction_isolation = 'read committed';
    SET plan_cache_mode = force_generic_plan;
    SET enable_seqscan = off;
    SET enable_hashjoin = off;
    SET enable_mergejoin = off;
    SET jit = off;
    SELECT set_config('synchronous_commit', 'on', false)
     WHERE current_setting('synchronous_commit') = 'off';";

/// A store in a PostgreSQL database.
pub struct PostgresStore {
    options: PgConnectOptions,
    writer: PgPool,
    readers: PgPool,
    spent: transaction::Spent,
    primary: Primary,
    repeat_watch: RepeatWatch,
}

impl PostgresStore {
    /// Connects to the database of this URL; at most `readers` connections read.
    ///
    /// # Errors
    /// [`StoreError::Database`] when it cannot be reached.
    pub async fn open(url: &str, readers: NonZeroU32) -> Result<Self, StoreError> {
        let options: PgConnectOptions = url.parse()?;
        let primary = Primary::default();
        let pool = |connections| {
            let (used_again, new) = (primary.clone(), primary.clone());
            PgPoolOptions::new()
                .max_connections(connections)
                .acquire_timeout(ACQUIRE_LIMIT)
                .test_before_acquire(false)
                .before_acquire(move |connection, meta| {
                    let primary = used_again.clone();
                    Box::pin(async move {
                        if primary.doubts(meta.age) {
                            return Ok(false);
                        }
                        if meta.idle_for > IDLE_DOUBT {
                            tokio::time::timeout(IDLE_DOUBT, primary.ask(connection))
                                .await
                                .map_err(|_| sqlx::Error::PoolTimedOut)??;
                        }
                        Ok(true)
                    })
                })
                .after_connect(move |connection, _| {
                    let primary = new.clone();
                    Box::pin(async move {
                        sqlx::raw_sql(SESSION).execute(&mut *connection).await?;
                        primary.ask(connection).await
                    })
                })
        };
        let writer = pool(WRITERS).connect_with(options.clone()).await?;
        let readers = pool(readers.get()).connect_lazy_with(options.clone());
        Ok(Self {
            options,
            writer,
            readers,
            spent: transaction::Spent::default(),
            primary,
            repeat_watch: RepeatWatch::default(),
        })
    }

    /// On a connection of its own, without limits: it waits for the node that migrates now.
    async fn migrate(&self) -> Result<(), StoreError> {
        let own = PgPoolOptions::new()
            .max_connections(1)
            .acquire_timeout(ACQUIRE_LIMIT)
            .after_connect(|connection, _| {
                Box::pin(async move {
                    // That there is nothing to do is no news.
                    let quiet = "SET client_min_messages = warning";
                    sqlx::raw_sql(quiet).execute(connection).await?;
                    Ok(())
                })
            })
            .connect_with(self.options.clone())
            .await?;
        // A node of the version before may be started again while others are replaced: what a newer
        // one added stays, and is such that this one can work with it.
        let migrated = sqlx::migrate!("migrations/postgres")
            .set_ignore_missing(true)
            .run(&own)
            .await;
        own.close().await;
        Ok(migrated?)
    }

    async fn append_once(
        &self,
        batch: &[NewMessage],
        repeats: Repeats,
    ) -> Result<Vec<Result<Appended, Refused>>, StoreError> {
        self.write(Append { batch, repeats }).await
    }

    fn pools(&self) -> [PoolUse; 2] {
        [
            pool_use("readers", &self.readers),
            pool_use("writer", &self.writer),
        ]
    }

    async fn close(&self) {
        self.readers.close().await;
        self.writer.close().await;
    }
}
