//! Who is online, and who was when. A hint like all of the bus: it may be late, and vanish with
//! Redis; nothing that must be right asks it.

mod memory;
mod redis;

pub use memory::MemoryPresence;
pub use redis::{RedisPresence, Sighting, Ties, sightings};

use async_trait::async_trait;
use tidings_shared::{UserId, api};

/// Presence cannot be told now.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("presence cannot be told now")]
pub struct Unknown;

/// Who is online.
#[async_trait]
pub trait Presence: Send + Sync + 'static {
    /// The first connection of a user on this node. Does not wait.
    fn arrived(&self, uid: UserId);

    /// The last one is gone. Does not wait.
    fn left(&self, uid: UserId);

    /// Returns when all that happened before is told. Without end while that is impossible.
    async fn settle(&self);

    /// How these users stand, in their order.
    ///
    /// # Errors
    /// [`Unknown`] while what knows it cannot be reached.
    async fn lookup(&self, uids: &[UserId]) -> Result<Vec<api::Presence>, Unknown>;
}
