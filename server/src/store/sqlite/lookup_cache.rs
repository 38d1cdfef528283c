//! The writer's cache of conversation lookups and last sequence numbers, so that active senders are
//! not looked up for every batch.
//!
//! It belongs to the writer's connection, the only one through which this process writes, and is
//! cleared by any other write. So only another process, or a change that was not awaited, can make
//! it stale, and it expires quickly for these. Even then no sequence number is assigned twice: the
//! table has a unique constraint.

use super::sql::lookup::{ConversationLookup, ParticipantSet};
use super::sql::plan::participants_of;
use crate::store::NewMessage;
use std::time::Duration;
use tokio::time::Instant;

/// How long names and group memberships may be stale.
const TTL: Duration = Duration::from_secs(1);
/// Maximum entries, of some 300 bytes each, 1 KB at most.
const CAPACITY: usize = 4096;

/// Cached lookups, and the sequence numbers assigned since.
pub(super) struct LookupCache {
    pub(super) lookup: ConversationLookup,
    since: Instant,
}

impl Default for LookupCache {
    fn default() -> Self {
        Self {
            lookup: ConversationLookup::default(),
            since: Instant::now(),
        }
    }
}

impl LookupCache {
    /// The participants of a batch that have to be looked up; `None`: all are cached. Clears the
    /// cache when it is expired or full.
    pub(super) fn missing(&mut self, batch: &[NewMessage]) -> Option<ParticipantSet> {
        if self.since.elapsed() >= TTL {
            self.clear();
        }
        let known = &self.lookup.by_participants;
        let missing = |message: &&NewMessage| !known.contains_key(&participants_of(message));
        if !batch.iter().any(|message| missing(&message)) {
            return None;
        }
        if known.len() < CAPACITY {
            return Some(batch.iter().filter(missing).map(participants_of).collect());
        }
        self.clear();
        Some(batch.iter().map(participants_of).collect())
    }

    /// Clears the cache after any other write, or an unknown outcome.
    pub(super) fn clear(&mut self) {
        *self = Self::default();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::ConnectionId;
    use tidings_shared::{Body, Peer, UserId};

    const ME: i64 = 1;

    fn message(recipient: i64) -> NewMessage {
        NewMessage {
            sender: UserId(ME),
            peer: Peer::User(UserId(recipient)),
            body: Body::Text("x".into()),
            client_msg_id: None,
            origin: ConnectionId::NONE,
            created_at: 0,
        }
    }

    fn insert_rows(cache: &mut LookupCache, recipients: impl Iterator<Item = i64>) {
        let rows = recipients.map(|uid| (uid, 0, ME, "Me", "", Some(uid), "You", ""));
        let rows = serde_json::to_string(&rows.collect::<Vec<_>>()).expect("an array");
        let found = serde_json::from_str(&rows).expect("as the query has it");
        cache.lookup.insert_rows(found);
    }

    #[tokio::test(start_paused = true)]
    async fn lookup_is_cached_for_a_second() {
        let mut cache = LookupCache::default();
        let batch = [message(2), message(3), message(2)];
        let missing =
            |cache: &mut LookupCache| cache.missing(&batch).map(|missing| missing.direct_rows());
        assert_eq!(
            missing(&mut cache).as_deref(),
            Some("[[1,2,1,2],[1,3,1,3]]")
        );
        insert_rows(&mut cache, 2..3);
        assert_eq!(missing(&mut cache).as_deref(), Some("[[1,3,1,3]]"));
        insert_rows(&mut cache, 3..4);
        assert_eq!(missing(&mut cache), None);
        tokio::time::advance(TTL).await;
        assert!(missing(&mut cache).is_some());
    }

    #[tokio::test(start_paused = true)]
    async fn full_cache_is_cleared() {
        let mut cache = LookupCache::default();
        let most = 2 + i64::try_from(CAPACITY).expect("small");
        insert_rows(&mut cache, 2..most);
        assert!(cache.missing(&[message(2)]).is_none());
        assert!(cache.missing(&[message(2), message(most)]).is_some());
        assert!(cache.lookup.by_participants.is_empty());
    }
}
