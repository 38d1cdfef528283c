//! Write-behind buffer of cursors: acknowledgements, and other advances that need no receipt.
//!
//! An acknowledgement advances a cursor in memory at once; a few times a second the changes are
//! written in one transaction. A crash loses at most that much, which repeats pushes and loses no
//! message.

use super::{AdvanceCursor, Receipts, Store};
use crate::metrics::Metrics;
use std::collections::{BTreeMap, HashMap};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tidings_shared::{ConversationId, Seq, UserId};
use tokio_util::sync::CancellationToken;

/// From an acknowledgement to the store, at most.
const FLUSH_INTERVAL: Duration = Duration::from_millis(200);
/// Pending cursors that trigger an early flush.
const FLUSH_AT: usize = 4096;
/// Maximum pending cursors while the store fails. Beyond this acknowledgements are dropped, which
/// repeats pushes after the next bind.
const PENDING_MAX: usize = 64 * 1024;

/// Ordered by user, so that a user's pending cursors are found without a full scan.
type Pending = BTreeMap<(UserId, ConversationId), PendingCursor>;

/// Pending advances of one user in one conversation.
#[derive(Debug, Clone, Copy, Default)]
struct PendingCursor {
    /// Delivered up to here.
    delivered: Seq,
    /// Read up to here.
    read: Seq,
    /// Whether any of it was acknowledged, so that a receipt is due.
    acknowledged: bool,
}

/// The node's cursors not written to the store yet; cheap to clone.
#[derive(Clone)]
pub struct CursorWriter {
    pending: Arc<Mutex<Pending>>,
    full: Arc<tokio::sync::Notify>,
    failing: Arc<AtomicBool>,
    receipts: Receipts,
    metrics: Arc<Metrics>,
}

impl CursorWriter {
    /// The buffer and the task that writes it, which ends with a last flush when `stop` is
    /// cancelled.
    pub fn new(
        store: Arc<dyn Store>,
        receipts: Receipts,
        metrics: Arc<Metrics>,
        stop: CancellationToken,
    ) -> (Self, impl Future<Output = ()>) {
        let cursors = Self {
            pending: Arc::default(),
            full: Arc::default(),
            failing: Arc::default(),
            receipts,
            metrics,
        };
        (cursors.clone(), run(cursors, store, stop))
    }

    /// This user has received everything up to and including `seq`; `acknowledged`: not only
    /// because the messages are from the user.
    pub fn delivered(&self, side: (ConversationId, UserId), seq: Seq, acknowledged: bool) {
        self.update(side, PENDING_MAX, |cursor| {
            cursor.delivered = seq.max(cursor.delivered);
            cursor.acknowledged |= acknowledged;
        });
    }

    /// Everything unread by this user is from the user, up to and including `seq`, so it counts as
    /// read. That changes no unread count and no receipt. It may be dropped, because the next count
    /// finds it again, and takes no capacity from acknowledgements.
    pub fn mark_own_read(&self, side: (ConversationId, UserId), seq: Seq) {
        self.update(side, FLUSH_AT, |cursor| cursor.read = seq.max(cursor.read));
    }

    /// Updates a pending cursor, or adds one if fewer than `most` are pending.
    fn update(
        &self,
        side: (ConversationId, UserId),
        most: usize,
        update: impl FnOnce(&mut PendingCursor),
    ) {
        let (conversation, uid) = side;
        let key = (uid, conversation);
        let mut pending = self.pending.lock().unwrap_or_else(PoisonError::into_inner);
        if pending.len() >= most && !pending.contains_key(&key) {
            return;
        }
        update(pending.entry(key).or_default());
        if pending.len() >= FLUSH_AT {
            self.full.notify_one();
        }
    }

    /// The pending cursors of a user. Must be read before the store's cursors, never after: what is
    /// written in between is then in both, and not in neither.
    pub fn pending(&self, uid: UserId) -> HashMap<ConversationId, Seq> {
        let all = (uid, ConversationId(i64::MIN))..=(uid, ConversationId(i64::MAX));
        let pending = self.pending.lock().unwrap_or_else(PoisonError::into_inner);
        pending
            .range(all)
            .map(|(&(_, conversation), cursor)| (conversation, cursor.delivered))
            .collect()
    }

