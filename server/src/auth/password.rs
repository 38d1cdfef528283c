//! Password hashing, which is slow by design and runs on dedicated threads.

use argon2::password_hash::phc::{Output, ParamsString, PasswordHash, Salt};
use argon2::password_hash::{self, PasswordHasher};
use argon2::{Algorithm, Argon2, Block, Params, Version};
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use tokio::sync::oneshot;
use unicode_normalization::UnicodeNormalization as _;

/// Hashes that may wait; further logins are answered busy.
const WAITING: usize = 64;

/// Why a password was not hashed or compared.
#[derive(Debug, thiserror::Error)]
pub enum PasswordError {
    /// Too many hashes are waiting.
    #[error("too many passwords at once")]
    Busy,
    /// The hash in the store, or the library, is broken.
    #[error("password hash: {0}")]
    Hash(String),
}

/// A job for a hashing thread.
enum Job {
    Verify(String, Arc<str>, Answer<bool>),
    Hash(String, Answer<String>),
}

type Answer<T> = oneshot::Sender<Result<T, PasswordError>>;

/// Argon2id with the library's parameters (19 MiB, two passes: the first choice of the OWASP
/// Password Storage Cheat Sheet), on one thread per core. Each thread keeps its 19 MiB: freed after
/// every login, the memory was not returned to the system, and 30 logins left 370 MB behind. Cheap
/// to clone.
#[derive(Clone)]
pub struct Passwords {
    jobs: SyncSender<Job>,
    /// Verified for unknown users, so that timing does not reveal which users exist.
    decoy: Arc<str>,
    in_progress: Arc<AtomicUsize>,
    refused: Arc<AtomicU64>,
}

/// Counts a password as in progress until dropped.
struct InProgress(Arc<AtomicUsize>);

impl Drop for InProgress {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

impl Passwords {
    /// Starts the threads, which end with the last clone, and creates the decoy, which takes one
    /// hash's time.
    ///
    /// # Errors
    /// [`PasswordError::Hash`] when the library or the system fails.
    pub fn new() -> Result<Self, PasswordError> {
        let (sender, receiver) = sync_channel(WAITING);
        let receiver = Arc::new(Mutex::new(receiver));
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        for _ in 0..cores {
            let jobs = Arc::clone(&receiver);
            std::thread::Builder::new()
                .name("password".into())
                .spawn(move || {
                    let mut memory = Vec::new();
                    while let Some(job) = next(&jobs) {
                        job.run(&mut memory);
                    }
                })
                .map_err(|error| PasswordError::Hash(error.to_string()))?;
        }
        let decoy = Self::hash("no one has this password")?.into();
        Ok(Self {
            jobs: sender,
            decoy,
            in_progress: Arc::default(),
            refused: Arc::default(),
        })
    }

    /// Passwords being hashed or waiting.
    pub fn in_progress(&self) -> usize {
        self.in_progress.load(Ordering::Relaxed)
    }

    /// Passwords refused since the start because too many waited.
    pub fn refused(&self) -> u64 {
        self.refused.load(Ordering::Relaxed)
    }

    /// Stored instead of a hash for a user without a password: no password matches it.
    pub const NONE: &str = "";

    /// The PHC string of a password. Takes tens of milliseconds: for commands, not for requests.
    ///
    /// # Errors
    /// [`PasswordError::Hash`] when the library fails.
    pub fn hash(password: &str) -> Result<String, PasswordError> {
        Argon2::default()
            .hash_password(normal(password).as_bytes())
            .map(|hash| hash.to_string())
            .map_err(|error| PasswordError::Hash(error.to_string()))
    }

    /// Whether the password matches the PHC string. `None`, for an unknown user, and [`Self::NONE`]
    /// take as long and are false.
    ///
    /// # Errors
    /// [`PasswordError::Busy`] when [`WAITING`] others wait.
    pub async fn verify(
        &self,
        password: String,
        hash: Option<String>,
    ) -> Result<bool, PasswordError> {
        let hash = hash.filter(|hash| hash != Self::NONE);
        let exists = hash.is_some();
        let hash = hash.map_or_else(|| Arc::clone(&self.decoy), Into::into);
        let matches = self.run_job(|answer| Job::Verify(password, hash, answer));
        Ok(matches.await? && exists)
    }

