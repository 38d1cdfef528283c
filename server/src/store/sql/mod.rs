//! The SQL, written once for all databases: this folder is compiled into `sqlite` and into
//! `postgres`, each time with that module's `dialect`. Nothing here depends on a database.
//!
//! Statements use the common subset: `$1`, `RETURNING`, `ON CONFLICT`, BIGINT, `CASE` instead of
//! `min` and `max` of two values, counts and sums cast to BIGINT. Many rows are passed as one JSON
//! parameter, which [`dialect::rows`] expands to a table; `CROSS JOIN` after it, with the condition
//! in `WHERE`, makes SQLite start with that table. Rows found by two columns are selected in a
//! `MATERIALIZED` part of their own: otherwise PostgreSQL may search by only one of the two when
//! its statistics are outdated.

pub(super) mod append;
mod avatars;
mod conversations;
mod epoch;
mod groups;
mod lists;
pub(super) mod lookup;
mod members;
mod messages;
pub(super) mod plan;
mod sessions;
mod users;

use super::dialect::{self, Connection, Database, is_transient};
use crate::domain::SessionHash;
use crate::metrics::PoolUse;
use crate::store::duplicates::Duplicates;
use crate::store::retry::{RetryBudget, TRY_LIMIT, timed_out};
use crate::store::{
    AdvanceCursor, Appended, Credentials, GroupChange, GroupRefusal, ListCursor, ListRow, Login,
    NewGroup, NewMembers, NewMessage, NewUser, Picture, Range, Record, Refused, Session, Store,
    StoreError, Thread,
};
use async_trait::async_trait;
use sqlx::Pool;
use std::time::Duration;
use tidings_shared::session::{ConversationCursor, UnreadCounts};
use tidings_shared::{ConversationId, GroupId, Peer, UserId, api};

/// Work done in one transaction. May be retried after a rolled back run.
pub(super) trait Work: Send + Sync {
    /// The result after the commit.
    type Output: Send;

    /// How long it may take before the commit.
    const LIMIT: Duration = TRY_LIMIT;

    /// Runs it in a transaction that the caller commits if this succeeds and rolls back otherwise.
    fn run(
        &self,
        connection: &mut Connection,
    ) -> impl Future<Output = Result<Self::Output, StoreError>> + Send;
}

/// Reads on a reader connection, with retries while the database is unreachable.
macro_rules! reading {
    ($store:ident, |$connection:ident| $read:expr) => {{
        let mut retry = RetryBudget::default();
        loop {
            let result = match $store.readers.acquire().await {
                Ok(mut reader) => {
                    let $connection: &mut Connection = &mut reader;
                    match tokio::time::timeout(TRY_LIMIT, $read).await {
                        Ok(result) => result,
                        Err(_) => {
                            // The connection is in an unknown state: removed from the pool.
                            drop(reader.detach());
                            Err(timed_out())
                        }
                    }
                }
                Err(error) => Err(error.into()),
            };
            match result {
                Err(StoreError::Database(error)) if is_transient(&error) => {
                    if !retry.backoff().await {
                        break Err(error.into());
                    }
                }
                result => break result,
            }
        }
    }};
}

/// The JSON parameter that `dialect::rows` expands.
pub(super) fn json<T: serde::Serialize + ?Sized>(value: &T) -> String {
    serde_json::to_string(value).expect("tuples of numbers and strings always serialize")
}

/// Runs a query that takes the parameter of `dialect::rows` and returns its rows as
/// `dialect::json_rows`.
pub(super) async fn fetch_json_rows<T: serde::de::DeserializeOwned>(
    connection: &mut Connection,
    query: &'static str,
    rows: String,
) -> Result<Vec<T>, StoreError> {
    let text: String = sqlx::query_scalar(query)
        .bind(rows)
        .fetch_one(connection)
        .await?;
    parse_json_rows(&text)
}

/// Parses the rows of `dialect::json_rows`.
pub(super) fn parse_json_rows<T: serde::de::DeserializeOwned>(
    text: &str,
) -> Result<Vec<T>, StoreError> {
    let rows = serde_json::from_str(text);
    Ok(rows.map_err(|error| sqlx::Error::Decode(error.into()))?)
}

