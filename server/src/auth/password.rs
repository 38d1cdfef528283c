//! Hashing passwords: slow on purpose, so off the async threads and a few at a time.

use argon2::Argon2;
use argon2::password_hash::phc::PasswordHash;
use argon2::password_hash::{PasswordHasher, PasswordVerifier};
use std::sync::Arc;
use tokio::sync::Semaphore;

/// Hashes that may wait for their turn; the next login is told to come back.
const WAITING: usize = 64;

/// Why a password was not hashed or compared.
#[derive(Debug, thiserror::Error)]
pub enum PasswordError {
    /// Too many logins wait already.
    #[error("too many logins at once")]
    Busy,
    /// The hash in the store, or the library, is broken.
    #[error("password hash: {0}")]
    Hash(String),
}

/// Argon2id with the library's parameters (19 MiB, two passes: the first choice of the OWASP
/// Password Storage Cheat Sheet), as many at a time as there are cores. Cheap to clone.
#[derive(Clone)]
pub struct Passwords {
    running: Arc<Semaphore>,
    admitted: Arc<Semaphore>,
    /// Compared with when there is no such user, so that the time tells nothing.
    decoy: Arc<str>,
}

impl Passwords {
    /// Makes the decoy, which takes one hash's time.
    ///
    /// # Errors
    /// [`PasswordError::Hash`] when the library fails.
    pub fn new() -> Result<Self, PasswordError> {
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        Ok(Self {
            running: Arc::new(Semaphore::new(cores)),
            admitted: Arc::new(Semaphore::new(cores + WAITING)),
            decoy: Self::hash("no one has this password")?.into(),
        })
    }

    /// The PHC string of a password. Takes tens of milliseconds: for commands, not for requests.
    ///
    /// # Errors
    /// [`PasswordError::Hash`] when the library fails.
    pub fn hash(password: &str) -> Result<String, PasswordError> {
        Argon2::default()
            .hash_password(password.as_bytes())
            .map(|hash| hash.to_string())
            .map_err(|error| PasswordError::Hash(error.to_string()))
    }

    /// Whether the password is the one the PHC string was made from; `None`, for a user that does
    /// not exist, takes as long and is false.
    ///
    /// # Errors
    /// [`PasswordError::Busy`] when [`WAITING`] others wait.
    pub async fn verify(
        &self,
        password: String,
        hash: Option<String>,
    ) -> Result<bool, PasswordError> {
        let _admitted = self
            .admitted
            .try_acquire()
            .map_err(|_| PasswordError::Busy)?;
        let _running = self
            .running
            .acquire()
            .await
            .map_err(|_| PasswordError::Busy)?;
        let exists = hash.is_some();
        let hash = hash.unwrap_or_else(|| self.decoy.to_string());
        let verified = tokio::task::spawn_blocking(move || {
            let hash = PasswordHash::new(&hash).map_err(|e| PasswordError::Hash(e.to_string()))?;
            Ok(Argon2::default()
                .verify_password(password.as_bytes(), &hash)
                .is_ok())
        });
        let verified = verified
            .await
            .map_err(|error| PasswordError::Hash(error.to_string()))?;
        verified.map(|matches: bool| matches && exists)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn only_the_right_password_of_a_user_that_exists_is_verified() {
        let passwords = Passwords::new().expect("hashes");
        let hash = Passwords::hash("1234").expect("hashes");
        assert!(
            passwords
                .verify("1234".into(), Some(hash.clone()))
                .await
                .expect("runs")
        );
        assert!(
            !passwords
                .verify("12345".into(), Some(hash))
                .await
                .expect("runs")
        );
        assert!(
            !passwords
                .verify("no one has this password".into(), None)
                .await
                .expect("runs")
        );
        assert!(
            passwords
                .verify("x".into(), Some("broken".into()))
                .await
                .is_err()
        );
    }
}
