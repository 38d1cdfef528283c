//! The source of truth: users, sessions, conversations and their messages.
//!
//! [`Store`] is the interface for the rest of the server. An implementation answers only from
//! committed and synced data; caches, pushes and presence are not its concern. Reads that find
//! nothing return `Ok(None)`; every error is a [`StoreError`], logged by the caller and never
//! shown.

mod account;
mod committer;
mod cursors;
mod duplicates;
mod group;
mod last_use;
mod list;
mod postgres;
mod receipts;
mod record;
mod retry;
mod sqlite;

pub use account::{Credentials, Login, NewUser, Picture, Session, UserDraft};
pub use committer::{CommitResult, Committer, SendError};
pub use cursors::CursorWriter;
pub use group::{GroupChange, GroupLimits, GroupRefusal, NewGroup, NewMembers};
pub use last_use::{LastUse, TOUCH_INTERVAL};
pub use list::{ListCursor, ListRow};
pub use postgres::PostgresStore;
pub use receipts::Receipts;
pub use record::{
    AdvanceCursor, Appended, NewMessage, PeerProfile, Profile, Range, Record, Refused, Thread,
};
pub use sqlite::{Claim, SqliteStore};

use crate::domain::SessionHash;
use crate::metrics::PoolUse;
use async_trait::async_trait;
use std::num::NonZeroU32;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use tidings_shared::session::{ConversationCursor, UnreadCounts};
use tidings_shared::{ConversationId, GroupId, Peer, UserId, api};

/// The store failed: unreachable, full, corrupt. A write that failed in its commit may nevertheless
/// have been applied.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The database's own error.
    #[error("database: {0}")]
    Database(#[from] sqlx::Error),
    /// A migration failed.
    #[error("migration: {0}")]
    Migration(#[from] sqlx::migrate::MigrateError),
    /// A commit was not answered, and its outcome could not be determined.
    #[error("a commit in doubt: {0}")]
    InDoubt(String),
    /// A message of the batch is a duplicate. The store then looks up which.
    #[error("a message was stored before")]
    Duplicate,
    /// The URL names no supported database.
    #[error("{0}")]
    Url(String),
    /// The file exists and is empty.
    #[error(
        "{0} is empty: if there was a database, put it back from a backup; to begin a new one in this \
         file, give --init"
    )]
    Empty(PathBuf),
    /// Another server has claimed the file.
    #[error(
        "another server uses {0}, and the people of the two would not see each other: end that one \
         first; several nodes share a PostgreSQL database and a Redis"
    )]
    Claimed(PathBuf),
    /// Another process has the file open.
    #[error("{0} is in use: end the server first, and every command on it")]
    InUse(PathBuf),
    /// The target file exists already.
    #[error("{0} exists already, and a backup replaces nothing: give another name")]
    Exists(PathBuf),
    /// The file is no database of Tidings.
    #[error("{0} is no database of Tidings")]
    Foreign(PathBuf),
    /// SQLite reports the file as damaged.
    #[error("{0} is damaged: {1}")]
    Damaged(PathBuf, String),
    /// A WAL beside the file belongs to another database, or has no file.
    #[error(
        "{0} is not this database's: it was left by the one that lay here before, and would break this \
         one. Give the two back to each other, or move {0} away; `tidings restore` sees to both"
    )]
    ForeignWal(PathBuf),
    /// The email is taken.
    #[error("a user with the email {0} exists already")]
    EmailTaken(String),
    /// The uid is taken.
    #[error("a user with the uid {0} exists already")]
    UidTaken(UserId),
}

/// Conversations on a page of [`Store::cursors`].
pub const CURSORS_PAGE: u32 = 1000;

/// Read connections to a PostgreSQL server, unless configured.
pub const READERS: NonZeroU32 = NonZeroU32::new(10).expect("ten is not zero");

/// Opens the store of a URL: `sqlite://PATH` (created when missing; `sqlite::memory:` is refused,
/// because it is not durable) or `postgres://USER:PASSWORD@HOST/DATABASE` with at most `readers`
/// read connections. The parameters of a PostgreSQL URL are libpq's: `sslmode=verify-full` requires
/// TLS with a certificate of a known authority, `sslrootcert=FILE` names that authority.
///
/// # Errors
/// [`StoreError::Url`] for any other URL, [`StoreError::Database`] when it cannot be opened.
pub async fn open(url: &str, readers: NonZeroU32) -> Result<Arc<dyn Store>, StoreError> {
    let scheme = url.split(':').next().unwrap_or_default();
    match scheme {
        "sqlite" => Ok(Arc::new(SqliteStore::open(url).await?)),
        "postgres" | "postgresql" => Ok(Arc::new(PostgresStore::open(url, readers).await?)),
        _ => Err(StoreError::Url(format!(
            "no store speaks {scheme:?}: set --database-url to sqlite://PATH or \
             postgres://USER:PASSWORD@HOST/DATABASE"
        ))),
    }
}

fn is_sqlite(url: &str) -> bool {
    url.starts_with("sqlite:")
}

