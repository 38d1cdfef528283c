//! The truth: users, sessions, conversations and their messages.
//!
//! [`Store`] is what the rest of the server knows. An implementation answers from what is
//! committed and synced, and nothing else; caches, pushes and who is online are not its business.
//! Reads that find nothing are `Ok(None)`; every error is [`StoreError`], logged by the caller and
//! never shown.

mod account;
mod committer;
mod group;
mod list;
mod positions;
mod postgres;
mod receipts;
mod record;
mod repeats;
mod retry;
mod sqlite;
mod visits;

pub use account::{Credentials, Login, NewUser, Picture, Session, SessionHash, UserDraft};
pub use committer::{Answer, Committer, SendError};
pub use group::{GroupChange, GroupLimits, GroupRefusal, NewGroup, NewMembers};
pub use list::{ListCursor, ListRow};
pub use positions::Positions;
pub use postgres::PostgresStore;
pub use receipts::Receipts;
pub use record::{
    Appended, Move, NewMessage, Party, Profile, Range, Record, Refused, Standing, Thread, Unread,
};
pub use sqlite::{Claim, SqliteStore};
pub use visits::{VISIT_EVERY, Visits};

use crate::metrics::PoolUse;
use async_trait::async_trait;
use std::num::NonZeroU32;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use tidings_shared::{ConversationId, GroupId, Peer, UserId, api};

/// The store failed: unreachable, full, corrupt. A write that failed in its commit may have
/// happened all the same.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The database's own error.
    #[error("database: {0}")]
    Database(#[from] sqlx::Error),
    /// A migration failed.
    #[error("migration: {0}")]
    Migration(#[from] sqlx::migrate::MigrateError),
    /// A commit was not answered, and nobody could be asked what became of it.
    #[error("a commit in doubt: {0}")]
    InDoubt(String),
    /// A message of a batch was stored before. The store itself then looks which.
    #[error("a message was stored before")]
    Repeated,
    /// The URL names no database this binary speaks to.
    #[error("{0}")]
    Url(String),
    /// The file is there and has nothing in it.
    #[error(
        "{0} is empty: if there was a database, put it back from a backup; to begin a new one in this \
         file, give --init"
    )]
    Empty(PathBuf),
    /// Another server uses the file.
    #[error(
        "another server uses {0}, and the people of the two would not see each other: end that one \
         first; several nodes share a PostgreSQL database and a Redis"
    )]
    Claimed(PathBuf),
    /// Somebody has the file open.
    #[error("{0} is in use: end the server first, and every command on it")]
    InUse(PathBuf),
    /// The file is there already.
    #[error("{0} exists already, and a backup replaces nothing: give another name")]
    Exists(PathBuf),
    /// The file is none of ours.
    #[error("{0} is no database of Tidings")]
    Foreign(PathBuf),
    /// SQLite finds the file broken.
    #[error("{0} is damaged: {1}")]
    Damaged(PathBuf, String),
    /// Another database's WAL lies beside the file, or one without a file.
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

/// Conversations on a page of [`Store::positions`].
pub const POSITIONS_PAGE: u32 = 1000;
/// Connections that read from a database that is a server, unless somebody says otherwise.
pub const READERS: NonZeroU32 = NonZeroU32::new(10).expect("ten is not zero");

/// Opens the store a URL names: `sqlite://PATH` (created when missing; `sqlite::memory:` never, for
/// nothing in memory is durable) or `postgres://USER:PASSWORD@HOST/DATABASE` with at most `readers`
/// connections that read. The parameters of a PostgreSQL URL are libpq's: `sslmode=verify-full`
/// asks for TLS with a certificate of a known authority, `sslrootcert=FILE` names that authority.
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

/// The file of the store a URL names, if it is one.
pub fn file(url: &str) -> Option<PathBuf> {
    is_sqlite(url).then(|| sqlite::file(url)).flatten()
}

/// Makes an empty SQLite file a database; does nothing to any other store.
///
/// # Errors
/// As [`open`].
pub async fn init(url: &str) -> Result<(), StoreError> {
    if is_sqlite(url) {
        sqlite::init(url).await?;
    }
    Ok(())
}

/// Claims a SQLite file for a server, alone or `shared` with others that are joined by Redis; a
/// database that is a server itself needs no such thing. Commands beside a server do without.
///
/// # Errors
/// [`StoreError::Claimed`] while another server has it.
pub fn claim(url: &str, shared: bool) -> Result<Option<Claim>, StoreError> {
    is_sqlite(url)
        .then(|| sqlite::claim(url, shared))
        .transpose()
}

