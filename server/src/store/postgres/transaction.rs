//! A transaction that either happened or did not, also when the connection broke.
//!
//! What fails before the commit was sent has not happened and is run again. A commit without an
//! answer may have happened, so every transaction leaves a token in `commits`, and whoever is in
//! doubt tries to put the same token there: it waits for a transaction that is still under way, and
//! finds the token of one that happened. (The id of the transaction would not do: after a crash
//! PostgreSQL gives the ids of those it lost to others.)

use super::PostgresStore;
use super::dialect::{Connection, is_transient};
use super::sql::Work;
use crate::store::StoreError;
use crate::store::retry::{Patience, TRY_LIMIT, timed_out};
use sqlx::{Acquire as _, Row as _};
use std::mem;
use std::sync::{Mutex, PoisonError};

/// A transaction, as `commits` knows it.
type Token = i64;

/// Tokens that nobody will ask for any more, to be removed by the next transaction.
#[derive(Default)]
pub(super) struct Spent(Mutex<Vec<Token>>);

impl Spent {
    fn add(&self, tokens: &[Token]) {
        let mut spent = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        spent.extend(tokens);
    }

    fn take(&self) -> Vec<Token> {
        mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// What is known of a transaction while it runs.
struct Progress<T> {
    token: Token,
    /// What the work gave.
    output: Option<T>,
    /// Whether its commit may have been sent.
    committing: bool,
}

/// What became of a transaction.
enum Fate {
    Committed,
    Aborted,
}

impl PostgresStore {
    /// Does this work in one transaction and commits it; again, for a few seconds, where another
    /// node was faster or the server is away.
    ///
    /// An error means that it did not happen, or ([`StoreError::InDoubt`]) that nobody could be
    /// asked in time.
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

    /// One try. An error that is not [`StoreError::InDoubt`] means that nothing happened.
    async fn attempt<W: Work>(
        &self,
        work: &W,
        patience: &mut Patience,
    ) -> Result<W::Output, StoreError> {
        let mut writer = self.writer.acquire().await?;
        let spent = self.spent.take();
        let mut progress = Progress {
            token: random()?,
            output: None,
            committing: false,
        };
        let tried = run(&mut writer, work, &spent, &mut progress);
        let tried = tokio::time::timeout(W::LIMIT, tried).await;
        let Err(error) = tried.unwrap_or_else(|_| Err(timed_out())) else {
            self.spent.add(&[progress.token]);
            return progress
                .output
                .ok_or_else(|| sqlx::Error::RowNotFound.into());
        };
        // Removing them twice is no harm.
        self.spent.add(&spent);
        if let StoreError::Database(error) = &error {
            self.primary.look_at(error);
        }
        if let StoreError::Database(error) = &error
            && error.as_database_error().is_none()
        {
            // It is in the middle of something or gone: its place in the pool is for another.
            drop(writer.detach());
        }
        let (true, Some(output)) = (progress.committing, progress.output) else {
            return Err(error);
        };
        tracing::warn!(%error, "a commit was not answered; asking what became of it");
        let fate = self.fate(progress.token, patience).await?;
        self.spent.add(&[progress.token]);
        match fate {
            Fate::Committed => Ok(output),
            Fate::Aborted => Err(error),
        }
    }

    /// What became of a transaction, as soon as that is decided.
    async fn fate(&self, token: Token, patience: &mut Patience) -> Result<Fate, StoreError> {
        loop {
            let why = match tokio::time::timeout(TRY_LIMIT, self.ask(token)).await {
                Ok(Ok(fate)) => return Ok(fate),
                Ok(Err(error)) if is_transient(&error) => {
                    self.primary.look_at(&error);
                    error.to_string()
                }
                Ok(Err(error)) => return Err(StoreError::InDoubt(error.to_string())),
                Err(_) => "no answer".into(),
            };
            if !patience.wait().await {
                return Err(StoreError::InDoubt(why));
            }
        }
    }

    /// May be asked again when the answer was lost.
    async fn ask(&self, token: Token) -> Result<Fate, sqlx::Error> {
        let mut writer = self.writer.acquire().await?;
        // Waits for a transaction that has put it there and may still commit.
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
            Fate::Aborted
        } else {
            Fate::Committed
        })
    }
}

/// Runs the work, leaves the token, and commits.
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