/// The file of a SQLite URL; `None` for other stores.
pub fn file(url: &str) -> Option<PathBuf> {
    is_sqlite(url).then(|| sqlite::file(url)).flatten()
}

/// Initializes an empty SQLite file as a database; does nothing for other stores.
///
/// # Errors
/// As [`open`].
pub async fn init(url: &str) -> Result<(), StoreError> {
    if is_sqlite(url) {
        sqlite::init(url).await?;
    }
    Ok(())
}

/// Claims a SQLite file for a server, exclusively or `shared` with other nodes joined by Redis; a
/// PostgreSQL database needs no claim. Commands that run beside a server do without.
///
/// # Errors
/// [`StoreError::Claimed`] while another server has it.
pub fn claim(url: &str, shared: bool) -> Result<Option<Claim>, StoreError> {
    is_sqlite(url)
        .then(|| sqlite::claim(url, shared))
        .transpose()
}

/// Copies a SQLite file, which may be in use, to a new file `to`; everything answered before the
/// call is included.
///
/// # Errors
/// [`StoreError::Exists`] for an existing file, [`StoreError::Url`] for a PostgreSQL database.
pub async fn backup(url: &str, to: &Path) -> Result<(), StoreError> {
    if !is_sqlite(url) {
        return Err(StoreError::Url(
            "a PostgreSQL database is backed up by pg_dump".into(),
        ));
    }
    sqlite::backup(url, to).await
}

/// Replaces a SQLite file by a copy of the backup `from`, with a new epoch. The previous file is
/// renamed to end with `mark`, and its new name is returned.
///
/// # Errors
/// [`StoreError::InUse`] while another process has the file open, [`StoreError::Foreign`] and
/// [`StoreError::Damaged`] for a file that is no backup, [`StoreError::Url`] for a PostgreSQL
/// database.
pub async fn restore(url: &str, from: &Path, mark: &str) -> Result<Option<PathBuf>, StoreError> {
    if !is_sqlite(url) {
        let reason = "a PostgreSQL database is restored by pg_restore; renew its epoch then";
        return Err(StoreError::Url(reason.into()));
    }
    sqlite::restore(url, from, mark).await
}

