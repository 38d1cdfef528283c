//! The bus of a single node: a queue.

use super::{Bus, Notice, Publication, Topic};
use crate::metrics::{BusFigures, Histogram};
use async_trait::async_trait;
use std::sync::atomic::{AtomicU64, Ordering};
use tokio::sync::mpsc;

/// Publications that may wait for the hub, which hands them out without waiting for anything.
const QUEUE: usize = 4096;

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
        for publication in publications {
            self.published.fetch_add(1, Ordering::Relaxed);
            // Fails only after the hub ended, when no connection is left to tell.
            let _ = self.queue.send(Notice::Event(publication)).await;
        }
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
