//! Users.

use super::dialect::{Connection, LOCK_USERS, Row, rows};
use super::{Work, json};
use crate::store::{Credentials, NewUser, StoreError};
use sqlx::Row as _;
use std::collections::HashSet;
use std::time::Duration;
use tidings_shared::{UserId, api};

/// The first uid assigned to a user without one.
const FIRST_UID: i64 = 1000;

pub(super) async fn ping(connection: &mut Connection) -> Result<(), StoreError> {
    sqlx::query("SELECT 1").execute(connection).await?;
    Ok(())
}

pub(super) async fn user(
    connection: &mut Connection,
    uid: UserId,
) -> Result<Option<api::User>, StoreError> {
    let row = sqlx::query("SELECT uid, username, avatar FROM users WHERE uid = $1")
        .bind(uid.0)
        .fetch_optional(connection)
        .await?;
    Ok(row.as_ref().map(user_row).transpose()?)
}

pub(super) async fn users(
    connection: &mut Connection,
    after: UserId,
    limit: u32,
) -> Result<Vec<api::User>, StoreError> {
    let found =
        sqlx::query("SELECT uid, username, avatar FROM users WHERE uid > $1 ORDER BY uid LIMIT $2")
            .bind(after.0)
            .bind(i64::from(limit))
            .fetch_all(connection)
            .await?;
    Ok(found.iter().map(user_row).collect::<Result<_, _>>()?)
}

pub(super) fn user_row(row: &Row) -> Result<api::User, sqlx::Error> {
    Ok(api::User {
        uid: UserId(row.try_get("uid")?),
        username: row.try_get("username")?,
        avatar: row.try_get("avatar")?,
    })
}

pub(super) async fn credentials(
    connection: &mut Connection,
    email: &str,
) -> Result<Option<Credentials>, StoreError> {
    let row = sqlx::query("SELECT uid, password_hash, locked_at FROM users WHERE email = $1")
        .bind(email)
        .fetch_optional(connection)
        .await?;
    let Some(row) = row else { return Ok(None) };
    Ok(Some(Credentials {
        uid: UserId(row.try_get("uid")?),
        password_hash: row.try_get("password_hash")?,
        locked: row.try_get::<Option<i64>, _>("locked_at")?.is_some(),
    }))
}

pub(super) async fn password_hash(
    connection: &mut Connection,
    uid: UserId,
) -> Result<Option<String>, StoreError> {
    let row = sqlx::query("SELECT password_hash FROM users WHERE uid = $1")
        .bind(uid.0)
        .fetch_optional(connection)
        .await?;
    Ok(row.map(|row| row.try_get("password_hash")).transpose()?)
}

/// Changes the display name.
pub(in super::super) struct Rename<'a>(pub(super) UserId, pub(super) &'a str);

impl Work for Rename<'_> {
    type Output = Option<api::User>;

    async fn run(&self, connection: &mut Connection) -> Result<Option<api::User>, StoreError> {
        let row = sqlx::query(
            "UPDATE users SET username = $2 WHERE uid = $1 RETURNING uid, username, avatar",
        )
        .bind(self.0.0)
        .bind(self.1)
        .fetch_optional(connection)
        .await?;
        Ok(row.as_ref().map(user_row).transpose()?)
    }
}

/// Adds users, all or none.
pub(in super::super) struct AddUsers<'a>(pub(super) &'a [NewUser]);

impl Work for AddUsers<'_> {
    type Output = Vec<UserId>;

    /// An import may add a hundred thousand users.
    const LIMIT: Duration = Duration::from_mins(1);

    async fn run(&self, connection: &mut Connection) -> Result<Vec<UserId>, StoreError> {
        let Self(users) = *self;
        // Nobody else assigns a uid between this query for the highest and the commit.
        if let Some(lock) = LOCK_USERS {
            sqlx::query(lock).execute(&mut *connection).await?;
        }
        let uids = assign_uids(connection, users).await?;
        let sets: Vec<_> = users
            .iter()
            .zip(&uids)
            .map(|(user, uid)| {
                let NewUser {
                    email,
                    username,
                    avatar,
                    password_hash,
                    created_at,
                    ..
                } = user;
                (uid, email, username, avatar, password_hash, created_at)
            })
            .collect();
        let added = sqlx::query(concat!(
            "INSERT INTO users (uid, email, username, avatar, password_hash, created_at)
             SELECT CAST(j.value ->> 0 AS BIGINT), j.value ->> 1, j.value ->> 2, j.value ->> 3,
                    j.value ->> 4, CAST(j.value ->> 5 AS BIGINT)
               FROM ",
            rows!(),
            " WHERE true ORDER BY j.key
                 ON CONFLICT DO NOTHING
             RETURNING email"
        ))
        .bind(json(&sets))
        .fetch_all(&mut *connection)
        .await?;
        let mut added: HashSet<String> = added
            .iter()
            .map(|row| row.try_get("email"))
            .collect::<Result<_, _>>()?;
        for (user, uid) in users.iter().zip(&uids) {
            if !added.remove(&user.email) {
                return Err(conflict(connection, user, *uid).await?);
            }
        }
        Ok(uids)
    }
}

/// The uid of each: the given one, or one more than the highest so far. [`UserId::MAX`] given by an
/// operator does not count, because nothing follows it.
async fn assign_uids(
    connection: &mut Connection,
    users: &[NewUser],
) -> Result<Vec<UserId>, StoreError> {
    let row = sqlx::query("SELECT max(uid) AS highest FROM users WHERE uid < $1")
        .bind(UserId::MAX.0)
        .fetch_one(connection)
        .await?;
    let mut highest = row
        .try_get::<Option<i64>, _>("highest")?
        .unwrap_or(FIRST_UID - 1);
    let uids = users.iter().map(|user| {
        let uid = user.uid.unwrap_or(UserId(highest + 1));
        if uid < UserId::MAX {
            highest = highest.max(uid.0);
        }
        uid
    });
    Ok(uids.collect())
}

/// Which unique field of a user is taken.
async fn conflict(
    connection: &mut Connection,
    user: &NewUser,
    uid: UserId,
) -> Result<StoreError, StoreError> {
    let by_email = sqlx::query("SELECT 1 FROM users WHERE email = $1")
        .bind(&user.email)
        .fetch_optional(connection)
        .await?;
    Ok(match by_email {
        Some(_) => StoreError::EmailTaken(user.email.clone()),
        None => StoreError::UidTaken(uid),
    })
}
