//! Whether the server behind a connection is the primary. After a switch-over the old one may live on and
//! take no writes: what it still reads is of the past. At the first sign every connection made before is
//! dropped, and a new one leads to where the database's name leads now.

use super::dialect::Connection;
use sqlx::error::DatabaseError;
use std::io;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::time::Instant;

/// `read_only_sql_transaction`: what a standby, or a server that was made read-only, says to a write
/// (<https://www.postgresql.org/docs/current/errcodes-appendix.html>).
pub(super) const READ_ONLY: &str = "25006";

/// Signs further apart than this are of another outage, and logged again.
const OUTAGE: Duration = Duration::from_mins(1);

/// Since when the connections made before are dropped.
#[derive(Clone, Default)]
pub(super) struct Primary(Arc<Mutex<Option<Instant>>>);

impl Primary {
    /// Whether a connection of this age may lead to a server that is no primary any more.
    pub(super) fn doubts(&self, age: Duration) -> bool {
        let since = *self.0.lock().unwrap_or_else(PoisonError::into_inner);
        since.is_some_and(|since| since.elapsed() <= age)
    }

    /// Asks the server; on a standby this is `on`, too.
    ///
    /// # Errors
    /// When it takes no writes, or does not answer.
    pub(super) async fn ask(&self, connection: &mut Connection) -> Result<(), sqlx::Error> {
        let read_only: String = sqlx::query_scalar("SHOW transaction_read_only")
            .fetch_one(connection)
            .await?;
        if read_only == "on" {
            self.suspect();
            let words = "the PostgreSQL server takes no writes: it is no primary";
            return Err(io::Error::new(io::ErrorKind::ReadOnlyFilesystem, words).into());
        }
        Ok(())
    }

    /// Looks at why something failed.
    pub(super) fn look_at(&self, error: &sqlx::Error) {
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
