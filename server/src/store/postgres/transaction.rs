//! Transactions with a known outcome, even when the connection breaks.
//!
//! A transaction that fails before its commit was sent is rolled back and retried. A commit without
//! a reply may have been applied, so every transaction inserts a token into `commits`, and after a
//! lost reply the same token is inserted again: this waits for a transaction in progress, and finds
//! the token of one that was applied. (The transaction id would not do: after a crash PostgreSQL
//! reassigns the ids of lost transactions.)

use super::PostgresStore;
use super::dialect::{Connection, is_transient};
use super::sql::Work;
use crate::store::StoreError;
use crate::store::retry::{RetryBudget, TRY_LIMIT, timed_out};
use sqlx::{Acquire as _, Row as _};
use std::mem;
use std::sync::{Mutex, PoisonError};

/// A transaction's token in `commits`.
type Token = i64;

/// Tokens that are no longer needed, to be removed by the next transaction.
#[derive(Default)]
pub(super) struct SpentTokens(Mutex<Vec<Token>>);

impl SpentTokens {
    fn add(&self, tokens: &[Token]) {
        let mut spent = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        spent.extend(tokens);
    }

    fn take(&self) -> Vec<Token> {
        mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// The state of a running transaction.
struct Progress<T> {
    token: Token,
    /// The result of the work.
    output: Option<T>,
    /// Whether its commit may have been sent.
    committing: bool,
}

/// The outcome of a transaction.
enum CommitOutcome {
    Committed,
    Aborted,
}

impl PostgresStore {
    /// Runs work in one transaction and commits it; retries for a few seconds after a lost race or
    /// while the server is down.
    ///
    /// An error means that it was not applied, or ([`StoreError::InDoubt`]) that the outcome could
    /// not be determined in time.
    pub(super) async fn write<W: Work>(&self, work: W) -> Result<W::Output, StoreError> {
        let mut retry = RetryBudget::default();
        loop {
            match self.attempt(&work, &mut retry).await {
                Err(StoreError::Database(error)) if is_transient(&error) => {
                    tracing::debug!(%error, "a transaction is tried again");
                    if !retry.backoff().await {
                        return Err(error.into());
                    }
                }
                result => return result,
            }
        }
    }

    /// One attempt. An error other than [`StoreError::InDoubt`] means that it was not applied.
    async fn attempt<W: Work>(
        &self,
        work: &W,
        retry: &mut RetryBudget,
    ) -> Result<W::Output, StoreError> {
        let mut writer = self.writer.acquire().await?;
        let spent = self.spent.take();
        let mut progress = Progress {
            token: random()?,
            output: None,
            committing: false,
        };
        let attempt = run(&mut writer, work, &spent, &mut progress);
        let attempt = tokio::time::timeout(W::LIMIT, attempt).await;
        let Err(error) = attempt.unwrap_or_else(|_| Err(timed_out())) else {
            self.spent.add(&[progress.token]);
            return progress
                .output
                .ok_or_else(|| sqlx::Error::RowNotFound.into());
        };
        // Removing them twice does no harm.
        self.spent.add(&spent);
        if let StoreError::Database(error) = &error {
            self.primary.observe_error(error);
        }
        if let StoreError::Database(error) = &error
            && error.as_database_error().is_none()
        {
            // The connection is broken or in an unknown state: removed from the pool.
            drop(writer.detach());
        }
        let (true, Some(output)) = (progress.committing, progress.output) else {
            return Err(error);
        };
        tracing::warn!(%error, "a commit was not answered; asking what became of it");
        let outcome = self.resolve(progress.token, retry).await?;
        self.spent.add(&[progress.token]);
        match outcome {
            CommitOutcome::Committed => Ok(output),
            CommitOutcome::Aborted => Err(error),
        }
    }

    /// Determines the outcome of a transaction, with retries.
    async fn resolve(
        &self,
        token: Token,
        retry: &mut RetryBudget,
    ) -> Result<CommitOutcome, StoreError> {
        loop {
            let why = match tokio::time::timeout(TRY_LIMIT, self.query_outcome(token)).await {
                Ok(Ok(outcome)) => return Ok(outcome),
                Ok(Err(error)) if is_transient(&error) => {
                    self.primary.observe_error(&error);
                    error.to_string()
                }
                Ok(Err(error)) => return Err(StoreError::InDoubt(error.to_string())),
                Err(_) => "no answer".into(),
            };
            if !retry.backoff().await {
                return Err(StoreError::InDoubt(why));
            }
        }
    }

    /// Idempotent.
    async fn query_outcome(&self, token: Token) -> Result<CommitOutcome, sqlx::Error> {
        let mut writer = self.writer.acquire().await?;
        // Waits for a transaction that has inserted the token and may still commit.
        sqlx::query(
            "INSERT INTO commits (token, refuted) VALUES ($1, true)
                 ON CONFLICT (token) DO NOTHING",
        )
        .bind(token)
        .execute(&mut *writer)
        .await?;
        let refuted = sqlx::query("SELECT refuted FROM commits WHERE token = $1")
            .bind(token)
            .fetch_one(&mut *writer)
            .await?
            .try_get("refuted")?;
        Ok(if refuted {
            CommitOutcome::Aborted
        } else {
            CommitOutcome::Committed
        })
    }
}

/// Runs the work, inserts the token, and commits.
async fn run<W: Work>(
    connection: &mut Connection,
    work: &W,
    spent: &[Token],
    progress: &mut Progress<W::Output>,
) -> Result<(), StoreError> {
    let mut transaction = connection.begin().await?;
    progress.output = Some(work.run(&mut transaction).await?);
    sqlx::query(
        "WITH gone AS (DELETE FROM commits WHERE token = ANY($2))
         INSERT INTO commits (token, refuted) VALUES ($1, false)",
    )
    .bind(progress.token)
    .bind(spent)
    .execute(&mut *transaction)
    .await?;
    progress.committing = true;
    transaction.commit().await?;
    Ok(())
}

fn random() -> Result<Token, StoreError> {
    match getrandom::u64() {
        Ok(number) => Ok(number.cast_signed()),
        Err(error) => Err(sqlx::Error::from(std::io::Error::other(error)).into()),
    }
}
