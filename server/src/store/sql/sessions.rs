//! Sessions, and the password that they depend on.

use super::dialect::{Connection, LOCK_PASSWORD, Row, bytes, rows};
use super::{Work, json, users};
use crate::clock;
use crate::domain::SessionHash;
use crate::store::{Login, Session, StoreError};
use sqlx::Row as _;
use tidings_shared::{UserId, api};

/// Maximum logins per user; the least recently used ends for a new one. Whoever ends all of them
/// ends no more than this number.
const LOGINS_MAX: i64 = 100;
/// How long ended logins are kept for other nodes to poll, in ms. A node that cannot reach the
/// store for longer cannot push either.
const ENDED_KEPT_MS: i64 = 60 * 60 * 1000;
/// Maximum ended logins returned, the latest ones: far more than end between two polls.
const ENDED_MAX: i64 = 10_000;

/// Stores a session if its user still has the proven password.
pub(in super::super) struct Begin<'a> {
    pub(super) session: &'a Session,
    pub(super) agent: &'a str,
    pub(super) password_hash: &'a str,
    pub(super) now_ms: i64,
}

impl Work for Begin<'_> {
    type Output = Option<Vec<SessionHash>>;

    async fn run(
        &self,
        connection: &mut Connection,
    ) -> Result<Option<Vec<SessionHash>>, StoreError> {
        let uid = self.session.uid.0;
        // A concurrent password change would not see this session, and not end it.
        if let Some(lock) = LOCK_PASSWORD {
            sqlx::query(lock)
                .bind(uid)
                .execute(&mut *connection)
                .await?;
        }
        let inserted = sqlx::query(
            "INSERT INTO sessions (token_hash, uid, created_at, expires_at, agent, used_at)
             SELECT $1, uid, $2, $3, $4, $2 FROM users
              WHERE uid = $5 AND password_hash = $6 AND locked_at IS NULL",
        )
        .bind(&self.session.hash.0[..])
        .bind(self.now_ms)
        .bind(self.session.expires_at)
        .bind(self.agent)
        .bind(uid)
        .bind(self.password_hash)
        .execute(&mut *connection)
        .await?;
        if inserted.rows_affected() == 0 {
            return Ok(None);
        }
        end_surplus(connection, self.session).await.map(Some)
    }
}

/// Ends the sessions of a user beyond [`LOGINS_MAX`], including this new one. Expired sessions are
/// removed by nothing else: a clock that is ahead for a moment would remove everybody's.
async fn end_surplus(
    connection: &mut Connection,
    new: &Session,
) -> Result<Vec<SessionHash>, StoreError> {
    let ended = sqlx::query(
        "DELETE FROM sessions
          WHERE token_hash IN (
                SELECT token_hash FROM sessions WHERE uid = $1 AND token_hash <> $2
                 ORDER BY CASE WHEN used_at > created_at THEN used_at ELSE created_at END DESC
                 LIMIT 1000 OFFSET $3)
         RETURNING token_hash",
    )
    .bind(new.uid.0)
    .bind(&new.hash.0[..])
    .bind(LOGINS_MAX - 1)
    .fetch_all(connection)
    .await?;
    ended.iter().map(hash_of).collect()
}

/// Stores sessions created at this time (ms since 1970).
pub(in super::super) struct AddSessions<'a>(pub(super) &'a [Session], pub(super) i64);

impl Work for AddSessions<'_> {
    type Output = ();

    async fn run(&self, connection: &mut Connection) -> Result<(), StoreError> {
        let Self(sessions, now_ms) = *self;
        for session in sessions {
            sqlx::query(
                "INSERT INTO sessions (token_hash, uid, created_at, expires_at)
                 VALUES ($1, $2, $3, $4)",
            )
            .bind(&session.hash.0[..])
            .bind(session.uid.0)
            .bind(now_ms)
            .bind(session.expires_at)
            .execute(&mut *connection)
            .await?;
            end_surplus(connection, session).await?;
        }
        Ok(())
    }
}

pub(super) async fn session(
    connection: &mut Connection,
    hash: SessionHash,
    now_ms: i64,
) -> Result<Option<(Session, api::User)>, StoreError> {
    let row = sqlx::query(
        "SELECT s.expires_at, s.used_at, u.uid, u.username, u.avatar
           FROM sessions s JOIN users u ON u.uid = s.uid
          WHERE s.token_hash = $1 AND s.expires_at > $2 AND u.locked_at IS NULL",
    )
    .bind(&hash.0[..])
    .bind(now_ms)
    .fetch_optional(connection)
    .await?;
    let Some(row) = row else { return Ok(None) };
    let user = users::user_row(&row)?;
    let session = Session {
        hash,
        uid: user.uid,
        expires_at: row.try_get("expires_at")?,
        used_at: row.try_get("used_at")?,
    };
    Ok(Some((session, user)))
}

pub(super) async fn logins(
    connection: &mut Connection,
    uid: UserId,
    now_ms: i64,
    limit: u32,
) -> Result<Vec<Login>, StoreError> {
    let found = sqlx::query(
        "SELECT token_hash, agent, created_at, used_at FROM sessions
          WHERE uid = $1 AND expires_at > $2
          ORDER BY used_at DESC, created_at DESC, token_hash LIMIT $3",
    )
    .bind(uid.0)
    .bind(now_ms)
    .bind(i64::from(limit))
    .fetch_all(connection)
    .await?;
    found
        .iter()
        .map(|row| {
            Ok(Login {
                hash: hash_of(row)?,
                agent: row.try_get("agent")?,
                created_at: row.try_get("created_at")?,
                used_at: row.try_get("used_at")?,
            })
        })
        .collect()
}

