//! Online status and last-seen times of users. Best effort like the bus: it may be late, and is
//! lost with Redis; nothing that must be right depends on it.

mod memory;
mod redis;

pub use memory::MemoryPresence;
pub use redis::{RedisHandles, RedisPresence, UserPresence, read_presence};

use async_trait::async_trait;
use tidings_shared::{UserId, api};

/// Presence is not available now.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("presence cannot be told now")]
pub struct PresenceUnavailable;

/// Online status of users.
#[async_trait]
pub trait Presence: Send + Sync + 'static {
    /// The user's first connection on this node was opened. Does not wait.
    fn went_online(&self, uid: UserId);

    /// The user's last connection on this node was closed. Does not wait.
    fn went_offline(&self, uid: UserId);

    /// Returns when all earlier changes are written. Waits for ever while that is impossible.
    async fn flush(&self);

    /// The presence of these users, in their order.
    ///
    /// # Errors
    /// [`PresenceUnavailable`] while Redis cannot be reached.
    async fn lookup(&self, uids: &[UserId]) -> Result<Vec<api::Presence>, PresenceUnavailable>;
}
