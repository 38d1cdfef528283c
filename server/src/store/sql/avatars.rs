//! User pictures, at most one per user.

use super::dialect::Connection;
use super::{Work, users};
use crate::store::{Picture, StoreError};
use sqlx::Row as _;
use tidings_shared::{UserId, api};

/// Replaces or removes a user's picture and URL.
pub(in super::super) struct SetAvatar<'a>(
    pub(super) UserId,
    pub(super) Option<(&'a Picture, &'a str)>,
);

impl Work for SetAvatar<'_> {
    type Output = Option<api::User>;

    async fn run(&self, connection: &mut Connection) -> Result<Option<api::User>, StoreError> {
        let Self(uid, avatar) = *self;
        let row = sqlx::query(
            "UPDATE users SET avatar = $2 WHERE uid = $1 RETURNING uid, username, avatar",
        )
        .bind(uid.0)
        .bind(avatar.map_or("", |(_, url)| url))
        .fetch_optional(&mut *connection)
        .await?;
        let change = match avatar {
            Some((picture, _)) => sqlx::query(
                "INSERT INTO avatars (uid, hash, media_type, bytes) VALUES ($1, $2, $3, $4)
                     ON CONFLICT (uid) DO UPDATE
                    SET hash = excluded.hash, media_type = excluded.media_type,
                        bytes = excluded.bytes",
            )
            .bind(uid.0)
            .bind(&picture.hash[..])
            .bind(&picture.media_type)
            .bind(&picture.bytes),
            None => sqlx::query("DELETE FROM avatars WHERE uid = $1").bind(uid.0),
        };
        change.execute(connection).await?;
        Ok(row.as_ref().map(users::user_row).transpose()?)
    }
}

pub(super) async fn avatar(
    connection: &mut Connection,
    hash: [u8; 32],
) -> Result<Option<Picture>, StoreError> {
    let row = sqlx::query("SELECT media_type, bytes FROM avatars WHERE hash = $1 LIMIT 1")
        .bind(&hash[..])
        .fetch_optional(connection)
        .await?;
    let Some(row) = row else { return Ok(None) };
    Ok(Some(Picture {
        hash,
        media_type: row.try_get("media_type")?,
        bytes: row.try_get("bytes")?,
    }))
}