/// The use of a pool.
pub(super) fn pool_use<DB: sqlx::Database>(pool: &'static str, connections: &Pool<DB>) -> PoolUse {
    PoolUse {
        pool,
        open: connections.size(),
        idle: u32::try_from(connections.num_idle()).unwrap_or(u32::MAX),
    }
}

/// Executes a statement that locks rows, where the dialect has one.
async fn lock(
    connection: &mut Connection,
    statement: Option<&'static str>,
    rows: &str,
) -> Result<(), StoreError> {
    if let Some(statement) = statement {
        sqlx::query(statement)
            .bind(rows)
            .execute(connection)
            .await?;
    }
    Ok(())
}

#[async_trait]
impl Store for Database {
    async fn migrate(&self) -> Result<(), StoreError> {
        self.migrate().await
    }

    async fn ping(&self) -> Result<(), StoreError> {
        reading!(self, |reader| users::ping(reader))?;
        dialect::check_writable(self).await
    }

    async fn append(
        &self,
        batch: &[NewMessage],
    ) -> Result<Vec<Result<Appended, Refused>>, StoreError> {
        let mut duplicates = self.duplicate_watch.next();
        let mut retry = RetryBudget::default();
        loop {
            let result = self.append_once(batch, duplicates).await;
            match &result {
                Err(StoreError::Duplicate) => {
                    self.duplicate_watch.seen();
                    // If they were checked, another node stored one after the check.
                    if duplicates == Duplicates::Checked && !retry.backoff().await {
                        return result;
                    }
                    duplicates = Duplicates::Checked;
                }
                Ok(appended) => {
                    if appended.iter().flatten().any(|appended| !appended.fresh) {
                        self.duplicate_watch.seen();
                    }
                    return result;
                }
                Err(_) => return result,
            }
        }
    }

    async fn advance(&self, advances: &[AdvanceCursor]) -> Result<(), StoreError> {
        self.write(conversations::Advance(advances)).await
    }

    async fn thread(&self, uid: UserId, peer: Peer) -> Result<Option<Thread>, StoreError> {
        reading!(self, |reader| conversations::thread(reader, uid, peer))
    }

    async fn thread_by_id(
        &self,
        uid: UserId,
        conversation: ConversationId,
    ) -> Result<Option<Thread>, StoreError> {
        reading!(self, |reader| conversations::thread_by_id(
            reader,
            uid,
            conversation
        ))
    }

    async fn page(
        &self,
        conversation: ConversationId,
        range: Range,
    ) -> Result<Vec<Record>, StoreError> {
        reading!(self, |reader| messages::page(reader, conversation, range))
    }

    async fn cursors(
        &self,
        uid: UserId,
        after: ConversationId,
    ) -> Result<Vec<ConversationCursor>, StoreError> {
        reading!(self, |reader| conversations::cursors(reader, uid, after))
    }

    async fn participants(
        &self,
        conversations: &[ConversationId],
    ) -> Result<Vec<(ConversationId, UserId, UserId)>, StoreError> {
        reading!(self, |reader| conversations::participants(
            reader,
            conversations
        ))
    }

    async fn list(
        &self,
        uid: UserId,
        after: Option<ListCursor>,
        limit: u32,
    ) -> Result<Vec<ListRow>, StoreError> {
        reading!(self, |reader| lists::list(reader, uid, after, limit))
    }

    async fn unread(
        &self,
        uid: UserId,
        conversation: ConversationId,
    ) -> Result<(u64, u64), StoreError> {
        reading!(self, |reader| lists::unread(reader, uid, conversation))
    }

    async fn unread_total(&self, uid: UserId) -> Result<UnreadCounts, StoreError> {
        reading!(self, |reader| lists::unread_total(reader, uid))
    }

    async fn user(&self, uid: UserId) -> Result<Option<api::User>, StoreError> {
        reading!(self, |reader| users::user(reader, uid))
    }

    async fn credentials(&self, email: &str) -> Result<Option<Credentials>, StoreError> {
        reading!(self, |reader| users::credentials(reader, email))
    }

    async fn users(&self, after: UserId, limit: u32) -> Result<Vec<api::User>, StoreError> {
        reading!(self, |reader| users::users(reader, after, limit))
    }

