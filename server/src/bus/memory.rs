//! The bus of a single node: a queue.

use super::{Bus, Notice, Publication, Topic};
use async_trait::async_trait;
use tokio::sync::mpsc;

/// Publications that may wait for the hub, which hands them out without waiting for anything.
const QUEUE: usize = 4096;

/// A bus inside one process. Everything published is on this node already, so topics need no
/// subscription and nothing is ever lost.
pub struct MemoryBus {
    queue: mpsc::Sender<Notice>,
}

impl MemoryBus {
    /// A bus and what comes out of it.
    pub fn new() -> (Self, mpsc::Receiver<Notice>) {
        let (queue, notices) = mpsc::channel(QUEUE);
        (Self { queue }, notices)
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
}