    /// The PHC string of a new password, for requests.
    ///
    /// # Errors
    /// [`PasswordError::Busy`] when [`WAITING`] others wait.
    pub async fn hash_in_turn(&self, password: String) -> Result<String, PasswordError> {
        self.run_job(|answer| Job::Hash(password, answer)).await
    }

    /// Queues a job and awaits its result.
    async fn run_job<T>(&self, job: impl FnOnce(Answer<T>) -> Job) -> Result<T, PasswordError> {
        let (answer, receiver) = oneshot::channel();
        self.jobs
            .try_send(job(answer))
            .map_err(|error| match error {
                TrySendError::Full(_) => {
                    self.refused.fetch_add(1, Ordering::Relaxed);
                    PasswordError::Busy
                }
                TrySendError::Disconnected(_) => PasswordError::Hash("no thread".into()),
            })?;
        self.in_progress.fetch_add(1, Ordering::Relaxed);
        let _in_progress = InProgress(Arc::clone(&self.in_progress));
        receiver
            .await
            .map_err(|_| PasswordError::Hash("no answer".into()))?
    }
}

fn next(jobs: &Mutex<Receiver<Job>>) -> Option<Job> {
    jobs.lock()
        .unwrap_or_else(PoisonError::into_inner)
        .recv()
        .ok()
}

impl Job {
    fn run(self, memory: &mut Vec<Block>) {
        let broken = |error: password_hash::Error| PasswordError::Hash(error.to_string());
        match self {
            // The request was cancelled.
            Self::Verify(_, _, answer) if answer.is_closed() => {}
            Self::Hash(_, answer) if answer.is_closed() => {}
            Self::Verify(password, hash, answer) => {
                let verified = matches_in_any_form(&password, &hash, memory);
                let _ = answer.send(verified.map_err(broken));
            }
            Self::Hash(password, answer) => {
                let _ = answer.send(phc_string(&password, memory).map_err(broken));
            }
        }
    }
}

/// Normalizes a password for hashing (NFKC), so that it matches however a keyboard composes it.
/// Beyond the `OpaqueString` profile of RFC 8265 §4.2, which composes only, it also maps full-width
/// digits to digits.
fn normal(password: &str) -> String {
    password.nfkc().collect()
}

/// Tries the normalized password, then the typed one, which earlier versions hashed.
fn matches_in_any_form(
    password: &str,
    hash: &str,
    memory: &mut Vec<Block>,
) -> password_hash::Result<bool> {
    let normal = normal(password);
    Ok(matches(&normal, hash, memory)? || (normal != password && matches(password, hash, memory)?))
}

/// Verifies like the library does, in reused memory.
fn matches(password: &str, hash: &str, memory: &mut Vec<Block>) -> password_hash::Result<bool> {
    let hash = PasswordHash::new(hash)?;
    let (Some(salt), Some(expected)) = (&hash.salt, &hash.hash) else {
        return Err(password_hash::Error::PasswordInvalid);
    };
    let algorithm = Algorithm::try_from(hash.algorithm.as_str())?;
    let version = hash
        .version
        .map_or(Ok(Version::default()), Version::try_from)?;
    let params = Params::try_from(&hash)?;
    memory.resize(params.block_count(), Block::default());
    let mut output = vec![0; expected.len()];
    Argon2::new(algorithm, version, params).hash_password_into_with_memory(
        password.as_bytes(),
        salt.as_ref(),
        &mut output,
        memory.as_mut_slice(),
    )?;
    // Compared in constant time by its type.
    Ok(Output::new(&output)? == *expected)
}

/// Hashes like the library does, in reused memory.
fn phc_string(password: &str, memory: &mut Vec<Block>) -> password_hash::Result<String> {
    let mut salt = [0; Salt::RECOMMENDED_LENGTH];
    getrandom::fill(&mut salt).map_err(|_| password_hash::Error::Crypto)?;
    let argon = Argon2::default();
    let params = argon.params();
    memory.resize(params.block_count(), Block::default());
    let mut output = [0; Params::DEFAULT_OUTPUT_LEN];
    argon.hash_password_into_with_memory(
        normal(password).as_bytes(),
        &salt,
        &mut output,
        memory.as_mut_slice(),
    )?;
    let hash = PasswordHash {
        algorithm: Algorithm::default().ident(),
        version: Some(Version::default().into()),
        params: ParamsString::try_from(params)?,
        salt: Some(Salt::new(&salt)?),
        hash: Some(Output::new(&output)?),
    };
    Ok(hash.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn only_the_right_password_of_a_known_user_is_verified() {
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
        for password in ["", "no one has this password"] {
            let none = passwords.verify(password.into(), Some(Passwords::NONE.into()));
            assert!(!none.await.expect("runs"), "has none: {password:?}");
        }
    }

    #[tokio::test]
    async fn logins_beyond_the_queue_are_answered_busy() {
        let passwords = Passwords::new().expect("hashes");
        let logins = (0..4 * WAITING).map(|_| passwords.verify("x".into(), None));
        let answers = futures_util::future::join_all(logins).await;
        assert!(
            answers
                .iter()
                .any(|answer| matches!(answer, Err(PasswordError::Busy)))
        );
        assert!(answers.iter().any(|answer| matches!(answer, Ok(false))));
    }

    #[tokio::test]
    async fn password_matches_in_any_unicode_composition() {
        let passwords = Passwords::new().expect("hashes");
        let composed = Passwords::hash("caf\u{e9}-Wache1").expect("hashes");
        let before = Argon2::default().hash_password("cafe\u{301}-Wache1".as_bytes());
        let before = before.expect("hashes").to_string();
        for (typed, hash, right) in [
            ("caf\u{e9}-Wache1", &composed, true),
            ("cafe\u{301}-Wache1", &composed, true),
            ("cafe\u{301}-Wache１", &composed, true),
            ("cafe-Wache1", &composed, false),
            ("cafe\u{301}-Wache1", &before, true),
        ] {
            let verified = passwords.verify(typed.into(), Some(hash.clone()));
            assert_eq!(verified.await.expect("runs"), right, "{typed:?}");
        }
    }

    #[test]
    fn cancelled_request_is_not_hashed() {
        let mut memory = Vec::new();
        let decoy = Arc::from(Passwords::hash("x").expect("hashes"));
        let (answer, gone) = oneshot::channel();
        drop(gone);
        Job::Verify("x".into(), decoy, answer).run(&mut memory);
        let (answer, gone) = oneshot::channel();
        drop(gone);
        Job::Hash("x".into(), answer).run(&mut memory);
        assert!(memory.is_empty(), "hashing takes memory");

        let (answer, mut receiver) = oneshot::channel();
        Job::Hash("x".into(), answer).run(&mut memory);
        assert!(!memory.is_empty() && receiver.try_recv().is_ok());
    }

    #[tokio::test]
    async fn queued_hash_has_the_parameters_of_the_library() {
        let passwords = Passwords::new().expect("hashes");
        let made = passwords.hash_in_turn("correct horse".into());
        let made = made.await.expect("hashes");
        let library = Passwords::hash("correct horse").expect("hashes");
        let parameters = |hash: &str| hash.rsplitn(3, '$').nth(2).map(str::to_owned);
        assert_eq!(parameters(&made), parameters(&library));
        assert_ne!(made, library, "each has a salt of its own");
        for (password, right) in [("correct horse", true), ("correct house", false)] {
            let verified = passwords.verify(password.into(), Some(made.clone()));
            assert_eq!(verified.await.expect("runs"), right);
        }
    }
}
