//! Whose presence this node's connections watch, and the task that tells them of it.
//!
//! No connection asks for itself: the task answers those who begin to watch, in the order they asked,
//! and looks up everybody who is watched in turn, once however many watch them, both at a bounded
//! pace. So a change is told within some seconds while few thousand users are watched on a node, and
//! a node that dies needs nobody to say so. Presence is a hint, and what is told of it may be lost.

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
/// Of those who begin to watch, so many are answered at once, and the next so much later: a thousand
/// a second.
const ANSWERS: usize = 10;
const PAUSE: Duration = Duration::from_millis(10);

/// A user who is watched.
#[derive(Default)]
struct Watched {
    /// What was told last; `None`: nothing yet.
    told: Option<api::Presence>,
    by: HashMap<ConnectionId, Arc<Slot>>,
}

#[derive(Default)]
struct Watching {
    users: BTreeMap<UserId, Watched>,
    /// Who asked and was not answered, and about whom, in their order.
    asked: BTreeMap<u64, (Arc<Slot>, Vec<UserId>)>,
    /// The place of each in that order.
    places: HashMap<ConnectionId, u64>,
    next_place: u64,
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
                watched.by.remove(&slot.id);
                if watched.by.is_empty() {
                    watching.users.remove(uid);
                }
            }
        }
        for uid in now {
            let watched = watching.users.entry(*uid).or_default();
            watched.by.insert(slot.id, Arc::clone(slot));
        }
        if now.is_empty() {
            watching.withdraw(slot.id);
        } else {
            watching.ask(Arc::clone(slot), now.to_vec());
            self.asked.notify_one();
        }
    }

    fn watching(&self) -> MutexGuard<'_, Watching> {
        self.watching.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// One who asked and was not answered.
    fn next_asked(&self) -> Option<(Arc<Slot>, Vec<UserId>)> {
        let mut watching = self.watching();
        let (_, (slot, uids)) = watching.asked.pop_first()?;
        watching.places.remove(&slot.id);
        Some((slot, uids))
    }

    /// Whom nobody could answer is answered later, unless they have asked anew or are gone.
    fn postpone(&self, slot: Arc<Slot>, uids: Vec<UserId>) {
        let mut watching = self.watching();
        if !slot.is_gone() && !watching.places.contains_key(&slot.id) {
            watching.ask(slot, uids);
        }
    }

    fn is_asked(&self) -> bool {
        !self.watching().asked.is_empty()
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

    /// Tells those who watch them what of this is news, but for those who are told all of it: one who
    /// is being answered, and who still waits for an answer.
    fn tell_changes(&self, found: &[api::Presence], except: Option<ConnectionId>) {
        let mut news: HashMap<ConnectionId, (Arc<Slot>, Vec<api::Presence>)> = HashMap::new();
        let mut watching = self.watching();
        let Watching { users, places, .. } = &mut *watching;
        for presence in found {
            let Some(watched) = users.get_mut(&presence.uid) else {
                continue;
            };
            let told = watched.told.replace(*presence);
            if told.is_some_and(|told| looks_like(told, *presence)) {
                continue;
            }
            let untold =
                |slot: &&Arc<Slot>| Some(slot.id) != except && !places.contains_key(&slot.id);
            for slot in watched.by.values().filter(untold) {
                let (_, news) = news
                    .entry(slot.id)
                    .or_insert_with(|| (Arc::clone(slot), Vec::new()));
                news.push(*presence);
            }
        }
        drop(watching);
        for (slot, presence) in news.into_values() {
            slot.hint(Word::Presence(presence));
        }
    }
}

impl Watching {
    /// Whoever asks again keeps their place.
    fn ask(&mut self, slot: Arc<Slot>, uids: Vec<UserId>) {
        let place = *self.places.entry(slot.id).or_insert(self.next_place);
        self.next_place += 1;
        self.asked.insert(place, (slot, uids));
    }

    fn withdraw(&mut self, id: ConnectionId) {
        if let Some(place) = self.places.remove(&id) {
            self.asked.remove(&place);
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
                let answered = answer(&watches, presence.as_ref()).await;
                if answered && watches.is_asked() {
                    watches.asked.notify_one();
                }
                tokio::time::sleep(PAUSE).await;
            }
            _ = ticks.tick() => {
                for _ in 0..QUESTIONS {
                    let turn = watches.turn();
                    if turn.is_empty() {
                        break;
                    }
                    if let Ok(found) = presence.lookup(&turn).await {
                        watches.tell_changes(&found, None);
                    }
                }
                if watches.is_asked() {
                    watches.asked.notify_one();
                }
            }
        }
    }
}

