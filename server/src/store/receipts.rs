//! How far each side of a direct conversation has got, on its way to the other side.
//!
//! A position that is in the store is told on the bus, of each conversation at most once a second:
//! what moves in between is told together. A receipt is a hint: it may be lost, and then the next
//! list mends it. Nothing is asked of the store for an acknowledgement but, once a conversation,
//! between whom it is.

use super::{Move, Store, StoreError};
use crate::bus::{Bus, Event, Publication, Topic};
use lru::LruCache;
use std::collections::HashMap;
use std::num::NonZeroUsize;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tidings_shared::frame::Receipt;
use tidings_shared::{ConversationId, Seq, UserId};
use tokio::time::{Instant, MissedTickBehavior};
use tokio_util::sync::CancellationToken;

/// From one receipt of a side of a conversation to its next one, at least.
const EVERY: Duration = Duration::from_secs(1);
/// How often is looked what may be told.
const TICK: Duration = Duration::from_millis(200);
/// Positions that may wait; those beyond are left to the next list.
const WAITING_MAX: usize = 64 * 1024;
/// Conversations whose two sides are remembered, some 100 bytes each.
const KNOWN: NonZeroUsize = NonZeroUsize::new(100_000).expect("not zero");
/// Conversations asked about at once.
const ASKED: usize = 1024;

/// Whose position, and in which conversation.
type Side = (ConversationId, UserId);
/// Delivered and read up to there.
type Reach = (Seq, Seq);
/// The two of a conversation; `None`: it is a group, where nobody is told.
type Pair = Option<(UserId, UserId)>;

/// The positions that the other side is to hear of; cheap to clone.
#[derive(Clone, Default)]
pub struct Receipts {
    waiting: Arc<Mutex<HashMap<Side, Reach>>>,
}

impl Receipts {
    /// Receipts and the task that tells them, which ends when `stop` is cancelled.
    pub fn new(
        store: Arc<dyn Store>,
        bus: Arc<dyn Bus>,
        stop: CancellationToken,
    ) -> (Self, impl Future<Output = ()>) {
        let receipts = Self::default();
        let teller = Teller {
            receipts: receipts.clone(),
            store,
            bus,
            pairs: LruCache::unbounded(),
            told: HashMap::new(),
        };
        let task = async move {
            tokio::select! {
                () = stop.cancelled() => {}
                () = teller.run() => {}
            }
        };
        (receipts, task)
    }

    /// These positions are in the store now.
    pub fn moved(&self, moves: &[Move]) {
        let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        for moved in moves {
            let side = (moved.conversation, moved.uid);
            if waiting.len() >= WAITING_MAX && !waiting.contains_key(&side) {
                continue;
            }
            let (delivered, read) = waiting.entry(side).or_default();
            *delivered = moved.delivered.max(*delivered);
            *read = moved.read.max(*read);
        }
    }

    fn take(&self, may: impl Fn(&Side) -> bool) -> Vec<(Side, Reach)> {
        let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        waiting.extract_if(|side, _| may(side)).collect()
    }
}

/// What tells them.
struct Teller {
    receipts: Receipts,
    store: Arc<dyn Store>,
    bus: Arc<dyn Bus>,
    pairs: LruCache<ConversationId, Pair>,
    /// What was told within the last [`EVERY`].
    told: HashMap<Side, Instant>,
}

impl Teller {
    async fn run(mut self) {
        let mut ticks = tokio::time::interval(TICK);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            ticks.tick().await;
            if let Err(error) = self.tell().await {
                tracing::debug!(%error, "receipts are left to the next list");
            }
        }
    }

    async fn tell(&mut self) -> Result<(), StoreError> {
        let now = Instant::now();
        self.told.retain(|_, at| now.duration_since(*at) < EVERY);
        let due = self.receipts.take(|side| !self.told.contains_key(side));
        for share in due.chunks(ASKED) {
            self.learn(share).await?;
            let mut publications = Vec::new();
            for ((conversation, uid), (delivered, read)) in share {
                let Some(Some((low, high))) = self.pairs.get(conversation) else {
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
                    event: Arc::new(Event::Receipt(receipt)),
                });
                self.told.insert((*conversation, *uid), now);
            }
            self.bus.publish(publications).await;
        }
        Ok(())
    }

    /// Asks the store for the sides that are not known.
    async fn learn(&mut self, share: &[(Side, Reach)]) -> Result<(), StoreError> {
        let mut unknown: Vec<ConversationId> = share
            .iter()
            .map(|((conversation, _), _)| *conversation)
            // What is known counts as used, and stays.
            .filter(|conversation| self.pairs.get(conversation).is_none())
            .collect();
        unknown.sort_unstable();
        unknown.dedup();
        if unknown.is_empty() {
            return Ok(());
        }
        let direct = self.store.pairs(&unknown).await?;
        for conversation in unknown {
            self.pairs.put(conversation, None);
        }
        for (conversation, low, high) in direct {
            self.pairs.put(conversation, Some((low, high)));
        }
        // What this share needs was used last, so it stays.
        while self.pairs.len() > KNOWN.get() {
            self.pairs.pop_lru();
        }
        Ok(())
    }
}
