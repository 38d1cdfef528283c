//! The database's epoch.

use super::Work;
use super::dialect::Connection;
use crate::store::StoreError;
use sqlx::Row as _;

pub(super) async fn epoch(connection: &mut Connection) -> Result<String, StoreError> {
    let row = sqlx::query("SELECT value FROM epoch WHERE id = 1")
        .fetch_one(connection)
        .await?;
    Ok(row.try_get("value")?)
}

/// Replaces the epoch.
pub(in super::super) struct Renew(pub(super) String);

impl Work for Renew {
    type Output = String;

    async fn run(&self, connection: &mut Connection) -> Result<String, StoreError> {
        sqlx::query("UPDATE epoch SET value = $1 WHERE id = 1")
            .bind(&self.0)
            .execute(connection)
            .await?;
        Ok(self.0.clone())
    }
}

/// 128 random bits in hexadecimal.
pub(super) fn random() -> Result<String, StoreError> {
    let mut bytes = [0; 16];
    getrandom::fill(&mut bytes).map_err(|error| sqlx::Error::from(std::io::Error::other(error)))?;
    Ok(hex::encode(bytes))
}
