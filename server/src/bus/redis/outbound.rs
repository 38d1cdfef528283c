//! Publications on their way to Redis: a bounded queue that never makes a publisher wait.

use super::stats::BusStats;
use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::sync::Notify;

/// Publications that may wait.
const ITEMS: usize = 16 * 1024;
/// Bytes of them.
const BYTES: usize = 16 * 1024 * 1024;
/// Publications sent at once, before their answers are awaited.
const BATCH: usize = 512;

/// A channel and what is published on it.
pub(super) type Item = (String, Vec<u8>);

#[derive(Default)]
struct Queue {
    items: VecDeque<Item>,
    bytes: usize,
    open: bool,
    overflown: bool,
    /// A batch was taken and its answers are awaited.
    under_way: bool,
}

/// The queue. While it is closed, which it is without a connection, nothing is kept: every session
/// begins with a gap for all nodes, which covers whatever was committed before.
pub(super) struct Outbound {
    queue: Mutex<Queue>,
    filled: Notify,
    emptied: Notify,
    stats: Arc<BusStats>,
}

/// What is to be published next.
pub(super) struct Batch {
    /// In order.
    pub(super) items: Vec<Item>,
    /// Something had to be dropped before these: the other nodes are to be told.
    pub(super) overflown: bool,
}

impl Outbound {
    pub(super) fn new(stats: Arc<BusStats>) -> Self {
        Self {
            queue: Mutex::default(),
            filled: Notify::new(),
            emptied: Notify::new(),
            stats,
        }
    }

    /// Queues it, or drops everything when there is no room.
    pub(super) fn push(&self, item: Item) {
        let mut queue = self.queue();
        if !queue.open {
            BusStats::count(&self.stats.dropped);
            return;
        }
        if queue.items.len() >= ITEMS || queue.bytes + item.1.len() > BYTES {
            BusStats::add(&self.stats.dropped, queue.items.len() + 1);
            queue.items.clear();
            queue.bytes = 0;
            queue.overflown = true;
        } else {
            queue.bytes += item.1.len();
            queue.items.push_back(item);
        }
        drop(queue);
        self.filled.notify_one();
    }

    /// A session begins.
    pub(super) fn open(&self) {
        self.queue().open = true;
    }

    /// The session is over.
    pub(super) fn close(&self) {
        let mut queue = self.queue();
        BusStats::add(&self.stats.dropped, queue.items.len());
        *queue = Queue::default();
        drop(queue);
        self.emptied.notify_waiters();
    }

    /// Waits for something to publish; what was taken before is published now. Cancelled, it takes
    /// nothing.
    pub(super) async fn next(&self) -> Batch {
        loop {
            if let Some(batch) = self.take() {
                return batch;
            }
            self.emptied.notify_waiters();
            self.filled.notified().await;
        }
    }

    /// Returns when all that was queued is published, or will not be.
    pub(super) async fn flushed(&self) {
        loop {
            let emptied = self.emptied.notified();
            if self.is_flushed() {
                return;
            }
            emptied.await;
        }
    }

    fn is_flushed(&self) -> bool {
        let queue = self.queue();
        queue.items.is_empty() && !queue.under_way
    }

    fn take(&self) -> Option<Batch> {
        let mut queue = self.queue();
        queue.under_way = !queue.items.is_empty() || queue.overflown;
        if !queue.under_way {
            return None;
        }
        let count = queue.items.len().min(BATCH);
        let items: Vec<Item> = queue.items.drain(..count).collect();
        queue.bytes -= items
            .iter()
            .map(|(_, payload)| payload.len())
            .sum::<usize>();
        Some(Batch {
            items,
            overflown: std::mem::take(&mut queue.overflown),
        })
    }

    fn queue(&self) -> MutexGuard<'_, Queue> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn item(n: usize) -> Item {
        (n.to_string(), vec![0; 10])
    }

    #[tokio::test]
    async fn what_finds_no_room_is_told_by_a_gap_and_memory_stays_bounded() {
        let stats = Arc::new(BusStats::default());
        let outbound = Outbound::new(Arc::clone(&stats));
        outbound.push(item(0));
        assert!(outbound.take().is_none(), "nothing is kept while closed");
        outbound.open();
        for n in 0..=ITEMS {
            outbound.push(item(n));
        }
        outbound.push(item(7));
        let batch = outbound.next().await;
        assert!(batch.overflown);
        assert_eq!(batch.items, [item(7)]);
        assert!(outbound.take().is_none());
        outbound.push(("large".into(), vec![0; BYTES + 1]));
        assert!(outbound.next().await.items.is_empty());
    }

    #[tokio::test]
    async fn a_batch_is_bounded_and_keeps_the_order() {
        let outbound = Outbound::new(Arc::default());
        outbound.open();
        for n in 0..=BATCH {
            outbound.push(item(n));
        }
        let first = outbound.next().await.items;
        assert_eq!((first.len(), &first[1]), (BATCH, &item(1)));
        assert_eq!(outbound.next().await.items, [item(BATCH)]);
    }
}
