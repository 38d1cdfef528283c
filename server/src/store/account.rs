//! Users and their logins in the store's interface.

use crate::domain::SessionHash;
use sha2::{Digest, Sha256};
use tidings_shared::UserId;

/// A user's credentials.
#[derive(Clone)]
pub struct Credentials {
    /// Who.
    pub uid: UserId,
    /// PHC string.
    pub password_hash: String,
    /// Whether the user is locked.
    pub locked: bool,
}

/// A user to be added, as an operator describes it.
#[derive(Clone, serde::Deserialize)]
pub struct UserDraft {
    /// Any case.
    pub email: String,
    /// Display name.
    pub username: String,
    /// In clear text.
    pub password: String,
    /// URL of a picture; empty: none.
    #[serde(default)]
    pub avatar: String,
    /// `None`: the next free one.
    #[serde(default)]
    pub uid: Option<UserId>,
}

/// A user to be added. Its fields were checked before.
#[derive(Clone)]
pub struct NewUser {
    /// `None`: the next free one.
    pub uid: Option<UserId>,
    /// Lower case.
    pub email: String,
    /// Display name.
    pub username: String,
    /// URL of a picture; empty: none.
    pub avatar: String,
    /// PHC string.
    pub password_hash: String,
    /// In ms since 1970.
    pub created_at: i64,
}

/// A login.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Session {
    /// Of its token.
    pub hash: SessionHash,
    /// Its user.
    pub uid: UserId,
    /// In ms since 1970.
    pub expires_at: i64,
    /// When it was last used, in ms since 1970; 0: never.
    pub used_at: i64,
}

/// A login as its owner sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Login {
    /// Of its token.
    pub hash: SessionHash,
    /// The `User-Agent` of the login; empty: unknown, as with `tidings token issue`.
    pub agent: String,
    /// In ms since 1970.
    pub created_at: i64,
    /// When it was last used, in ms since 1970; 0: never.
    pub used_at: i64,
}

/// A picture of a user, kept in the store.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Picture {
    /// SHA-256 of the bytes.
    pub hash: [u8; 32],
    /// Media type.
    pub media_type: String,
    /// The file.
    pub bytes: Vec<u8>,
}

impl Picture {
    /// A picture whose type was checked.
    pub fn new(media_type: &str, bytes: Vec<u8>) -> Self {
        Self {
            hash: Sha256::digest(&bytes).into(),
            media_type: media_type.into(),
            bytes,
        }
    }

    /// The path where it is served.
    pub fn url(&self) -> String {
        format!("/api/avatars/{}", hex::encode(self.hash))
    }
}
