//! Acknowledgements on their way to the store, and what else moves positions without being told.
//!
//! An acknowledgement moves a position in memory at once; a few times a second what moved is
//! written in one transaction. A crash forgets at most that much, which repeats pushes and loses
//! none.

use super::{Move, Receipts, Store};
use crate::metrics::Metrics;
use std::collections::{BTreeMap, HashMap};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tidings_shared::{ConversationId, Seq, UserId};
use tokio_util::sync::CancellationToken;

/// From an acknowledgement to its place in the store, at most.
const FLUSH_EVERY: Duration = Duration::from_millis(200);
/// Positions that wait before a flush is made early.
const FLUSH_AT: usize = 4096;
/// Positions that may wait while the store does not take them. Beyond this an acknowledgement is
/// forgotten, which repeats a push after the next bind.
const WAITING_MAX: usize = 64 * 1024;

/// In the order of the users, so that what waits for one of them is found without looking at all.
type Waiting = BTreeMap<(UserId, ConversationId), Place>;

/// How far a user has got.
#[derive(Debug, Clone, Copy, Default)]
struct Place {
    /// Delivered up to here.
    seq: Seq,
    /// Read up to here.
    read: Seq,
    /// Whether any of it was acknowledged, so that the other side is to hear of it.
    acknowledged: bool,
}

/// The node's acknowledged positions that the store does not have yet; cheap to clone.
#[derive(Clone)]
pub struct Positions {
    waiting: Arc<Mutex<Waiting>>,
    full: Arc<tokio::sync::Notify>,
    failing: Arc<AtomicBool>,
    receipts: Receipts,
    metrics: Arc<Metrics>,
}

impl Positions {
    /// Positions and the task that writes them, which ends with a last flush when `stop` is
    /// cancelled.
    pub fn new(
        store: Arc<dyn Store>,
        receipts: Receipts,
        metrics: Arc<Metrics>,
        stop: CancellationToken,
    ) -> (Self, impl Future<Output = ()>) {
        let positions = Self {
            waiting: Arc::default(),
            full: Arc::default(),
            failing: Arc::default(),
            receipts,
            metrics,
        };
        (positions.clone(), run(positions, store, stop))
    }

    /// This user of a conversation has everything up to and with `seq`; `acknowledged`: not only
    /// because it is the user's own.
    pub fn delivered(&self, side: (ConversationId, UserId), seq: Seq, acknowledged: bool) {
        self.change(side, WAITING_MAX, |place| {
            place.seq = seq.max(place.seq);
            place.acknowledged |= acknowledged;
        });
    }

    /// All that this user of a conversation has not read is its own, up to and with `seq`, so it counts
    /// as read. That changes no count and no tick. It may be forgotten, for the next count finds it
    /// again, and takes no room from acknowledgements.
    pub fn wrote(&self, side: (ConversationId, UserId), seq: Seq) {
        self.change(side, FLUSH_AT, |place| place.read = seq.max(place.read));
    }

    /// Changes a place that waits, or, of fewer than `most`, a new one.
    fn change(&self, side: (ConversationId, UserId), most: usize, change: impl FnOnce(&mut Place)) {
        let (conversation, uid) = side;
        let key = (uid, conversation);
        let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        if waiting.len() >= most && !waiting.contains_key(&key) {
            return;
        }
        change(waiting.entry(key).or_default());
        if waiting.len() >= FLUSH_AT {
            self.full.notify_one();
        }
    }

    /// What waits for this user. To be asked before the store's positions are read, never after:
    /// what is written in between is then in both, and not in neither.
    pub fn pending(&self, uid: UserId) -> HashMap<ConversationId, Seq> {
        let all = (uid, ConversationId(i64::MIN))..=(uid, ConversationId(i64::MAX));
        let waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        waiting
            .range(all)
            .map(|(&(_, conversation), place)| (conversation, place.seq))
            .collect()
    }

    /// Positions that wait for the store.
    pub fn waiting(&self) -> usize {
        let waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        waiting.len()
    }

    /// What waits, those first that the other side is to hear of, and how many these are.
    fn moves(&self) -> (Vec<Move>, usize) {
        let waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        let moves = |acknowledged: bool| {
            let chosen = waiting
                .iter()
                .filter(move |(_, place)| place.acknowledged == acknowledged);
            chosen.map(|(&(uid, conversation), place)| Move {
                conversation,
                uid,
                read: place.read,
                delivered: place.seq,
            })
        };
        let mut all: Vec<Move> = moves(true).collect();
        let acknowledged = all.len();
        all.extend(moves(false));
        (all, acknowledged)
    }

    /// Writes what waits. It stays visible to [`Self::pending`] until it is written.
    async fn flush(&self, store: &dyn Store) {
        let (moves, acknowledged) = self.moves();
        if moves.is_empty() {
            return;
        }
        let failed = store.advance(&moves).await.err();
        // Once an outage, not five times a second.
        let was_failing = self.failing.swap(failed.is_some(), Ordering::Relaxed);
        if let Some(error) = failed {
            if !was_failing {
                tracing::warn!(%error, positions = moves.len(), "acknowledgements not stored yet");
            }
            return;
        }
        let count = u64::try_from(moves.len()).unwrap_or(u64::MAX);
        self.metrics.store.positions_flushed.inc_by(count);
        self.receipts.moved(&moves[..acknowledged]);
        let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        for moved in moves {
            let key = (moved.uid, moved.conversation);
            if waiting
                .get(&key)
                .is_some_and(|place| place.seq <= moved.delivered && place.read <= moved.read)
            {
                waiting.remove(&key);
            }
        }
    }
}

async fn run(positions: Positions, store: Arc<dyn Store>, stop: CancellationToken) {
    loop {
        tokio::select! {
            () = stop.cancelled() => break,
            () = positions.full.notified() => {}
            () = tokio::time::sleep(FLUSH_EVERY) => {}
        }
        positions.flush(store.as_ref()).await;
    }
    positions.flush(store.as_ref()).await;
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bus::MemoryBus;
    use crate::metrics::Histogram;
    use crate::store::SqliteStore;

    #[tokio::test]
    async fn what_people_wrote_takes_no_room_from_what_they_acknowledged() {
        let folder = tempfile::tempdir().expect("a folder");
        let url = format!("sqlite://{}", folder.path().join("x.db").display());
        let store: Arc<dyn Store> = Arc::new(SqliteStore::open(&url).await.expect("a file"));
        let stop = CancellationToken::new();
        let bus = Arc::new(MemoryBus::new().0);
        let (receipts, _) = Receipts::new(Arc::clone(&store), bus, stop.clone());
        let metrics = Arc::new(Metrics::new(0, Histogram::times()));
        let (positions, _) = Positions::new(store, receipts, metrics, stop);
        let side = |uid: usize| {
            (
                ConversationId(1),
                UserId(i64::try_from(uid).expect("small")),
            )
        };

        for uid in 0..=FLUSH_AT {
            positions.wrote(side(uid), Seq(1));
        }
        assert_eq!(positions.waiting(), FLUSH_AT);
        positions.delivered(side(FLUSH_AT), Seq(1), true);
        positions.wrote(side(FLUSH_AT), Seq(2));
        assert_eq!(positions.waiting(), FLUSH_AT + 1);
        let (moves, _) = positions.moves();
        assert_eq!((moves[0].delivered, moves[0].read), (Seq(1), Seq(2)));
    }
}
