//! A transaction that either happened or did not, also when the connection broke.
//!
//! What fails before the commit was sent has not happened and is run again. A commit without an
//! answer may have happened: the transaction's id, fetched before, tells which, once the server can
//! be asked.

use super::PostgresStore;
use super::dialect::{Connection, is_transient};
use super::sql::Work;
use crate::store::StoreError;
use crate::store::retry::{Patience, timed_out};
use sqlx::{Acquire as _, Row as _};

/// What became of a transaction.
enum Fate {
    Committed,
    Aborted,
}

/// A transaction whose commit is on its way, by its id; `None`: it changed nothing.
type Committing = Option<Option<String>>;

impl PostgresStore {
    /// Does this work in one transaction and commits it; again, for a few seconds, where another
    /// node was faster or the server is away.
    ///
    /// An error means that it did not happen, or that nobody could be asked in time.
    pub(super) async fn write<W: Work>(&self, work: W) -> Result<W::Output, StoreError> {
        let mut patience = Patience::default();
        loop {
            match self.attempt(&work, &mut patience).await {
                Err(StoreError::Database(error)) if is_transient(&error) => {
                    tracing::debug!(%error, "a transaction is tried again");
                    if !patience.wait().await {
                        return Err(error.into());
                    }
                }
                result => return result,
            }
        }
    }

    /// One try. A transient error means that nothing happened.
    async fn attempt<W: Work>(
        &self,
        work: &W,
        patience: &mut Patience,
    ) -> Result<W::Output, StoreError> {
        let mut writer = self.writer.acquire().await?;
        let mut committing = None;
        let mut output = None;
        let tried = run(&mut writer, work, &mut output, &mut committing);
        let result = match tokio::time::timeout(W::LIMIT, tried).await {
            Ok(result) => result,
            Err(_) => Err(timed_out()),
        };
        let Err(error) = result else {
            return output.ok_or_else(|| sqlx::Error::RowNotFound.into());
        };
        if !matches!(&error, StoreError::Database(sqlx::Error::Database(_))) {
            // It is in the middle of something or gone: its place in the pool is for another.
            drop(writer.detach());
        }
        let (Some(Some(id)), Some(output)) = (committing, output) else {
            return Err(error);
        };
        tracing::warn!(%error, "a commit was not answered; asking what became of it");
        match self.fate(&id, patience).await? {
            Fate::Committed => Ok(output),
            Fate::Aborted => Err(error),
        }
    }

    /// What became of a transaction, as soon as that is decided.
    async fn fate(&self, id: &str, patience: &mut Patience) -> Result<Fate, StoreError> {
        loop {
            let asked = async {
                let mut writer = self.writer.acquire().await?;
                sqlx::query("SELECT pg_xact_status(CAST($1 AS xid8)) AS status")
                    .bind(id)
                    .fetch_one(&mut *writer)
                    .await?
                    .try_get::<Option<String>, _>("status")
            };
            let undecided = match tokio::time::timeout(super::ACQUIRE_LIMIT, asked).await {
                Ok(Ok(status)) => match status.as_deref() {
                    Some("committed") => return Ok(Fate::Committed),
                    Some("aborted") => return Ok(Fate::Aborted),
                    Some(_) => unknown("it is still in progress"),
                    // Only of a transaction long gone by, which this one is not.
                    None => return Err(unknown("the server has forgotten it")),
                },
                Ok(Err(error)) if is_transient(&error) => unknown(&error.to_string()),
                Ok(Err(error)) => return Err(unknown(&error.to_string())),
                Err(_) => unknown("no answer"),
            };
            if !patience.wait().await {
                return Err(undecided);
            }
        }
    }
}

/// Runs the work and commits. `committing` is set before the commit is sent: an error before that
/// means that nothing happened.
async fn run<W: Work>(
    connection: &mut Connection,
    work: &W,
    output: &mut Option<W::Output>,
    committing: &mut Committing,
) -> Result<(), StoreError> {
    let mut transaction = connection.begin().await?;
    *output = Some(work.run(&mut transaction).await?);
    let id = sqlx::query("SELECT CAST(pg_current_xact_id_if_assigned() AS TEXT) AS id")
        .fetch_one(&mut *transaction)
        .await?
        .try_get("id")?;
    *committing = Some(id);
    transaction.commit().await?;
    Ok(())
}

/// Not transient: trying again what may have happened would do it twice.
fn unknown(why: &str) -> StoreError {
    StoreError::InDoubt(why.into())
}