/// Updates when sessions were last used. The later time of two nodes wins; a time more than an hour
/// ahead is replaced, because it comes from a wrong clock.
pub(in super::super) struct Touch<'a>(pub(super) &'a [(SessionHash, i64)]);

impl Work for Touch<'_> {
    type Output = ();

    async fn run(&self, connection: &mut Connection) -> Result<(), StoreError> {
        let sets: Vec<_> = self
            .0
            .iter()
            .map(|(hash, at)| (hex::encode(hash.0), at))
            .collect();
        sqlx::query(concat!(
            "WITH v AS MATERIALIZED (
                 SELECT ",
            bytes!("j.value ->> 0"),
            " AS hash, CAST(j.value ->> 1 AS BIGINT) AS at FROM ",
            rows!(),
            ")
             UPDATE sessions SET used_at = v.at FROM v
              WHERE sessions.token_hash = v.hash
                AND (sessions.used_at < v.at OR sessions.used_at > v.at + 3600000)"
        ))
        .bind(json(&sets))
        .execute(connection)
        .await?;
        Ok(())
    }
}

/// Ends a session.
pub(in super::super) struct End(pub(super) UserId, pub(super) SessionHash);

impl Work for End {
    type Output = bool;

    async fn run(&self, connection: &mut Connection) -> Result<bool, StoreError> {
        let ended = end(connection, self.0, (self.1, true)).await?;
        Ok(!ended.is_empty())
    }
}

/// Ends all sessions of a user but one.
pub(in super::super) struct EndOthers(pub(super) UserId, pub(super) SessionHash);

impl Work for EndOthers {
    type Output = Vec<SessionHash>;

    async fn run(&self, connection: &mut Connection) -> Result<Vec<SessionHash>, StoreError> {
        end(connection, self.0, (self.1, false)).await
    }
}

/// Ends a user's session with this hash, or all but that, and records them as ended.
async fn end(
    connection: &mut Connection,
    uid: UserId,
    (hash, only_that): (SessionHash, bool),
) -> Result<Vec<SessionHash>, StoreError> {
    let now_ms = clock::now_ms();
    sqlx::query(
        "INSERT INTO ended_sessions (token_hash, uid, ended_at)
         SELECT token_hash, uid, CAST($4 AS BIGINT) FROM sessions
          WHERE uid = $1 AND (token_hash = $2) = $3
             ON CONFLICT DO NOTHING",
    )
    .bind(uid.0)
    .bind(&hash.0[..])
    .bind(only_that)
    .bind(now_ms)
    .execute(&mut *connection)
    .await?;
    sqlx::query("DELETE FROM ended_sessions WHERE ended_at < $1")
        .bind(now_ms - ENDED_KEPT_MS)
        .execute(&mut *connection)
        .await?;
    let ended = sqlx::query(
        "DELETE FROM sessions WHERE uid = $1 AND (token_hash = $2) = $3 RETURNING token_hash",
    )
    .bind(uid.0)
    .bind(&hash.0[..])
    .bind(only_that)
    .fetch_all(connection)
    .await?;
    ended.iter().map(hash_of).collect()
}

/// The sessions ended within the last hour, latest first.
pub(super) async fn ended(
    connection: &mut Connection,
) -> Result<Vec<(UserId, SessionHash)>, StoreError> {
    let found = sqlx::query(
        "SELECT uid, token_hash FROM ended_sessions WHERE ended_at > $1
          ORDER BY ended_at DESC LIMIT $2",
    )
    // Independent of this node's clock: old rows are deleted when the next session ends.
    .bind(0_i64)
    .bind(ENDED_MAX)
    .fetch_all(connection)
    .await?;
    let of_row = |row: &Row| Ok((UserId(row.try_get("uid")?), hash_of(row)?));
    found.iter().map(of_row).collect()
}

/// Locks a user, which ends all their sessions, or unlocks them.
pub(in super::super) struct Lock(pub(super) UserId, pub(super) bool);

impl Work for Lock {
    type Output = usize;

    async fn run(&self, connection: &mut Connection) -> Result<usize, StoreError> {
        sqlx::query("UPDATE users SET locked_at = $2 WHERE uid = $1")
            .bind(self.0.0)
            .bind(self.1.then(clock::now_ms))
            .execute(&mut *connection)
            .await?;
        if !self.1 {
            return Ok(0);
        }
        let all = EndOthers(self.0, SessionHash::NONE);
        Ok(all.run(connection).await?.len())
    }
}

/// Changes a password, and ends all sessions but one.
pub(in super::super) struct ChangePassword<'a> {
    pub(super) uid: UserId,
    pub(super) old: &'a str,
    pub(super) new: &'a str,
    pub(super) keep: SessionHash,
}

impl Work for ChangePassword<'_> {
    type Output = Option<Vec<SessionHash>>;

    async fn run(
        &self,
        connection: &mut Connection,
    ) -> Result<Option<Vec<SessionHash>>, StoreError> {
        let changed = sqlx::query(
            "UPDATE users SET password_hash = $3 WHERE uid = $1 AND password_hash = $2",
        )
        .bind(self.uid.0)
        .bind(self.old)
        .bind(self.new)
        .execute(&mut *connection)
        .await?;
        if changed.rows_affected() == 0 {
            return Ok(None);
        }
        EndOthers(self.uid, self.keep)
            .run(connection)
            .await
            .map(Some)
    }
}

fn hash_of(row: &Row) -> Result<SessionHash, StoreError> {
    let bytes: Vec<u8> = row.try_get("token_hash")?;
    let hash = bytes.try_into().map_err(|_| {
        let source = "a token's hash has 32 bytes".into();
        sqlx::Error::ColumnDecode {
            index: "token_hash".into(),
            source,
        }
    })?;
    Ok(SessionHash(hash))
}
