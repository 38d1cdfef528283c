//! The queue of publications to Redis: bounded, and never blocks a publisher.

use super::stats::BusStats;
use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::sync::Notify;

/// Maximum queued publications.
const ITEMS: usize = 16 * 1024;
/// Maximum queued bytes.
const BYTES: usize = 16 * 1024 * 1024;
/// Maximum publications in one pipeline.
const BATCH: usize = 512;

/// A channel and its payload.
pub(super) type Item = (String, Vec<u8>);

#[derive(Default)]
struct Queue {
    items: VecDeque<Item>,
    bytes: usize,
    open: bool,
    overflowed: bool,
    /// A batch was taken and its replies are awaited.
    in_flight: bool,
}

/// The queue. While it is closed, which it is without a connection, nothing is queued: every
/// session begins with a resync of all nodes, which covers earlier commits.
pub(super) struct Outbound {
    queue: Mutex<Queue>,
    not_empty: Notify,
    drained: Notify,
    stats: Arc<BusStats>,
}

/// The next publications.
pub(super) struct Batch {
    /// In order.
    pub(super) items: Vec<Item>,
    /// Items were dropped before these: the other nodes must resync.
    pub(super) overflowed: bool,
}

impl Outbound {
    pub(super) fn new(stats: Arc<BusStats>) -> Self {
        Self {
            queue: Mutex::default(),
            not_empty: Notify::new(),
            drained: Notify::new(),
            stats,
        }
    }

    /// Queues an item, or drops the whole queue when it is full.
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
            queue.overflowed = true;
        } else {
            queue.bytes += item.1.len();
            queue.items.push_back(item);
        }
        drop(queue);
        self.not_empty.notify_one();
    }

    /// A session begins: accepts items.
    pub(super) fn open(&self) {
        self.queue().open = true;
    }

    /// The session is over: drops all items.
    pub(super) fn close(&self) {
        let mut queue = self.queue();
        BusStats::add(&self.stats.dropped, queue.items.len());
        *queue = Queue::default();
        drop(queue);
        self.drained.notify_waiters();
    }

    /// Waits for the next batch; the previous batch counts as published now. Cancelled, it takes
    /// nothing.
    pub(super) async fn next(&self) -> Batch {
        loop {
            if let Some(batch) = self.take_batch() {
                return batch;
            }
            self.drained.notify_waiters();
            self.not_empty.notified().await;
        }
    }

    /// Returns when everything queued was published or dropped.
    pub(super) async fn flushed(&self) {
        loop {
            let drained = self.drained.notified();
            if self.is_flushed() {
                return;
            }
            drained.await;
        }
    }

    fn is_flushed(&self) -> bool {
        let queue = self.queue();
        queue.items.is_empty() && !queue.in_flight
    }

    fn take_batch(&self) -> Option<Batch> {
        let mut queue = self.queue();
        queue.in_flight = !queue.items.is_empty() || queue.overflowed;
        if !queue.in_flight {
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
            overflowed: std::mem::take(&mut queue.overflowed),
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
    async fn full_queue_is_dropped_and_marked_as_overflowed() {
        let stats = Arc::new(BusStats::default());
        let outbound = Outbound::new(Arc::clone(&stats));
        outbound.push(item(0));
        assert!(
            outbound.take_batch().is_none(),
            "nothing is kept while closed"
        );
        outbound.open();
        for n in 0..=ITEMS {
            outbound.push(item(n));
        }
        outbound.push(item(7));
        let batch = outbound.next().await;
        assert!(batch.overflowed);
        assert_eq!(batch.items, [item(7)]);
        assert!(outbound.take_batch().is_none());
        outbound.push(("large".into(), vec![0; BYTES + 1]));
        assert!(outbound.next().await.items.is_empty());
    }

    #[tokio::test]
    async fn batch_is_bounded_and_keeps_the_order() {
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