    /// Number of pending cursors.
    pub fn waiting(&self) -> usize {
        let pending = self.pending.lock().unwrap_or_else(PoisonError::into_inner);
        pending.len()
    }

    /// All pending advances, acknowledged ones first, and the number of these.
    fn advances(&self) -> (Vec<AdvanceCursor>, usize) {
        let pending = self.pending.lock().unwrap_or_else(PoisonError::into_inner);
        let advances = |acknowledged: bool| {
            let chosen = pending
                .iter()
                .filter(move |(_, cursor)| cursor.acknowledged == acknowledged);
            chosen.map(|(&(uid, conversation), cursor)| AdvanceCursor {
                conversation,
                uid,
                read: cursor.read,
                delivered: cursor.delivered,
            })
        };
        let mut all: Vec<AdvanceCursor> = advances(true).collect();
        let acknowledged = all.len();
        all.extend(advances(false));
        (all, acknowledged)
    }

    /// Writes pending cursors. They stay visible to [`Self::pending`] until written.
    async fn flush(&self, store: &dyn Store) {
        let (advances, acknowledged) = self.advances();
        if advances.is_empty() {
            return;
        }
        let failed = store.advance(&advances).await.err();
        // Logged once per outage, not five times a second.
        let was_failing = self.failing.swap(failed.is_some(), Ordering::Relaxed);
        if let Some(error) = failed {
            if !was_failing {
                tracing::warn!(%error, positions = advances.len(), "acknowledgements not stored yet");
            }
            return;
        }
        let count = u64::try_from(advances.len()).unwrap_or(u64::MAX);
        self.metrics.store.positions_flushed.inc_by(count);
        self.receipts.advanced(&advances[..acknowledged]);
        let mut pending = self.pending.lock().unwrap_or_else(PoisonError::into_inner);
        for advance in advances {
            let key = (advance.uid, advance.conversation);
            if pending.get(&key).is_some_and(|cursor| {
                cursor.delivered <= advance.delivered && cursor.read <= advance.read
            }) {
                pending.remove(&key);
            }
        }
    }
}

async fn run(cursors: CursorWriter, store: Arc<dyn Store>, stop: CancellationToken) {
    loop {
        tokio::select! {
            () = stop.cancelled() => break,
            () = cursors.full.notified() => {}
            () = tokio::time::sleep(FLUSH_INTERVAL) => {}
        }
        cursors.flush(store.as_ref()).await;
    }
    cursors.flush(store.as_ref()).await;
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bus::MemoryBus;
    use crate::metrics::Histogram;
    use crate::store::SqliteStore;

    #[tokio::test]
    async fn own_read_marks_leave_capacity_for_acknowledgements() {
        let folder = tempfile::tempdir().expect("a folder");
        let url = format!("sqlite://{}", folder.path().join("x.db").display());
        let store: Arc<dyn Store> = Arc::new(SqliteStore::open(&url).await.expect("a file"));
        let stop = CancellationToken::new();
        let bus = Arc::new(MemoryBus::new().0);
        let (receipts, _) = Receipts::new(Arc::clone(&store), bus, stop.clone());
        let metrics = Arc::new(Metrics::new(0, Histogram::times()));
        let (cursors, _) = CursorWriter::new(store, receipts, metrics, stop);
        let side = |uid: usize| {
            (
                ConversationId(1),
                UserId(i64::try_from(uid).expect("small")),
            )
        };

        for uid in 0..=FLUSH_AT {
            cursors.mark_own_read(side(uid), Seq(1));
        }
        assert_eq!(cursors.waiting(), FLUSH_AT);
        cursors.delivered(side(FLUSH_AT), Seq(1), true);
        cursors.mark_own_read(side(FLUSH_AT), Seq(2));
        assert_eq!(cursors.waiting(), FLUSH_AT + 1);
        let (advances, _) = cursors.advances();
        assert_eq!((advances[0].delivered, advances[0].read), (Seq(1), Seq(2)));
    }
}
