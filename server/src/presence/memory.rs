//! Presence on the only node there is.

use super::{Presence, Unknown};
use crate::clock;
use async_trait::async_trait;
use lru::LruCache;
use std::collections::HashSet;
use std::num::NonZeroUsize;
use std::sync::{Mutex, PoisonError};
use tidings_shared::{UserId, api};

/// Users of whom it is remembered when they were last seen, some 100 bytes each; the one gone
/// longest is forgotten first.
const REMEMBERED: NonZeroUsize = NonZeroUsize::new(100_000).expect("not zero");

struct Seen {
    online: HashSet<UserId>,
    last: LruCache<UserId, i64>,
}

/// What this process has seen; a restart forgets it.
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
    fn arrived(&self, uid: UserId) {
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        seen.online.insert(uid);
    }

    fn left(&self, uid: UserId) {
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        seen.online.remove(&uid);
        seen.last.put(uid, clock::now_ms());
        if seen.last.len() > REMEMBERED.get() {
            seen.last.pop_lru();
        }
    }

    async fn settle(&self) {}

    async fn lookup(&self, uids: &[UserId]) -> Result<Vec<api::Presence>, Unknown> {
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
    async fn a_user_is_online_while_here_and_last_seen_on_leaving() {
        let presence = MemoryPresence::default();
        presence.arrived(UserId(1));
        let look = async || {
            presence
                .lookup(&[UserId(1), UserId(2)])
                .await
                .expect("known")
        };
        let before = look().await;
        assert_eq!((before[0].online, before[0].last_seen), (true, None));
        assert!(!before[1].online);
        presence.left(UserId(1));
        let after = look().await;
        assert!(!after[0].online && after[0].last_seen.is_some());
    }

    #[test]
    fn memory_is_bounded() {
        let presence = MemoryPresence::default();
        for n in 0..=REMEMBERED.get() {
            presence.left(UserId(i64::try_from(n).expect("small")));
        }
        let seen = presence.seen.lock().expect("sound");
        assert_eq!(seen.last.len(), REMEMBERED.get());
    }
}
