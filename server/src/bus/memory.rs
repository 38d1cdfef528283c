//! The bus of a single node: an in-process queue.

use super::Bus;
use crate::domain::{Notice, Publication, Topic};
use crate::metrics::{BusFigures, Histogram};
use async_trait::async_trait;
use std::sync::atomic::{AtomicU64, Ordering};
use tokio::sync::mpsc;

/// Notices that may wait for the hub, which dispatches without waiting: a batch of the committer,
/// or the events of one request.
const QUEUE: usize = 1024;

/// A bus inside one process. All events are local, so topics need no subscription and nothing is
/// lost.
pub struct MemoryBus {
    queue: mpsc::Sender<Notice>,
    published: AtomicU64,
}

impl MemoryBus {
    /// A bus and the receiver of its notices.
    pub fn new() -> (Self, mpsc::Receiver<Notice>) {
        let (queue, notices) = mpsc::channel(QUEUE);
        let published = AtomicU64::new(0);
        (Self { queue, published }, notices)
    }

    /// A sender for notices from other sources, such as Redis.
    pub(super) fn queue(&self) -> mpsc::Sender<Notice> {
        self.queue.clone()
    }
}

#[async_trait]
impl Bus for MemoryBus {
    async fn publish(&self, publications: Vec<Publication>) {
        let count = u64::try_from(publications.len()).unwrap_or(u64::MAX);
        self.published.fetch_add(count, Ordering::Relaxed);
        // Fails only after the hub ended, when no connection is left to notify.
        let _ = self.queue.send(Notice::Events(publications)).await;
    }

    async fn subscribe(&self, _topics: &[Topic]) {}

    fn unsubscribe(&self, _topic: Topic) {}

    async fn is_connected(&self) -> bool {
        !self.queue.is_closed()
    }

    async fn deregister(&self) {}

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