/// Copies a SQLite file, which may be in use, to a new file `to`; what was answered before this is called
/// is in it.
///
/// # Errors
/// [`StoreError::Exists`] for a file that is there already, [`StoreError::Url`] for a database that is a
/// server.
pub async fn backup(url: &str, to: &Path) -> Result<(), StoreError> {
    if !is_sqlite(url) {
        return Err(StoreError::Url(
            "a PostgreSQL database is backed up by pg_dump".into(),
        ));
    }
    sqlite::backup(url, to).await
}

/// Puts a copy of the backup `from` in the place of a SQLite file, with another epoch. The file that was
/// there gets a name that ends with `mark`, which is returned.
///
/// # Errors
/// [`StoreError::InUse`] while anybody has the file open, [`StoreError::Foreign`] and
/// [`StoreError::Damaged`] for what is no backup, [`StoreError::Url`] for a database that is a server.
pub async fn restore(url: &str, from: &Path, mark: &str) -> Result<Option<PathBuf>, StoreError> {
    if !is_sqlite(url) {
        let words = "a PostgreSQL database is restored by pg_restore; renew its epoch then";
        return Err(StoreError::Url(words.into()));
    }
    sqlite::restore(url, from, mark).await
}

/// What every store does.
#[async_trait]
pub trait Store: Send + Sync + 'static {
    /// Brings the schema up to this version. Safe to call from many nodes at once.
    async fn migrate(&self) -> Result<(), StoreError>;

    /// Answers when the store can be read and, if it is a server, takes writes.
    async fn ping(&self) -> Result<(), StoreError>;

    /// Appends a batch in one transaction, in its order; returns one result a message, after the
    /// commit is on disk. A `clientMsgId` its sender used before gives the message it gave then.
    ///
    /// Cancelling: the transaction is rolled back unless the commit was already on its way, so
    /// only the committer calls this, and it does not cancel.
    async fn append(
        &self,
        batch: &[NewMessage],
    ) -> Result<Vec<Result<Appended, Refused>>, StoreError>;

    /// Moves positions forward, never back and never beyond the end of the conversation, in one
    /// transaction.
    async fn advance(&self, moves: &[Move]) -> Result<(), StoreError>;

    /// A conversation as one of its members sees it; `None`: the two never wrote to each other,
    /// or `uid` is no member.
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

    /// A user's conversations with how far each goes and how far it was delivered: of those with an id
    /// above `after` the lowest, at most [`POSITIONS_PAGE`]. A page with fewer is the last.
    async fn positions(
        &self,
        uid: UserId,
        after: ConversationId,
    ) -> Result<Vec<Standing>, StoreError>;

    /// The two users of each of these conversations that is a direct one.
    async fn pairs(
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

    /// Messages from others after the read position, in one conversation and in all; of each at most
    /// [`limits::UNREAD_MAX`](tidings_shared::limits::UNREAD_MAX).
    async fn unread(
        &self,
        uid: UserId,
        conversation: ConversationId,
    ) -> Result<(u64, u64), StoreError>;

    /// As [`Self::unread`], in all conversations.
    async fn unread_total(&self, uid: UserId) -> Result<Unread, StoreError>;

    /// A user as others see them.
    async fn user(&self, uid: UserId) -> Result<Option<api::User>, StoreError>;

    /// Who logs in with this email (lower case), and the hash of their password.
    async fn credentials(&self, email: &str) -> Result<Option<Credentials>, StoreError>;

    /// Users by uid, upwards, after this one.
    async fn users(&self, after: UserId, limit: u32) -> Result<Vec<api::User>, StoreError>;

    /// Makes a group with its members and its first message ([`MsgType::GROUP_CREATED`]), in one
    /// transaction; `added` are all members. Asked again with its key it gives the group as it is now,
    /// with nobody added and no message.
    ///
    /// [`MsgType::GROUP_CREATED`]: tidings_shared::MsgType::GROUP_CREATED
    async fn create_group(
        &self,
        group: &NewGroup,
    ) -> Result<Result<GroupChange, GroupRefusal>, StoreError>;

    /// Adds members and, if any is new, the message about it
    /// ([`MsgType::MEMBERS_ADDED`](tidings_shared::MsgType::MEMBERS_ADDED)), in one transaction. The
    /// positions of the new ones begin just before that message.
    async fn add_members(
        &self,
        members: &NewMembers,
    ) -> Result<Result<GroupChange, GroupRefusal>, StoreError>;

    /// A group as `uid` sees it; `None`: there is none, or `uid` is no member.
    async fn group(&self, uid: UserId, group: GroupId) -> Result<Option<api::Group>, StoreError>;

    /// Members of a group by uid, upwards, after this one.
    async fn members(
        &self,
        group: GroupId,
        after: UserId,
        limit: u32,
    ) -> Result<Vec<api::User>, StoreError>;

    /// Adds users in one transaction: all of them or, on an error, none. A user without a uid gets
    /// the next free one, from 1000.
    async fn add_users(&self, users: &[NewUser]) -> Result<Vec<UserId>, StoreError>;

    /// Changes the name shown; the user as they are then, if there is one.
    async fn rename(&self, uid: UserId, username: &str) -> Result<Option<api::User>, StoreError>;

    /// Keeps a picture of a user, in place of the one before, and the URL it has; `None`: no
    /// picture any more. The user as they are then, if there is one.
    async fn set_avatar(
        &self,
        uid: UserId,
        avatar: Option<(&Picture, &str)>,
    ) -> Result<Option<api::User>, StoreError>;

    /// A picture that a user has now, by its hash.
    async fn avatar(&self, hash: [u8; 32]) -> Result<Option<Picture>, StoreError>;

    /// The PHC string of a user's password.
    async fn password_hash(&self, uid: UserId) -> Result<Option<String>, StoreError>;

    /// Replaces a password's PHC string, unless it is not `old` any more, and ends every session of
    /// the user but `keep`, in one transaction; returns those it ended. `None`: it is not `old`.
    async fn change_password(
        &self,
        uid: UserId,
        (old, new): (&str, &str),
        keep: SessionHash,
    ) -> Result<Option<Vec<SessionHash>>, StoreError>;

    /// Keeps a session of who showed the password of this PHC string, made with this `User-Agent`;
    /// returns those of the user's own that were ended for it, because nobody has more than 100. `None`: the user has another password by now, and no session.
    async fn begin_session(
        &self,
        session: &Session,
        agent: &str,
        password_hash: &str,
        now_ms: i64,
    ) -> Result<Option<Vec<SessionHash>>, StoreError>;

    /// Keeps sessions that are made for programs, in one transaction; they count like others.
    async fn add_sessions(&self, sessions: &[Session], now_ms: i64) -> Result<(), StoreError>;

    /// A session that has not expired, with its user.
    async fn session(
        &self,
        hash: SessionHash,
        now_ms: i64,
    ) -> Result<Option<(Session, api::User)>, StoreError>;

    /// A user's sessions that have not expired, those used last first.
    async fn logins(&self, uid: UserId, now_ms: i64, limit: u32) -> Result<Vec<Login>, StoreError>;

    /// Notes when sessions were in use, in one transaction.
    async fn visit(&self, visits: &[(SessionHash, i64)]) -> Result<(), StoreError>;

    /// Ends a session of this user; `false`: there is none.
    async fn end_session(&self, uid: UserId, hash: SessionHash) -> Result<bool, StoreError>;

    /// Ends every session of this user but `keep`; returns those it ended.
    async fn end_other_sessions(
        &self,
        uid: UserId,
        keep: SessionHash,
    ) -> Result<Vec<SessionHash>, StoreError>;

    /// The sessions that were ended within the last hour, by whomever, the last 10,000 of them: there may
    /// still be connections of theirs.
    async fn ended_sessions(&self) -> Result<Vec<(UserId, SessionHash)>, StoreError>;

    /// Locks a user out, which ends all their sessions, or lets them in again; returns how many it
    /// ended.
    async fn set_locked(&self, uid: UserId, locked: bool) -> Result<usize, StoreError>;

    /// Which history this is: random, made with the database, and another after a backup was restored.
    async fn epoch(&self) -> Result<String, StoreError>;

    /// Gives it another, which is returned.
    async fn renew_epoch(&self) -> Result<String, StoreError>;

    /// How its pools of connections are used now.
    fn pools(&self) -> Vec<PoolUse>;

    /// Waits for what is under way and closes the database.
    async fn close(&self);
}