/// Answers some of those who asked. `false`: one could not be answered, and the rest wait with it for
/// the next tick.
async fn answer(watches: &Watches, presence: &dyn Presence) -> bool {
    for _ in 0..ANSWERS {
        let Some((slot, uids)) = watches.next_asked() else {
            break;
        };
        let Ok(found) = presence.lookup(&uids).await else {
            watches.postpone(slot, uids);
            return false;
        };
        watches.tell_changes(&found, Some(slot.id));
        if !slot.hint(Word::Presence(found)) {
            watches.postpone(slot, uids);
            return false;
        }
    }
    true
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bus::MemoryBus;
    use crate::gateway::hub::{Hub, Membership};
    use crate::presence::Unknown;
    use async_trait::async_trait;
    use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
    use tokio::time::Instant;

    const THEM: UserId = UserId(7);

    /// Presence whose knowledge the test sets.
    #[derive(Default)]
    struct Told {
        away: AtomicBool,
        online: AtomicBool,
        asked: AtomicUsize,
    }

    #[async_trait]
    impl Presence for Told {
        fn arrived(&self, _: UserId) {}

        fn left(&self, _: UserId) {}

        async fn settle(&self) {}

        async fn lookup(&self, uids: &[UserId]) -> Result<Vec<api::Presence>, Unknown> {
            self.asked.fetch_add(1, Ordering::Relaxed);
            if self.away.load(Ordering::Relaxed) {
                return Err(Unknown);
            }
            let online = self.online.load(Ordering::Relaxed);
            let stand = |uid: &UserId| api::Presence {
                uid: *uid,
                online,
                last_seen: None,
            };
            Ok(uids.iter().map(stand).collect())
        }
    }

    async fn hub(presence: &Arc<Told>) -> (Hub, Membership) {
        let (bus, notices) = MemoryBus::new();
        let (hub, task) = Hub::new(Arc::new(bus), Arc::clone(presence) as _, 1, 32, notices);
        tokio::spawn(task);
        let member = join(&hub, 1).await;
        (hub, member)
    }

    async fn join(hub: &Hub, uid: i64) -> Membership {
        let joined = hub.join(UserId(uid), hub.next_id(), true).await;
        joined.expect("room")
    }

    async fn is_told(member: &mut Membership) -> bool {
        match member.word().await {
            Some(Word::Presence(told)) => told[0].online,
            other => panic!("{other:?}"),
        }
    }

    #[tokio::test(start_paused = true)]
    async fn who_could_not_be_answered_is_answered_when_it_is_known_again() {
        let presence = Arc::new(Told::default());
        let (hub, mut first) = hub(&presence).await;
        first.watch(vec![THEM]);
        assert!(!is_told(&mut first).await);
        presence.away.store(true, Ordering::Relaxed);
        let mut second = join(&hub, 2).await;
        second.watch(vec![THEM]);
        tokio::time::sleep(3 * TICK).await;
        presence.away.store(false, Ordering::Relaxed);
        // It is no news to the first, and so no change that all are told of.
        let told = tokio::time::timeout(3 * TICK, is_told(&mut second)).await;
        assert_eq!(told, Ok(false));
        presence.online.store(true, Ordering::Relaxed);
        assert!(is_told(&mut first).await);
        assert!(is_told(&mut second).await);
    }

    #[tokio::test(start_paused = true)]
    async fn questions_taken_back_leave_nothing_behind() {
        let presence = Arc::new(Told::default());
        presence.away.store(true, Ordering::Relaxed);
        let (watches, _never_run) = Watches::new(Arc::clone(&presence) as _);
        let (_hub, member) = hub(&presence).await;
        let slot = member.slot();
        for _ in 0..1_000 {
            watches.replace(slot, &[], &[THEM]);
            watches.replace(slot, &[THEM], &[]);
        }
        let watching = watches.watching();
        assert!(watching.users.is_empty());
        assert!(watching.asked.is_empty() && watching.places.is_empty());
    }

    #[tokio::test(start_paused = true)]
    async fn an_answer_that_is_news_to_others_is_told_to_them_at_once() {
        let presence = Arc::new(Told::default());
        let (hub, mut first) = hub(&presence).await;
        first.watch(vec![THEM]);
        assert!(!is_told(&mut first).await);
        presence.online.store(true, Ordering::Relaxed);
        let mut second = join(&hub, 2).await;
        second.watch(vec![THEM]);
        assert!(is_told(&mut second).await);
        assert!(is_told(&mut first).await);
    }

    #[tokio::test(start_paused = true)]
    async fn one_who_asks_without_end_keeps_nobody_waiting_and_the_pace_is_kept() {
        let presence = Arc::new(Told::default());
        let (hub, mut greedy) = hub(&presence).await;
        let mut modest = join(&hub, 2).await;
        let asking = tokio::spawn(async move {
            loop {
                greedy.watch(vec![THEM]);
                let _ = is_told(&mut greedy).await;
            }
        });
        let started = Instant::now();
        modest.watch(vec![THEM]);
        assert!(!is_told(&mut modest).await);
        presence.online.store(true, Ordering::Relaxed);
        assert!(is_told(&mut modest).await);
        tokio::time::sleep(TICK).await;
        let asked = presence.asked.load(Ordering::Relaxed);
        let turns = started.elapsed().as_millis() / PAUSE.as_millis() + 2;
        let most = (usize::try_from(turns).expect("few") + QUESTIONS) * ANSWERS;
        assert!(asked <= most, "{asked} of at most {most}");
        asking.abort();
    }
}
