//! The store of many nodes: a PostgreSQL database.
//!
//! A few connections write, more read; every statement and every wait has a limit. The SQL is in
//! `sql/`; `dialect` holds what is specific to PostgreSQL, `transaction` determines the outcome of
//! commits.

mod dialect;
mod primary;
#[path = "sql/mod.rs"]
#[expect(
    clippy::duplicate_mod,
    reason = "compiled once a database, see its words"
)]
mod sql;
mod transaction;

use super::duplicates::{DuplicateWatch, Duplicates};
use super::{Appended, NewMessage, Refused, StoreError};
use crate::metrics::PoolUse;
use primary::Primary;
use sql::append::Append;
use sql::pool_use;
use sqlx::PgPool;
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use std::num::NonZeroU32;
use std::time::Duration;

/// Write connections: one for the committer, one for everything else.
const WRITERS: u32 = 2;
/// How long a query waits for a connection before it fails as unavailable.
const ACQUIRE_LIMIT: Duration = Duration::from_secs(5);
/// A connection that was idle for longer is tested before use.
const IDLE_CHECK: Duration = Duration::from_secs(1);

/// SQL that starts every session.
///
/// Limits in ms for a statement; for a lock, after which the transaction is retried; and for an
/// idle transaction, because a node frozen in one must not hold its row locks for long. The planner
/// reads single rows by index and plans once per statement: tables that were empty when a statement
/// was planned do not stay so, and sets are small. Commits are synchronous even if the server's
/// default is off: an answer means that the message is on disk.
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
    spent: transaction::SpentTokens,
    primary: Primary,
    duplicate_watch: DuplicateWatch,
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
                        if primary.is_suspect(meta.age) {
                            return Ok(false);
                        }
                        if meta.idle_for > IDLE_CHECK {
                            tokio::time::timeout(IDLE_CHECK, primary.check_writable(connection))
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
                        primary.check_writable(connection).await
                    })
                })
        };
        let writer = pool(WRITERS).connect_with(options.clone()).await?;
        let readers = pool(readers.get()).connect_lazy_with(options.clone());
        Ok(Self {
            options,
            writer,
            readers,
            spent: transaction::SpentTokens::default(),
            primary,
            duplicate_watch: DuplicateWatch::default(),
        })
    }

    /// Uses a separate connection without limits, because it waits for another node that migrates.
    async fn migrate(&self) -> Result<(), StoreError> {
        let pool = PgPoolOptions::new()
            .max_connections(1)
            .acquire_timeout(ACQUIRE_LIMIT)
            .after_connect(|connection, _| {
                Box::pin(async move {
                    // Suppresses notices about nothing to do.
                    let quiet = "SET client_min_messages = warning";
                    sqlx::raw_sql(quiet).execute(connection).await?;
                    Ok(())
                })
            })
            .connect_with(self.options.clone())
            .await?;
        // Allows a node of an earlier version to start during a rolling update: newer migrations
        // are compatible with this version.
        let migrated = sqlx::migrate!("migrations/postgres")
            .set_ignore_missing(true)
            .run(&pool)
            .await;
        pool.close().await;
        Ok(migrated?)
    }

    async fn append_once(
        &self,
        batch: &[NewMessage],
        duplicates: Duplicates,
    ) -> Result<Vec<Result<Appended, Refused>>, StoreError> {
        self.write(Append { batch, duplicates }).await
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
