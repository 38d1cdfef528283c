//! Presence on a single node.

use super::{Presence, PresenceUnavailable};
use crate::clock;
use async_trait::async_trait;
use lru::LruCache;
use std::collections::HashSet;
use std::num::NonZeroUsize;
use std::sync::{Mutex, PoisonError};
use tidings_shared::{UserId, api};

/// Users whose last-seen time is kept, some 100 bytes each; the one gone longest is evicted first.
const CAPACITY: NonZeroUsize = NonZeroUsize::new(100_000).expect("not zero");

struct Seen {
    online: HashSet<UserId>,
    last: LruCache<UserId, i64>,
}

/// Presence since the start of this process.
pub struct MemoryPresence {
    seen: Mutex<Seen>,
}

impl Default for MemoryPresence {
    fn default() -> Self {
        let seen = Seen {
            online: HashSet::new(),
            // Grows with use.
            last: LruCache::unbounded(),
        };
        Self {
            seen: Mutex::new(seen),
        }
    }
}

#[async_trait]
impl Presence for MemoryPresence {
    fn went_online(&self, uid: UserId) {
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        seen.online.insert(uid);
    }

    fn went_offline(&self, uid: UserId) {
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        seen.online.remove(&uid);
        seen.last.put(uid, clock::now_ms());
        if seen.last.len() > CAPACITY.get() {
            seen.last.pop_lru();
        }
    }

    async fn flush(&self) {}

    async fn lookup(&self, uids: &[UserId]) -> Result<Vec<api::Presence>, PresenceUnavailable> {
        let seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        let one = |uid: &UserId| api::Presence {
            uid: *uid,
            online: seen.online.contains(uid),
            last_seen: seen.last.peek(uid).copied(),
        };
        Ok(uids.iter().map(one).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn user_is_online_until_the_last_connection_leaves() {
        let presence = MemoryPresence::default();
        presence.went_online(UserId(1));
        let lookup_both = async || {
            presence
                .lookup(&[UserId(1), UserId(2)])
                .await
                .expect("known")
        };
        let before = lookup_both().await;
        assert_eq!((before[0].online, before[0].last_seen), (true, None));
        assert!(!before[1].online);
        presence.went_offline(UserId(1));
        let after = lookup_both().await;
        assert!(!after[0].online && after[0].last_seen.is_some());
    }

    #[test]
    fn memory_is_bounded() {
        let presence = MemoryPresence::default();
        for n in 0..=CAPACITY.get() {
            presence.went_offline(UserId(i64::try_from(n).expect("small")));
        }
        let seen = presence.seen.lock().expect("sound");
        assert_eq!(seen.last.len(), CAPACITY.get());
    }
}
