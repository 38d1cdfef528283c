//! The bus of a single node: a queue.

use super::{Bus, Notice, Publication, Topic};
use crate::metrics::{BusFigures, Histogram};
use async_trait::async_trait;
use std::sync::atomic::{AtomicU64, Ordering};
use tokio::sync::mpsc;

/// What was published at once and waits for the hub, which hands it out without waiting for anything:
/// a batch of the committer, or what one request led to.
const QUEUE: usize = 1024;

/// A bus inside one process. Everything published is on this node already, so topics need no
/// subscription and nothing is ever lost.
pub struct MemoryBus {
    queue: mpsc::Sender<Notice>,
    published: AtomicU64,
}

impl MemoryBus {
    /// A bus and what comes out of it.
    pub fn new() -> (Self, mpsc::Receiver<Notice>) {
        let (queue, notices) = mpsc::channel(QUEUE);
        let published = AtomicU64::new(0);
        (Self { queue, published }, notices)
    }

    /// Where else notices may come from.
    pub(super) fn queue(&self) -> mpsc::Sender<Notice> {
        self.queue.clone()
    }
}

#[async_trait]
impl Bus for MemoryBus {
    async fn publish(&self, publications: Vec<Publication>) {
        let count = u64::try_from(publications.len()).unwrap_or(u64::MAX);
        self.published.fetch_add(count, Ordering::Relaxed);
        // Fails only after the hub ended, when no connection is left to tell.
        let _ = self.queue.send(Notice::Events(publications)).await;
    }

    async fn subscribe(&self, _topics: &[Topic]) {}

    fn unsubscribe(&self, _topic: Topic) {}

    async fn is_connected(&self) -> bool {
        !self.queue.is_closed()
    }

    async fn retire(&self) {}

    fn figures(&self) -> BusFigures {
        BusFigures {
            connected: !self.queue.is_closed(),
            published: self.published.load(Ordering::Relaxed),
            ..BusFigures::default()
        }
    }

    fn lag(&self) -> Histogram {
        // There are no other nodes.
        Histogram::default()
    }
}
