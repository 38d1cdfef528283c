//! Detects whether a connection leads to the primary. After a switch-over the old primary may live
//! on and refuse writes, and its reads are stale. At the first sign every older connection is
//! dropped, and new ones resolve the database's host again.

use super::dialect::Connection;
use sqlx::error::DatabaseError;
use std::io;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::time::Instant;

/// `read_only_sql_transaction`: the error of a write on a standby or a read-only server
/// (<https://www.postgresql.org/docs/current/errcodes-appendix.html>).
pub(super) const READ_ONLY: &str = "25006";

/// Signs further apart than this belong to another outage, and are logged again.
const OUTAGE: Duration = Duration::from_mins(1);

/// Connections made before this time are dropped.
#[derive(Clone, Default)]
pub(super) struct Primary(Arc<Mutex<Option<Instant>>>);

impl Primary {
    /// Whether a connection of this age may lead to a former primary.
    pub(super) fn is_suspect(&self, age: Duration) -> bool {
        let since = *self.0.lock().unwrap_or_else(PoisonError::into_inner);
        since.is_some_and(|since| since.elapsed() <= age)
    }

    /// Checks that the server accepts writes; on a standby the setting is `on`, too.
    ///
    /// # Errors
    /// When it refuses writes, or does not answer.
    pub(super) async fn check_writable(
        &self,
        connection: &mut Connection,
    ) -> Result<(), sqlx::Error> {
        let read_only: String = sqlx::query_scalar("SHOW transaction_read_only")
            .fetch_one(connection)
            .await?;
        if read_only == "on" {
            self.suspect();
            let reason = "the PostgreSQL server takes no writes: it is no primary";
            return Err(io::Error::new(io::ErrorKind::ReadOnlyFilesystem, reason).into());
        }
        Ok(())
    }

    /// Inspects an error for signs of a read-only server.
    pub(super) fn observe_error(&self, error: &sqlx::Error) {
        let code = error.as_database_error().and_then(DatabaseError::code);
        if code.as_deref() == Some(READ_ONLY) {
            self.suspect();
        }
    }

    fn suspect(&self) {
        let now = Instant::now();
        let mut since = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if since.replace(now).is_none_or(|last| now - last > OUTAGE) {
            tracing::warn!("the PostgreSQL server takes no writes; connecting anew until one does");
        }
    }
}
