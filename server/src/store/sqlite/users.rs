//! Users and sessions.

use crate::store::{Credentials, NewUser, Session, SessionHash, StoreError};
use sqlx::{Row, SqliteConnection, SqlitePool, sqlite::SqliteRow};
use tidings_shared::{UserId, api};

pub(super) async fn user(
    readers: &SqlitePool,
    uid: UserId,
) -> Result<Option<api::User>, StoreError> {
    let row = sqlx::query("SELECT uid, username, avatar FROM users WHERE uid = $1")
        .bind(uid.0)
        .fetch_optional(readers)
        .await?;
    Ok(row.as_ref().map(user_row).transpose()?)
}

pub(super) async fn users(
    readers: &SqlitePool,
    after: UserId,
    limit: u32,
) -> Result<Vec<api::User>, StoreError> {
    let rows =
        sqlx::query("SELECT uid, username, avatar FROM users WHERE uid > $1 ORDER BY uid LIMIT $2")
            .bind(after.0)
            .bind(i64::from(limit))
            .fetch_all(readers)
            .await?;
    Ok(rows.iter().map(user_row).collect::<Result<_, _>>()?)
}

fn user_row(row: &SqliteRow) -> Result<api::User, sqlx::Error> {
    Ok(api::User {
        uid: UserId(row.try_get("uid")?),
        username: row.try_get("username")?,
        avatar: row.try_get("avatar")?,
    })
}

pub(super) async fn credentials(
    readers: &SqlitePool,
    email: &str,
) -> Result<Option<Credentials>, StoreError> {
    let row = sqlx::query("SELECT uid, password_hash FROM users WHERE email = $1")
        .bind(email)
        .fetch_optional(readers)
        .await?;
    let Some(row) = row else { return Ok(None) };
    Ok(Some(Credentials {
        uid: UserId(row.try_get("uid")?),
        password_hash: row.try_get("password_hash")?,
    }))
}

pub(super) async fn add_users(
    writer: &SqlitePool,
    users: &[NewUser],
) -> Result<Vec<UserId>, StoreError> {
    let mut transaction = writer.begin_with("BEGIN IMMEDIATE").await?;
    let mut uids = Vec::with_capacity(users.len());
    for user in users {
        uids.push(add_user(&mut transaction, user).await?);
    }
    transaction.commit().await?;
    Ok(uids)
}

async fn add_user(connection: &mut SqliteConnection, user: &NewUser) -> Result<UserId, StoreError> {
    let added = sqlx::query(
        "INSERT INTO users (uid, email, username, avatar, password_hash, created_at)
         VALUES (coalesce($1, (SELECT coalesce(max(uid), 999) + 1 FROM users)), $2, $3, $4, $5, $6)
         RETURNING uid",
    )
    .bind(user.uid.map(|uid| uid.0))
    .bind(&user.email)
    .bind(&user.username)
    .bind(&user.avatar)
    .bind(&user.password_hash)
    .bind(user.created_at)
    .fetch_one(&mut *connection)
    .await;
    match (added, user.uid) {
        (Ok(row), _) => Ok(UserId(row.try_get("uid")?)),
        (Err(sqlx::Error::Database(error)), uid) if error.is_unique_violation() => {
            let by_email = sqlx::query("SELECT 1 FROM users WHERE email = $1")
                .bind(&user.email)
                .fetch_optional(connection)
                .await?;
            Err(match uid {
                Some(uid) if by_email.is_none() => StoreError::UidTaken(uid),
                _ => StoreError::EmailTaken(user.email.clone()),
            })
        }
        (Err(error), _) => Err(error.into()),
    }
}

pub(super) async fn add_session(
    writer: &SqlitePool,
    session: &Session,
    now_ms: i64,
) -> Result<(), StoreError> {
    sqlx::query("DELETE FROM sessions WHERE expires_at <= $1")
        .bind(now_ms)
        .execute(writer)
        .await?;
    sqlx::query(
        "INSERT INTO sessions (token_hash, uid, created_at, expires_at) VALUES ($1, $2, $3, $4)",
    )
    .bind(&session.hash.0[..])
    .bind(session.uid.0)
    .bind(now_ms)
    .bind(session.expires_at)
    .execute(writer)
    .await?;
    Ok(())
}

pub(super) async fn session(
    readers: &SqlitePool,
    hash: SessionHash,
    now_ms: i64,
) -> Result<Option<(Session, api::User)>, StoreError> {
    let row = sqlx::query(
        "SELECT s.expires_at, u.uid, u.username, u.avatar
           FROM sessions s JOIN users u ON u.uid = s.uid
          WHERE s.token_hash = $1 AND s.expires_at > $2",
    )
    .bind(&hash.0[..])
    .bind(now_ms)
    .fetch_optional(readers)
    .await?;
    let Some(row) = row else { return Ok(None) };
    let user = user_row(&row)?;
    let session = Session {
        hash,
        uid: user.uid,
        expires_at: row.try_get("expires_at")?,
    };
    Ok(Some((session, user)))
}

pub(super) async fn end_session(writer: &SqlitePool, hash: SessionHash) -> Result<(), StoreError> {
    sqlx::query("DELETE FROM sessions WHERE token_hash = $1")
        .bind(&hash.0[..])
        .execute(writer)
        .await?;
    Ok(())
}
