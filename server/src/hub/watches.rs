//! Presence watches of this node's connections, and the task that notifies them.
//!
//! Connections do not query presence themselves: the task answers new watches in FIFO order, and
//! polls all watched users in rotation, once however many watch them, both at a bounded rate. So a
//! change is noticed within seconds while a few thousand users are watched on a node, and the death
//! of a node needs no event. Presence is best effort.

use super::{ConnectionEvent, ConnectionHandle, ConnectionId};
use crate::presence::Presence;
use std::collections::{BTreeMap, HashMap};
use std::ops::Bound;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tidings_shared::{UserId, api, limits};
use tokio::sync::Notify;
use tokio::time::MissedTickBehavior;

/// Interval of polling.
const TICK: Duration = Duration::from_secs(2);
/// Lookups of [`limits::WATCHED_MAX`] users per tick; users beyond these are polled in a later
/// tick.
const LOOKUPS_PER_TICK: usize = 10;
/// New watches answered at once, and the pause before the next: a thousand a second.
const ANSWERS_PER_PAUSE: usize = 10;
const PAUSE: Duration = Duration::from_millis(10);

/// A watched user.
#[derive(Default)]
struct Watched {
    /// The presence sent last; `None`: none yet.
    last_sent: Option<api::Presence>,
    by: HashMap<ConnectionId, Arc<ConnectionHandle>>,
}

#[derive(Default)]
struct Watching {
    users: BTreeMap<UserId, Watched>,
    /// Unanswered watches by ticket, in FIFO order: the connection, and the users.
    requests: BTreeMap<u64, (Arc<ConnectionHandle>, Vec<UserId>)>,
    /// The ticket of each waiting connection.
    tickets: HashMap<ConnectionId, u64>,
    next_ticket: u64,
    /// The last user polled.
    last_looked_up: Option<UserId>,
}

/// The watches of this node; cheap to clone.
#[derive(Clone)]
pub(super) struct PresenceWatches {
    watching: Arc<Mutex<Watching>>,
    requests: Arc<Notify>,
}

impl PresenceWatches {
    /// Watches and the notifying task, which ends when dropped.
    pub(super) fn new(presence: Arc<dyn Presence>) -> (Self, impl Future<Output = ()>) {
        let watches = Self {
            watching: Arc::default(),
            requests: Arc::default(),
        };
        (watches.clone(), run(watches, presence))
    }

    /// This connection watches these users in place of those before.
    pub(super) fn replace(
        &self,
        handle: &Arc<ConnectionHandle>,
        before: &[UserId],
        now: &[UserId],
    ) {
        if before.is_empty() && now.is_empty() {
            return;
        }
        let mut watching = self.watching();
        for uid in before {
            if let Some(watched) = watching.users.get_mut(uid) {
                watched.by.remove(&handle.id);
                if watched.by.is_empty() {
                    watching.users.remove(uid);
                }
            }
        }
        for uid in now {
            let watched = watching.users.entry(*uid).or_default();
            watched.by.insert(handle.id, Arc::clone(handle));
        }
        if now.is_empty() {
            watching.dequeue(handle.id);
        } else {
            watching.enqueue(Arc::clone(handle), now.to_vec());
            self.requests.notify_one();
        }
    }

    fn watching(&self) -> MutexGuard<'_, Watching> {
        self.watching.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes the first unanswered watch.
    fn next_request(&self) -> Option<(Arc<ConnectionHandle>, Vec<UserId>)> {
        let mut watching = self.watching();
        let (_, (handle, uids)) = watching.requests.pop_first()?;
        watching.tickets.remove(&handle.id);
        Some((handle, uids))
    }

    /// Requeues a watch that could not be answered, unless the connection is gone or has a newer
    /// one.
    fn postpone(&self, handle: Arc<ConnectionHandle>, uids: Vec<UserId>) {
        let mut watching = self.watching();
        if !handle.is_gone() && !watching.tickets.contains_key(&handle.id) {
            watching.enqueue(handle, uids);
        }
    }

    fn has_requests(&self) -> bool {
        !self.watching().requests.is_empty()
    }