    async fn create_group(
        &self,
        group: &NewGroup,
    ) -> Result<Result<GroupChange, GroupRefusal>, StoreError> {
        self.write(groups::Create(group)).await
    }

    async fn add_members(
        &self,
        members: &NewMembers,
    ) -> Result<Result<GroupChange, GroupRefusal>, StoreError> {
        self.write(members::Add(members)).await
    }

    async fn group(&self, uid: UserId, group: GroupId) -> Result<Option<api::Group>, StoreError> {
        reading!(self, |reader| groups::group(reader, uid, group))
    }

    async fn members(
        &self,
        group: GroupId,
        after: UserId,
        limit: u32,
    ) -> Result<Vec<api::User>, StoreError> {
        reading!(self, |reader| members::members(reader, group, after, limit))
    }

    async fn add_users(&self, users: &[NewUser]) -> Result<Vec<UserId>, StoreError> {
        self.write(users::AddUsers(users)).await
    }

    async fn rename(&self, uid: UserId, username: &str) -> Result<Option<api::User>, StoreError> {
        self.write(users::Rename(uid, username)).await
    }

    async fn set_avatar(
        &self,
        uid: UserId,
        avatar: Option<(&Picture, &str)>,
    ) -> Result<Option<api::User>, StoreError> {
        self.write(avatars::SetAvatar(uid, avatar)).await
    }

    async fn avatar(&self, hash: [u8; 32]) -> Result<Option<Picture>, StoreError> {
        reading!(self, |reader| avatars::avatar(reader, hash))
    }

    async fn password_hash(&self, uid: UserId) -> Result<Option<String>, StoreError> {
        reading!(self, |reader| users::password_hash(reader, uid))
    }

    async fn change_password(
        &self,
        uid: UserId,
        (old, new): (&str, &str),
        keep: SessionHash,
    ) -> Result<Option<Vec<SessionHash>>, StoreError> {
        let change = sessions::ChangePassword {
            uid,
            old,
            new,
            keep,
        };
        self.write(change).await
    }

    async fn begin_session(
        &self,
        session: &Session,
        agent: &str,
        password_hash: &str,
        now_ms: i64,
    ) -> Result<Option<Vec<SessionHash>>, StoreError> {
        let begin = sessions::Begin {
            session,
            agent,
            password_hash,
            now_ms,
        };
        self.write(begin).await
    }

    async fn add_sessions(&self, sessions: &[Session], now_ms: i64) -> Result<(), StoreError> {
        self.write(sessions::AddSessions(sessions, now_ms)).await
    }

    async fn session(
        &self,
        hash: SessionHash,
        now_ms: i64,
    ) -> Result<Option<(Session, api::User)>, StoreError> {
        reading!(self, |reader| sessions::session(reader, hash, now_ms))
    }

    async fn logins(&self, uid: UserId, now_ms: i64, limit: u32) -> Result<Vec<Login>, StoreError> {
        reading!(self, |reader| sessions::logins(reader, uid, now_ms, limit))
    }

    async fn touch_sessions(&self, touches: &[(SessionHash, i64)]) -> Result<(), StoreError> {
        self.write(sessions::Touch(touches)).await
    }

    async fn end_session(&self, uid: UserId, hash: SessionHash) -> Result<bool, StoreError> {
        self.write(sessions::End(uid, hash)).await
    }

    async fn end_other_sessions(
        &self,
        uid: UserId,
        keep: SessionHash,
    ) -> Result<Vec<SessionHash>, StoreError> {
        self.write(sessions::EndOthers(uid, keep)).await
    }

    async fn ended_sessions(&self) -> Result<Vec<(UserId, SessionHash)>, StoreError> {
        reading!(self, |reader| sessions::ended(reader))
    }

    async fn set_locked(&self, uid: UserId, locked: bool) -> Result<usize, StoreError> {
        self.write(sessions::Lock(uid, locked)).await
    }

    async fn epoch(&self) -> Result<String, StoreError> {
        reading!(self, |reader| epoch::epoch(reader))
    }

    async fn renew_epoch(&self) -> Result<String, StoreError> {
        self.write(epoch::Renew(epoch::random()?)).await
    }

    fn pools(&self) -> Vec<PoolUse> {
        self.pools().into()
    }

    async fn close(&self) {
        self.close().await;
    }
}
