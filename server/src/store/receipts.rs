//! Publishes receipts: how far each participant of a direct conversation has received and read.
//!
//! A cursor written to the store is published at most once a second per participant and
//! conversation; advances in between are merged. Receipts are best effort: a lost one is replaced
//! by the next list. The store is queried only for the participants, once per conversation.

use super::{AdvanceCursor, Store, StoreError};
use crate::bus::Bus;
use crate::domain::{BusEvent, Publication, Topic};
use lru::LruCache;
use std::collections::HashMap;
use std::num::NonZeroUsize;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tidings_shared::frame::Receipt;
use tidings_shared::{ConversationId, Seq, UserId};
use tokio::time::{Instant, MissedTickBehavior};
use tokio_util::sync::CancellationToken;

/// Minimum interval between receipts of one participant in one conversation.
const RECEIPT_INTERVAL: Duration = Duration::from_secs(1);
/// Interval of checks for due receipts.
const TICK: Duration = Duration::from_millis(200);
/// Maximum pending receipts; further ones are left to the next list.
const PENDING_MAX: usize = 64 * 1024;
/// Conversations whose participants are cached, some 100 bytes each.
const PARTICIPANTS_CACHED: NonZeroUsize = NonZeroUsize::new(100_000).expect("not zero");
/// Conversations per query.
const LOOKUP_BATCH: usize = 1024;

/// A participant in a conversation.
type Side = (ConversationId, UserId);
/// Delivered and read cursors.
type ReceiptState = (Seq, Seq);
/// The participants of a conversation; `None`: a group, which has no receipts.
type Participants = Option<(UserId, UserId)>;

/// The pending receipts; cheap to clone.
#[derive(Clone, Default)]
pub struct Receipts {
    pending: Arc<Mutex<HashMap<Side, ReceiptState>>>,
}

impl Receipts {
    /// Receipts and the task that publishes them, which ends when `stop` is cancelled.
    pub fn new(
        store: Arc<dyn Store>,
        bus: Arc<dyn Bus>,
        stop: CancellationToken,
    ) -> (Self, impl Future<Output = ()>) {
        let receipts = Self::default();
        let notifier = Notifier {
            receipts: receipts.clone(),
            store,
            bus,
            participants: LruCache::unbounded(),
            last_sent: HashMap::new(),
        };
        let task = async move {
            tokio::select! {
                () = stop.cancelled() => {}
                () = notifier.run() => {}
            }
        };
        (receipts, task)
    }

    /// These cursors were written to the store.
    pub fn advanced(&self, advances: &[AdvanceCursor]) {
        let mut pending = self.pending.lock().unwrap_or_else(PoisonError::into_inner);
        for advance in advances {
            let side = (advance.conversation, advance.uid);
            if pending.len() >= PENDING_MAX && !pending.contains_key(&side) {
                continue;
            }
            let (delivered, read) = pending.entry(side).or_default();
            *delivered = advance.delivered.max(*delivered);
            *read = advance.read.max(*read);
        }
    }

    fn take_due(&self, may: impl Fn(&Side) -> bool) -> Vec<(Side, ReceiptState)> {
        let mut pending = self.pending.lock().unwrap_or_else(PoisonError::into_inner);
        pending.extract_if(|side, _| may(side)).collect()
    }
}

/// The publishing task.
struct Notifier {
    receipts: Receipts,
    store: Arc<dyn Store>,
    bus: Arc<dyn Bus>,
    participants: LruCache<ConversationId, Participants>,
    /// Receipts sent within the last [`RECEIPT_INTERVAL`].
    last_sent: HashMap<Side, Instant>,
}

impl Notifier {
    async fn run(mut self) {
        let mut ticks = tokio::time::interval(TICK);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            ticks.tick().await;
            if let Err(error) = self.notify().await {
                tracing::debug!(%error, "receipts are left to the next list");
            }
        }
    }

    async fn notify(&mut self) -> Result<(), StoreError> {
        let now = Instant::now();
        self.last_sent
            .retain(|_, at| now.duration_since(*at) < RECEIPT_INTERVAL);
        let due = self
            .receipts
            .take_due(|side| !self.last_sent.contains_key(side));
        for batch in due.chunks(LOOKUP_BATCH) {
            self.load_participants(batch).await?;
            let mut publications = Vec::new();
            for ((conversation, uid), (delivered, read)) in batch {
                let Some(Some((low, high))) = self.participants.get(conversation) else {
                    continue;
                };
                let other = if uid == low { *high } else { *low };
                let receipt = Receipt {
                    other_uid: *uid,
                    delivered: *delivered,
                    read: *read,
                };
                publications.push(Publication {
                    topics: vec![Topic::User(other)],
                    event: Arc::new(BusEvent::Receipt(receipt)),
                });
                self.last_sent.insert((*conversation, *uid), now);
            }
            self.bus.publish(publications).await;
        }
        Ok(())
    }

    /// Loads participants that are not cached.
    async fn load_participants(
        &mut self,
        batch: &[(Side, ReceiptState)],
    ) -> Result<(), StoreError> {
        let mut unknown: Vec<ConversationId> = batch
            .iter()
            .map(|((conversation, _), _)| *conversation)
            // Marks cached entries as recently used, so that they stay.
            .filter(|conversation| self.participants.get(conversation).is_none())
            .collect();
        unknown.sort_unstable();
        unknown.dedup();
        if unknown.is_empty() {
            return Ok(());
        }
        let direct = self.store.participants(&unknown).await?;
        for conversation in unknown {
            self.participants.put(conversation, None);
        }
        for (conversation, low, high) in direct {
            self.participants.put(conversation, Some((low, high)));
        }
        // The entries of this batch were used last, so they stay.
        while self.participants.len() > PARTICIPANTS_CACHED.get() {
            self.participants.pop_lru();
        }
        Ok(())
    }
}