    /// The next users to poll. After the last user it starts over, but in another tick.
    fn batch(&self) -> Vec<UserId> {
        let mut watching = self.watching();
        let from = watching
            .last_looked_up
            .map_or(Bound::Unbounded, Bound::Excluded);
        let users = watching.users.range((from, Bound::Unbounded));
        let batch: Vec<UserId> = users
            .map(|(uid, _)| *uid)
            .take(limits::WATCHED_MAX)
            .collect();
        watching.last_looked_up = batch.last().copied();
        batch
    }

    /// Sends changes to the watchers, except to connections that get the full answer: the one being
    /// answered, and those that still wait for an answer.
    fn notify_changes(&self, found: &[api::Presence], except: Option<ConnectionId>) {
        let mut changes: HashMap<ConnectionId, (Arc<ConnectionHandle>, Vec<api::Presence>)> =
            HashMap::new();
        let mut watching = self.watching();
        let Watching { users, tickets, .. } = &mut *watching;
        for presence in found {
            let Some(watched) = users.get_mut(&presence.uid) else {
                continue;
            };
            let last_sent = watched.last_sent.replace(*presence);
            if last_sent.is_some_and(|last_sent| is_same(last_sent, *presence)) {
                continue;
            }
            let needs_update = |handle: &&Arc<ConnectionHandle>| {
                Some(handle.id) != except && !tickets.contains_key(&handle.id)
            };
            for handle in watched.by.values().filter(needs_update) {
                let (_, changes) = changes
                    .entry(handle.id)
                    .or_insert_with(|| (Arc::clone(handle), Vec::new()));
                changes.push(*presence);
            }
        }
        drop(watching);
        for (handle, presence) in changes.into_values() {
            handle.send_best_effort(ConnectionEvent::Presence(presence));
        }
    }
}

impl Watching {
    /// A repeated watch keeps its ticket.
    fn enqueue(&mut self, handle: Arc<ConnectionHandle>, uids: Vec<UserId>) {
        let ticket = *self.tickets.entry(handle.id).or_insert(self.next_ticket);
        self.next_ticket += 1;
        self.requests.insert(ticket, (handle, uids));
    }

    fn dequeue(&mut self, id: ConnectionId) {
        if let Some(ticket) = self.tickets.remove(&id) {
            self.requests.remove(&ticket);
        }
    }
}

/// The last-seen time is not shown while a user is online.
fn is_same(last_sent: api::Presence, now: api::Presence) -> bool {
    last_sent.online == now.online && (now.online || last_sent.last_seen == now.last_seen)
}

async fn run(watches: PresenceWatches, presence: Arc<dyn Presence>) {
    let mut ticks = tokio::time::interval(TICK);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            () = watches.requests.notified() => {
                let answered = answer(&watches, presence.as_ref()).await;
                if answered && watches.has_requests() {
                    watches.requests.notify_one();
                }
                tokio::time::sleep(PAUSE).await;
            }
            _ = ticks.tick() => {
                for _ in 0..LOOKUPS_PER_TICK {
                    let batch = watches.batch();
                    if batch.is_empty() {
                        break;
                    }
                    if let Ok(found) = presence.lookup(&batch).await {
                        watches.notify_changes(&found, None);
                    }
                }
                if watches.has_requests() {
                    watches.requests.notify_one();
                }
            }
        }
    }
}