/// The operations of a store.
#[async_trait]
pub trait Store: Send + Sync + 'static {
    /// Migrates the schema to this version. Safe to call from many nodes at once.
    async fn migrate(&self) -> Result<(), StoreError>;

    /// Succeeds when the store can be read and, if it is a server, accepts writes.
    async fn ping(&self) -> Result<(), StoreError>;

    /// Appends a batch in one transaction, in order; returns one result per message, after the
    /// commit is on disk. A `clientMsgId` that its sender used before returns the earlier message.
    ///
    /// Cancelling rolls the transaction back unless the commit was already sent, so only the
    /// committer calls this, and it does not cancel.
    async fn append(
        &self,
        batch: &[NewMessage],
    ) -> Result<Vec<Result<Appended, Refused>>, StoreError>;

    /// Advances cursors, never back and never beyond the end of the conversation, in one
    /// transaction.
    async fn advance(&self, advances: &[AdvanceCursor]) -> Result<(), StoreError>;

    /// A conversation as one of its members sees it; `None`: the two never wrote to each other, or
    /// `uid` is no member.
    async fn thread(&self, uid: UserId, peer: Peer) -> Result<Option<Thread>, StoreError>;

    /// The same, by its id.
    async fn thread_by_id(
        &self,
        uid: UserId,
        conversation: ConversationId,
    ) -> Result<Option<Thread>, StoreError>;

    /// Messages of a conversation, oldest first.
    async fn page(
        &self,
        conversation: ConversationId,
        range: Range,
    ) -> Result<Vec<Record>, StoreError>;

    /// The cursors of a user's conversations with an id above `after`, lowest first, at most
    /// [`CURSORS_PAGE`]. A page with fewer is the last.
    async fn cursors(
        &self,
        uid: UserId,
        after: ConversationId,
    ) -> Result<Vec<ConversationCursor>, StoreError>;

    /// The two participants of each of these conversations that is direct.
    async fn participants(
        &self,
        conversations: &[ConversationId],
    ) -> Result<Vec<(ConversationId, UserId, UserId)>, StoreError>;

    /// A page of a user's conversations that have messages, newest first.
    async fn list(
        &self,
        uid: UserId,
        after: Option<ListCursor>,
        limit: u32,
    ) -> Result<Vec<ListRow>, StoreError>;

    /// Unread messages from others, in one conversation and in all; at most
    /// [`limits::UNREAD_MAX`](tidings_shared::limits::UNREAD_MAX) per conversation.
    async fn unread(
        &self,
        uid: UserId,
        conversation: ConversationId,
    ) -> Result<(u64, u64), StoreError>;

    /// As [`Self::unread`], in all conversations.
    async fn unread_total(&self, uid: UserId) -> Result<UnreadCounts, StoreError>;

    /// A user as others see them.
    async fn user(&self, uid: UserId) -> Result<Option<api::User>, StoreError>;

    /// The credentials of this email (lower case).
    async fn credentials(&self, email: &str) -> Result<Option<Credentials>, StoreError>;

    /// Users in ascending order of uid, after this one.
    async fn users(&self, after: UserId, limit: u32) -> Result<Vec<api::User>, StoreError>;

    /// Creates a group with its members and its first message ([`MsgType::GROUP_CREATED`]), in one
    /// transaction; `added` are all members. Repeated with the same key it returns the group as it
    /// is now, with no members added and no message.
    ///
    /// [`MsgType::GROUP_CREATED`]: tidings_shared::MsgType::GROUP_CREATED
    async fn create_group(
        &self,
        group: &NewGroup,
    ) -> Result<Result<GroupChange, GroupRefusal>, StoreError>;

    /// Adds members and, if any is new, the message about it
    /// ([`MsgType::MEMBERS_ADDED`](tidings_shared::MsgType::MEMBERS_ADDED)), in one transaction.
    /// The cursors of new members begin just before that message.
    async fn add_members(
        &self,
        members: &NewMembers,
    ) -> Result<Result<GroupChange, GroupRefusal>, StoreError>;

    /// A group; `None`: it does not exist, or `uid` is no member.
    async fn group(&self, uid: UserId, group: GroupId) -> Result<Option<api::Group>, StoreError>;

    /// Members of a group in ascending order of uid, after this one.
    async fn members(
        &self,
        group: GroupId,
        after: UserId,
        limit: u32,
    ) -> Result<Vec<api::User>, StoreError>;

    /// Adds users in one transaction, all or none. A user without a uid gets the next free one,
    /// from 1000.
    async fn add_users(&self, users: &[NewUser]) -> Result<Vec<UserId>, StoreError>;

    /// Changes the display name; returns the updated user, if it exists.
    async fn rename(&self, uid: UserId, username: &str) -> Result<Option<api::User>, StoreError>;

    /// Replaces a user's picture and its URL; `None` removes it. Returns the updated user, if it
    /// exists.
    async fn set_avatar(
        &self,
        uid: UserId,
        avatar: Option<(&Picture, &str)>,
    ) -> Result<Option<api::User>, StoreError>;

    /// A current picture of any user, by its hash.
    async fn avatar(&self, hash: [u8; 32]) -> Result<Option<Picture>, StoreError>;

    /// The PHC string of a user's password.
    async fn password_hash(&self, uid: UserId) -> Result<Option<String>, StoreError>;

    /// Replaces a password's PHC string if it is still `old`, and ends every session of the user
    /// but `keep`, in one transaction; returns the ended sessions. `None`: it is not `old`.
    async fn change_password(
        &self,
        uid: UserId,
        (old, new): (&str, &str),
        keep: SessionHash,
    ) -> Result<Option<Vec<SessionHash>>, StoreError>;

    /// Stores a session of a user who has proved the password of this PHC string, with its
    /// `User-Agent`. Returns the sessions ended because a user may have at most 100. `None`: the
    /// password has changed, and no session was stored.
    async fn begin_session(
        &self,
        session: &Session,
        agent: &str,
        password_hash: &str,
        now_ms: i64,
    ) -> Result<Option<Vec<SessionHash>>, StoreError>;

    /// Stores sessions made for programs, in one transaction; they count like others.
    async fn add_sessions(&self, sessions: &[Session], now_ms: i64) -> Result<(), StoreError>;

    /// A session that has not expired, with its user.
    async fn session(
        &self,
        hash: SessionHash,
        now_ms: i64,
    ) -> Result<Option<(Session, api::User)>, StoreError>;

    /// A user's unexpired sessions, most recently used first.
    async fn logins(&self, uid: UserId, now_ms: i64, limit: u32) -> Result<Vec<Login>, StoreError>;

    /// Updates when sessions were last used, in one transaction.
    async fn touch_sessions(&self, touches: &[(SessionHash, i64)]) -> Result<(), StoreError>;

    /// Ends a session of this user; `false`: no such session.
    async fn end_session(&self, uid: UserId, hash: SessionHash) -> Result<bool, StoreError>;

    /// Ends every session of this user but `keep`; returns the ended ones.
    async fn end_other_sessions(
        &self,
        uid: UserId,
        keep: SessionHash,
    ) -> Result<Vec<SessionHash>, StoreError>;

    /// Sessions ended within the last hour, at most the last 10,000: connections of theirs may
    /// still be open.
    async fn ended_sessions(&self) -> Result<Vec<(UserId, SessionHash)>, StoreError>;

    /// Locks or unlocks a user. Locking ends all their sessions; returns how many.
    async fn set_locked(&self, uid: UserId, locked: bool) -> Result<usize, StoreError>;

    /// The database's epoch: a random id, renewed when a backup is restored.
    async fn epoch(&self) -> Result<String, StoreError>;

    /// Renews the epoch and returns it.
    async fn renew_epoch(&self) -> Result<String, StoreError>;

    /// The use of the connection pools.
    fn pools(&self) -> Vec<PoolUse>;

    /// Waits for running operations and closes the database.
    async fn close(&self);
}
