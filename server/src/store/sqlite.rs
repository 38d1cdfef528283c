//! The embedded store: one SQLite file in WAL mode.
//!
//! One connection writes, a few read; a commit returns after the log is synced
//! (`synchronous=FULL`). Files below hold the SQL, one subject each.

mod append;
mod conversations;
mod users;

use super::{
    Appended, Credentials, GroupChange, GroupRefusal, ListCursor, ListRow, Move, NewGroup,
    NewMembers, NewMessage, NewUser, Range, Record, Refused, Session, SessionHash, Standing, Store,
    StoreError, Thread,
};
use async_trait::async_trait;
use sqlx::SqlitePool;
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous};
use std::time::Duration;
use tidings_shared::{ConversationId, GroupId, Peer, UserId, api};

/// Connections that read. SQLite reads from the page cache mostly; more than the cores help little.
const READERS: u32 = 4;
/// How long a query waits for a connection before it fails as unavailable.
const ACQUIRE_LIMIT: Duration = Duration::from_secs(10);
/// How long a writer waits for the lock of another process (`tidings user add` beside a server).
const BUSY_LIMIT: Duration = Duration::from_secs(10);
/// Page cache of each connection, in KiB (SQLite counts KiB below zero).
const CACHE_KIB: &str = "-16000";

/// A store in a SQLite file.
pub struct SqliteStore {
    writer: SqlitePool,
    readers: SqlitePool,
}

impl SqliteStore {
    /// Opens the file, creating it when missing.
    ///
    /// # Errors
    /// [`StoreError::Url`] for a URL without a path, [`StoreError::Database`] when the file cannot
    /// be opened.
    pub async fn open(url: &str) -> Result<Self, StoreError> {
        if url.contains(":memory:") || url.contains("mode=memory") {
            let words = "a database in memory loses what it answered; name a file: sqlite://PATH";
            return Err(StoreError::Url(words.into()));
        }
        let options: SqliteConnectOptions = url
            .parse::<SqliteConnectOptions>()?
            .create_if_missing(true)
            .journal_mode(SqliteJournalMode::Wal)
            .synchronous(SqliteSynchronous::Full)
            .foreign_keys(true)
            .busy_timeout(BUSY_LIMIT)
            .pragma("cache_size", CACHE_KIB)
            .pragma("temp_store", "memory");
        let writer = SqlitePoolOptions::new()
            .max_connections(1)
            .acquire_timeout(ACQUIRE_LIMIT)
            .connect_with(options.clone())
            .await?;
        let readers = SqlitePoolOptions::new()
            .max_connections(READERS)
            .acquire_timeout(ACQUIRE_LIMIT)
            .connect_lazy_with(options.pragma("query_only", "on"));
        Ok(Self { writer, readers })
    }
}

#[async_trait]
impl Store for SqliteStore {
    async fn migrate(&self) -> Result<(), StoreError> {
        Ok(sqlx::migrate!("migrations/sqlite")
            .run(&self.writer)
            .await?)
    }

    async fn ping(&self) -> Result<(), StoreError> {
        sqlx::query("SELECT 1").execute(&self.readers).await?;
        Ok(())
    }

    async fn append(
        &self,
        batch: &[NewMessage],
    ) -> Result<Vec<Result<Appended, Refused>>, StoreError> {
        append::append(&self.writer, batch).await
    }

    async fn advance(&self, moves: &[Move]) -> Result<(), StoreError> {
        conversations::advance(&self.writer, moves).await
    }

    async fn thread(&self, uid: UserId, peer: Peer) -> Result<Option<Thread>, StoreError> {
        match peer {
            Peer::User(other) => conversations::thread(&self.readers, uid, other).await,
            Peer::Group(_) => Ok(None),
        }
    }

    async fn thread_by_id(
        &self,
        uid: UserId,
        conversation: ConversationId,
    ) -> Result<Option<Thread>, StoreError> {
        conversations::thread_by_id(&self.readers, uid, conversation).await
    }

    async fn page(
        &self,
        conversation: ConversationId,
        range: Range,
    ) -> Result<Vec<Record>, StoreError> {
        conversations::page(&self.readers, conversation, range).await
    }

    async fn positions(&self, uid: UserId) -> Result<Vec<Standing>, StoreError> {
        conversations::positions(&self.readers, uid).await
    }

    async fn list(
        &self,
        uid: UserId,
        after: Option<ListCursor>,
        limit: u32,
    ) -> Result<Vec<ListRow>, StoreError> {
        conversations::list(&self.readers, uid, after, limit).await
    }

    async fn unread(
        &self,
        uid: UserId,
        conversation: ConversationId,
    ) -> Result<(u64, u64), StoreError> {
        conversations::unread(&self.readers, uid, conversation).await
    }

    async fn unread_total(&self, uid: UserId) -> Result<u64, StoreError> {
        conversations::unread_total(&self.readers, uid).await
    }

    async fn user(&self, uid: UserId) -> Result<Option<api::User>, StoreError> {
        users::user(&self.readers, uid).await
    }

    async fn credentials(&self, email: &str) -> Result<Option<Credentials>, StoreError> {
        users::credentials(&self.readers, email).await
    }

    async fn users(&self, after: UserId, limit: u32) -> Result<Vec<api::User>, StoreError> {
        users::users(&self.readers, after, limit).await
    }

    async fn create_group(
        &self,
        _group: &NewGroup,
    ) -> Result<Result<GroupChange, GroupRefusal>, StoreError> {
        Ok(Err(GroupRefusal::NoGroup))
    }

    async fn add_members(
        &self,
        _members: &NewMembers,
    ) -> Result<Result<GroupChange, GroupRefusal>, StoreError> {
        Ok(Err(GroupRefusal::NoGroup))
    }

    async fn group(&self, _uid: UserId, _group: GroupId) -> Result<Option<api::Group>, StoreError> {
        Ok(None)
    }

    async fn members(
        &self,
        _group: GroupId,
        _after: UserId,
        _limit: u32,
    ) -> Result<Vec<api::User>, StoreError> {
        Ok(Vec::new())
    }

    async fn add_users(&self, users: &[NewUser]) -> Result<Vec<UserId>, StoreError> {
        users::add_users(&self.writer, users).await
    }

    async fn add_session(&self, session: &Session, now_ms: i64) -> Result<(), StoreError> {
        users::add_session(&self.writer, session, now_ms).await
    }

    async fn session(
        &self,
        hash: SessionHash,
        now_ms: i64,
    ) -> Result<Option<(Session, api::User)>, StoreError> {
        users::session(&self.readers, hash, now_ms).await
    }

    async fn end_session(&self, hash: SessionHash) -> Result<(), StoreError> {
        users::end_session(&self.writer, hash).await
    }

    async fn close(&self) {
        self.readers.close().await;
        self.writer.close().await;
    }
}