/// Answers some of the new watches. `false`: one could not be answered, and the rest wait with it
/// for the next tick.
async fn answer(watches: &PresenceWatches, presence: &dyn Presence) -> bool {
    for _ in 0..ANSWERS_PER_PAUSE {
        let Some((handle, uids)) = watches.next_request() else {
            break;
        };
        let Ok(found) = presence.lookup(&uids).await else {
            watches.postpone(handle, uids);
            return false;
        };
        watches.notify_changes(&found, Some(handle.id));
        if !handle.send_best_effort(ConnectionEvent::Presence(found)) {
            watches.postpone(handle, uids);
            return false;
        }
    }
    true
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bus::MemoryBus;
    use crate::hub::{Hub, Membership};
    use crate::presence::PresenceUnavailable;
    use async_trait::async_trait;
    use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
    use tokio::time::Instant;

    const THEM: UserId = UserId(7);

    /// A presence controlled by the test.
    #[derive(Default)]
    struct FakePresence {
        away: AtomicBool,
        online: AtomicBool,
        requests: AtomicUsize,
    }

    #[async_trait]
    impl Presence for FakePresence {
        fn went_online(&self, _: UserId) {}

        fn went_offline(&self, _: UserId) {}

        async fn flush(&self) {}

        async fn lookup(&self, uids: &[UserId]) -> Result<Vec<api::Presence>, PresenceUnavailable> {
            self.requests.fetch_add(1, Ordering::Relaxed);
            if self.away.load(Ordering::Relaxed) {
                return Err(PresenceUnavailable);
            }
            let online = self.online.load(Ordering::Relaxed);
            let status = |uid: &UserId| api::Presence {
                uid: *uid,
                online,
                last_seen: None,
            };
            Ok(uids.iter().map(status).collect())
        }
    }

    async fn hub(presence: &Arc<FakePresence>) -> (Hub, Membership) {
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

    async fn next_online(member: &mut Membership) -> bool {
        match member.next_event().await {
            Some(ConnectionEvent::Presence(last_sent)) => last_sent[0].online,
            other => panic!("{other:?}"),
        }
    }

    #[tokio::test(start_paused = true)]
    async fn watch_is_answered_once_presence_is_available_again() {
        let presence = Arc::new(FakePresence::default());
        let (hub, mut first) = hub(&presence).await;
        first.watch(vec![THEM]);
        assert!(!next_online(&mut first).await);
        presence.away.store(true, Ordering::Relaxed);
        let mut second = join(&hub, 2).await;
        second.watch(vec![THEM]);
        tokio::time::sleep(3 * TICK).await;
        presence.away.store(false, Ordering::Relaxed);
        // Unchanged for the first watcher, so it is not sent to all.
        let last_sent = tokio::time::timeout(3 * TICK, next_online(&mut second)).await;
        assert_eq!(last_sent, Ok(false));
        presence.online.store(true, Ordering::Relaxed);
        assert!(next_online(&mut first).await);
        assert!(next_online(&mut second).await);
    }

    #[tokio::test(start_paused = true)]
    async fn withdrawn_watches_leave_no_state_behind() {
        let presence = Arc::new(FakePresence::default());
        presence.away.store(true, Ordering::Relaxed);
        let (watches, _never_run) = PresenceWatches::new(Arc::clone(&presence) as _);
        let (_hub, member) = hub(&presence).await;
        let handle = member.handle();
        for _ in 0..1_000 {
            watches.replace(handle, &[], &[THEM]);
            watches.replace(handle, &[THEM], &[]);
        }
        let watching = watches.watching();
        assert!(watching.users.is_empty());
        assert!(watching.requests.is_empty() && watching.tickets.is_empty());
    }

    #[tokio::test(start_paused = true)]
    async fn lookup_for_one_watcher_notifies_the_others() {
        let presence = Arc::new(FakePresence::default());
        let (hub, mut first) = hub(&presence).await;
        first.watch(vec![THEM]);
        assert!(!next_online(&mut first).await);
        presence.online.store(true, Ordering::Relaxed);
        let mut second = join(&hub, 2).await;
        second.watch(vec![THEM]);
        assert!(next_online(&mut second).await);
        assert!(next_online(&mut first).await);
    }

    #[tokio::test(start_paused = true)]
    async fn repeated_watches_do_not_starve_others_or_exceed_the_rate() {
        let presence = Arc::new(FakePresence::default());
        let (hub, mut greedy) = hub(&presence).await;
        let mut modest = join(&hub, 2).await;
        let asking = tokio::spawn(async move {
            loop {
                greedy.watch(vec![THEM]);
                let _ = next_online(&mut greedy).await;
            }
        });
        let started = Instant::now();
        modest.watch(vec![THEM]);
        assert!(!next_online(&mut modest).await);
        presence.online.store(true, Ordering::Relaxed);
        assert!(next_online(&mut modest).await);
        tokio::time::sleep(TICK).await;
        let requests = presence.requests.load(Ordering::Relaxed);
        let turns = started.elapsed().as_millis() / PAUSE.as_millis() + 2;
        let most = (usize::try_from(turns).expect("few") + LOOKUPS_PER_TICK) * ANSWERS_PER_PAUSE;
        assert!(requests <= most, "{requests} of at most {most}");
        asking.abort();
    }
}
