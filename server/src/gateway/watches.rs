//! Whose presence this node's connections watch, and the task that tells them of it.
//!
//! No connection asks for itself: the task looks up everybody who is watched in turn, once however
//! many watch them, at a bounded pace; so a change is told within some seconds, and a node that dies
//! needs nobody to say so. Presence is a hint, and what is told of it may be lost.

use super::hub::{ConnectionId, Slot, Word};
use crate::presence::Presence;
use std::collections::{BTreeMap, HashMap};
use std::ops::Bound;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tidings_shared::{UserId, api, limits};
use tokio::sync::Notify;
use tokio::time::MissedTickBehavior;

/// How often is looked whether anything changed.
const TICK: Duration = Duration::from_secs(2);
/// Questions of [`limits::WATCHED_MAX`] users a tick: of more watched users than these hold, each is
/// looked at in a later tick.
const QUESTIONS: usize = 10;

/// A user who is watched.
#[derive(Default)]
struct Watched {
    /// What was told last; `None`: nothing yet.
    told: Option<api::Presence>,
    by: Vec<Arc<Slot>>,
}

#[derive(Default)]
struct Watching {
    users: BTreeMap<UserId, Watched>,
    /// Who asked and was not answered, and about whom.
    asked: HashMap<ConnectionId, (Arc<Slot>, Vec<UserId>)>,
    /// Whose turn was last.
    last: Option<UserId>,
}

/// Who watches whom; cheap to clone.
#[derive(Clone)]
pub(super) struct Watches {
    watching: Arc<Mutex<Watching>>,
    asked: Arc<Notify>,
}

impl Watches {
    /// Watches and the task that tells, which ends when it is dropped.
    pub(super) fn new(presence: Arc<dyn Presence>) -> (Self, impl Future<Output = ()>) {
        let watches = Self {
            watching: Arc::default(),
            asked: Arc::default(),
        };
        (watches.clone(), run(watches, presence))
    }

    /// This connection watches these users in place of those before.
    pub(super) fn replace(&self, slot: &Arc<Slot>, before: &[UserId], now: &[UserId]) {
        if before.is_empty() && now.is_empty() {
            return;
        }
        let mut watching = self.watching();
        for uid in before {
            if let Some(watched) = watching.users.get_mut(uid) {
                watched.by.retain(|other| other.id != slot.id);
                if watched.by.is_empty() {
                    watching.users.remove(uid);
                }
            }
        }
        for uid in now {
            let watched = watching.users.entry(*uid).or_default();
            if watched.by.iter().all(|other| other.id != slot.id) {
                watched.by.push(Arc::clone(slot));
            }
        }
        if now.is_empty() {
            watching.asked.remove(&slot.id);
        } else {
            let asked = (Arc::clone(slot), now.to_vec());
            watching.asked.insert(slot.id, asked);
            self.asked.notify_one();
        }
    }

    fn watching(&self) -> MutexGuard<'_, Watching> {
        self.watching.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// One who asked and was not answered.
    fn next_asked(&self) -> Option<(Arc<Slot>, Vec<UserId>)> {
        let mut watching = self.watching();
        let id = *watching.asked.keys().next()?;
        watching.asked.remove(&id)
    }

    /// The users whose turn it is. After the last one it is the first one's turn again, but in
    /// another tick.
    fn turn(&self) -> Vec<UserId> {
        let mut watching = self.watching();
        let from = watching.last.map_or(Bound::Unbounded, Bound::Excluded);
        let users = watching.users.range((from, Bound::Unbounded));
        let turn: Vec<UserId> = users
            .map(|(uid, _)| *uid)
            .take(limits::WATCHED_MAX)
            .collect();
        watching.last = turn.last().copied();
        turn
    }

    /// The first to watch somebody was told this.
    fn note(&self, found: &[api::Presence]) {
        let mut watching = self.watching();
        for presence in found {
            if let Some(watched) = watching.users.get_mut(&presence.uid) {
                watched.told.get_or_insert(*presence);
            }
        }
    }

    /// Tells those who watch them what of this is news.
    fn tell_changes(&self, found: Vec<api::Presence>) {
        let mut news: HashMap<ConnectionId, (Arc<Slot>, Vec<api::Presence>)> = HashMap::new();
        let mut watching = self.watching();
        for presence in found {
            let Some(watched) = watching.users.get_mut(&presence.uid) else {
                continue;
            };
            let told = watched.told.replace(presence);
            if told.is_some_and(|told| looks_like(told, presence)) {
                continue;
            }
            for slot in &watched.by {
                let (_, news) = news
                    .entry(slot.id)
                    .or_insert_with(|| (Arc::clone(slot), Vec::new()));
                news.push(presence);
            }
        }
        drop(watching);
        for (slot, presence) in news.into_values() {
            slot.hint(Word::Presence(presence));
        }
    }
}

/// Since when somebody was away does not show while they are here.
fn looks_like(told: api::Presence, now: api::Presence) -> bool {
    told.online == now.online && (now.online || told.last_seen == now.last_seen)
}

async fn run(watches: Watches, presence: Arc<dyn Presence>) {
    let mut ticks = tokio::time::interval(TICK);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            () = watches.asked.notified() => {
                while let Some((slot, uids)) = watches.next_asked() {
                    // Who cannot be answered now is told when it is known.
                    if let Ok(found) = presence.lookup(&uids).await {
                        watches.note(&found);
                        slot.hint(Word::Presence(found));
                    }
                }
            }
            _ = ticks.tick() => {
                for _ in 0..QUESTIONS {
                    let turn = watches.turn();
                    if turn.is_empty() {
                        break;
                    }
                    if let Ok(found) = presence.lookup(&turn).await {
                        watches.tell_changes(found);
                    }
                }
            }
        }
    }
}
