//! Events between nodes: notifications that something was committed to the store.
//!
//! A bus may lose, repeat and reorder events; a subscriber that detects this reads the store. So
//! nothing that must survive travels only here. Order of a write: commit, then publish, then push.

mod memory;
pub mod redis;

pub use memory::MemoryBus;
pub use redis::RedisBus;

use crate::domain::{Publication, Topic};
use crate::metrics::{BusFigures, Histogram};
use async_trait::async_trait;

/// An event bus between nodes.
#[async_trait]
pub trait Bus: Send + Sync + 'static {
    /// Publishes in this order. Waits for queue capacity but never for a socket. Infallible: what
    /// the bus cannot deliver becomes a [`Notice::Resync`] for the nodes that missed it.
    async fn publish(&self, publications: Vec<Publication>);

    /// Returns when events published on these topics from now on will arrive here, or at once when
    /// the bus is disconnected: a [`Notice::Resync`] follows the reconnect. Idempotent.
    async fn subscribe(&self, topics: &[Topic]);

    /// Ends the subscription to a topic. Does not wait.
    fn unsubscribe(&self, topic: Topic);

    /// Whether the bus is connected.
    async fn is_connected(&self) -> bool;

    /// Announces that this node shuts down, so that the others need not wait for its liveness
    /// timeout.
    async fn deregister(&self);

    /// Counters since the start of the process.
    fn figures(&self) -> BusFigures;

    /// Latency of events from other nodes.
    fn lag(&self) -> Histogram;
}
