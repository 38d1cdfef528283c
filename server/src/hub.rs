//! The connections of this node, by user.
//!
//! The hub hands events to the connections they concern and never waits for one. `watches` notifies
//! connections of presence, `ended_sessions` closes connections of ended logins, `epoch` makes all
//! connections begin anew when the store has.

mod ended_sessions;
mod epoch;
mod watches;

pub use ended_sessions::watch_ended_sessions;
pub use epoch::watch_epoch;

use self::watches::PresenceWatches;
use crate::bus::Bus;
use crate::domain::{BusEvent, ConnectionId, Notice, SessionHash, Topic};
use crate::presence::Presence;
use foldhash::HashMap;
use std::collections::BTreeSet;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tidings_shared::{GroupId, UserId, api};
use tokio::sync::{Notify, mpsc};
use tokio::task::JoinSet;
use tokio::time::MissedTickBehavior;

/// Events that may wait for a connection's task. Beyond this the connection is marked as lagging
/// and reads the store.
const EVENTS: usize = 64;
/// Connections notified before yielding to other tasks; some 0.2 ms.
const DISPATCH_BATCH: usize = 2048;
/// Connections that resync per tick, and the tick: 2,000 a second, each of which reads its cursors
/// from the store.
const RESYNC_BATCH: usize = 100;
const RESYNC_TICK: Duration = Duration::from_millis(50);

/// The user holds too many connections.
#[derive(Debug, thiserror::Error)]
#[error("too many connections")]
pub struct TooManyConnections;

/// An event for a connection's task.
#[derive(Debug)]
pub enum ConnectionEvent {
    /// An event of the bus.
    Bus(Arc<BusEvent>),
    /// The presence of some of the watched users.
    Presence(Vec<api::Presence>),
}

/// The hub's handle to one connection's task.
pub(crate) struct ConnectionHandle {
    pub(crate) id: ConnectionId,
    /// The client knows frames from 8 up.
    lists: bool,
    events: mpsc::Sender<ConnectionEvent>,
    lagging: AtomicBool,
}

impl ConnectionHandle {
    /// Sends an event without waiting; if the queue is full, the connection is marked as lagging.
    fn notify(&self, event: &Arc<BusEvent>) {
        if !event.concerns(self.id, self.lists) {
            return;
        }
        if event.is_best_effort() {
            self.send_best_effort(ConnectionEvent::Bus(Arc::clone(event)));
            return;
        }
        let event = ConnectionEvent::Bus(Arc::clone(event));
        if self.events.try_send(event).is_err() {
            self.mark_lagging();
        }
    }

    /// Sends a best-effort event, which may use only half of the queue. Returns whether it was
    /// queued.
    pub(crate) fn send_best_effort(&self, event: ConnectionEvent) -> bool {
        self.events.capacity() > EVENTS / 2 && self.events.try_send(event).is_ok()
    }

    /// Whether the connection is gone.
    pub(crate) fn is_gone(&self) -> bool {
        self.events.is_closed()
    }

    fn mark_lagging(&self) {
        self.lagging.store(true, Ordering::Release);
        // If the queue was emptied meanwhile, this event wakes the task, which checks the mark with
        // every event. If it is full, a queued event does.
        let _ = self
            .events
            .try_send(ConnectionEvent::Bus(Arc::new(BusEvent::Resync)));
    }
}

/// Connections by user and by group.
#[derive(Default)]
struct Registry {
    users: HashMap<UserId, Vec<Arc<ConnectionHandle>>>,
    /// Keyed by connection, so that leaving a group of thousands is as fast as leaving one of two.
    groups: HashMap<GroupId, HashMap<ConnectionId, Arc<ConnectionHandle>>>,
}

/// The node's connections; cheap to clone.
#[derive(Clone)]
pub struct Hub {
    registry: Arc<Mutex<Registry>>,
    next_id: Arc<AtomicU64>,
    bus: Arc<dyn Bus>,
    presence: Arc<dyn Presence>,
    watches: PresenceWatches,
    per_user: usize,
    /// Notified to resync all connections.
    resync: Arc<Notify>,
}

impl Hub {
    /// A hub without connections, with a limit of `per_user`, and the task that dispatches the
    /// bus's notices. The task ends with the bus.
    pub fn new(
        bus: Arc<dyn Bus>,
        presence: Arc<dyn Presence>,
        first_id: u64,
        per_user: usize,
        notices: mpsc::Receiver<Notice>,
    ) -> (Self, impl Future<Output = ()>) {
        let (watches, watching) = PresenceWatches::new(Arc::clone(&presence));
        let hub = Self {
            registry: Arc::default(),
            next_id: Arc::new(AtomicU64::new(first_id)),
            bus,
            presence,
            watches,
            per_user,
            resync: Arc::default(),
        };
        let dispatching = run(hub.clone(), notices);
        let task = async move {
            // A task of its own, so that messages do not wait for presence. It ends with this one.
            let mut tasks = JoinSet::new();
            tasks.spawn(watching);
            dispatching.await;
        };
        (hub, task)
    }

    /// An id for a new connection.
    pub fn next_id(&self) -> ConnectionId {
        ConnectionId(self.next_id.fetch_add(1, Ordering::Relaxed))
    }

    /// Registers a connection. After the return every event of its user reaches it or marks it as
    /// lagging. Dropping the membership deregisters it. `lists`: the client knows frames from 8 up.
    ///
    /// # Errors
    /// [`TooManyConnections`] when the user holds as many as it may on this node.
    pub async fn join(
        &self,
        uid: UserId,
        id: ConnectionId,
        lists: bool,
    ) -> Result<Membership, TooManyConnections> {
        let (events, receiver) = mpsc::channel(EVENTS);
        let handle = Arc::new(ConnectionHandle {
            id,
            lists,
            events,
            lagging: AtomicBool::new(false),
        });
        {
            let mut registry = self.registry();
            let handles = registry.users.entry(uid).or_default();
            if handles.len() >= self.per_user {
                return Err(TooManyConnections);
            }
            if handles.is_empty() {
                self.presence.went_online(uid);
            }
            handles.push(Arc::clone(&handle));
        }
        let membership = Membership {
            hub: self.clone(),
            uid,
            groups: BTreeSet::new(),
            watched: Vec::new(),
            events: receiver,
            handle,
        };
        self.bus.subscribe(&[Topic::User(uid)]).await;
        Ok(membership)
    }

    /// Sends an event to the connections of these topics; returns how many.
    fn dispatch(&self, topics: &[Topic], event: &Arc<BusEvent>) -> usize {
        let registry = self.registry();
        let mut notified = 0;
        for topic in topics {
            match topic {
                Topic::User(uid) => {
                    for handle in registry.users.get(uid).into_iter().flatten() {
                        handle.notify(event);
                        notified += 1;
                    }
                }
                Topic::Group(group) => {
                    for handle in registry
                        .groups
                        .get(group)
                        .into_iter()
                        .flat_map(HashMap::values)
                    {
                        handle.notify(event);
                        notified += 1;
                    }
                }
            }
        }
        notified
    }

    /// Closes this node's connections of a login that has ended.
    pub fn log_out(&self, uid: UserId, hash: SessionHash) {
        let event = Arc::new(BusEvent::LoggedOut(hash));
        self.dispatch(&[Topic::User(uid)], &event);
    }

    /// Makes every connection read the store, some at a time.
    pub fn resync(&self) {
        self.resync.notify_one();
    }

    /// All connections, for a resync.
    fn all_connections(&self) -> Vec<Arc<ConnectionHandle>> {
        self.registry().users.values().flatten().cloned().collect()
    }

    fn registry(&self) -> MutexGuard<'_, Registry> {
        self.registry.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Dispatches notices of the bus. At a resync every connection has to read the store, which the
/// mark makes its task do; in batches, because all at once would overload the store.
async fn run(hub: Hub, mut notices: mpsc::Receiver<Notice>) {
    let mut ticks = tokio::time::interval(RESYNC_TICK);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let (mut to_resync, mut resync_again) = (Vec::new(), false);
    loop {
        let notice = tokio::select! {
            notice = notices.recv() => notice,
            () = hub.resync.notified() => Some(Notice::Resync),
            _ = ticks.tick(), if resync_again || !to_resync.is_empty() => {
                if to_resync.is_empty() {
                    to_resync = hub.all_connections();
                    resync_again = false;
                }
                let left = to_resync.len().saturating_sub(RESYNC_BATCH);
                for handle in to_resync.drain(left..) {
                    handle.mark_lagging();
                }
                continue;
            }
        };
        match notice {
            Some(Notice::Events(publications)) => {
                let mut notified = 0;
                for publication in publications {
                    notified += hub.dispatch(&publication.topics, &publication.event);
                    if notified >= DISPATCH_BATCH {
                        notified = 0;
                        tokio::task::yield_now().await;
                    }
                }
            }
            Some(Notice::Resync) => resync_again = true,
            None => break,
        }
    }
}

/// A connection's registration in the hub.
pub struct Membership {
    hub: Hub,
    uid: UserId,
    groups: BTreeSet<GroupId>,
    watched: Vec<UserId>,
    events: mpsc::Receiver<ConnectionEvent>,
    handle: Arc<ConnectionHandle>,
}

impl Membership {
    /// The next event. Cancel safe.
    pub async fn next_event(&mut self) -> Option<ConnectionEvent> {
        self.events.recv().await
    }

    /// Whether events were lost since the last call.
    pub fn lagged(&self) -> bool {
        self.handle.lagging.swap(false, Ordering::AcqRel)
    }

    /// Watches these users in place of those before: their presence comes as an event, and so does
    /// every change.
    pub fn watch(&mut self, uids: Vec<UserId>) {
        let before = std::mem::replace(&mut self.watched, uids);
        self.hub
            .watches
            .replace(&self.handle, &before, &self.watched);
    }

    /// Registers for these groups too; after the return their events reach this connection. Returns
    /// whether any was new: earlier commits then have to be read from the store.
    pub async fn join_groups(&mut self, groups: impl IntoIterator<Item = GroupId>) -> bool {
        let new: Vec<GroupId> = groups
            .into_iter()
            .filter(|group| self.groups.insert(*group))
            .collect();
        if new.is_empty() {
            return false;
        }
        {
            let mut registry = self.hub.registry();
            for group in &new {
                let handles = registry.groups.entry(*group).or_default();
                handles.insert(self.handle.id, Arc::clone(&self.handle));
            }
        }
        let topics: Vec<Topic> = new.into_iter().map(Topic::Group).collect();
        self.hub.bus.subscribe(&topics).await;
        true
    }
}

impl Drop for Membership {
    fn drop(&mut self) {
        self.hub.watches.replace(&self.handle, &self.watched, &[]);
        let mut registry = self.hub.registry();
        let id = self.handle.id;
        // Unsubscribes under the lock, so that it cannot overtake a new subscription.
        if let Some(handles) = registry.users.get_mut(&self.uid) {
            handles.retain(|handle| handle.id != id);
            if handles.is_empty() {
                registry.users.remove(&self.uid);
                self.hub.presence.went_offline(self.uid);
                self.hub.bus.unsubscribe(Topic::User(self.uid));
            }
        }
        for group in &self.groups {
            if let Some(handles) = registry.groups.get_mut(group) {
                handles.remove(&id);
                if handles.is_empty() {
                    registry.groups.remove(group);
                    self.hub.bus.unsubscribe(Topic::Group(*group));
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bus::MemoryBus;
    use crate::domain::{Publication, SessionHash};
    use crate::presence::MemoryPresence;
    use tidings_shared::Seq;
    use tidings_shared::frame::Receipt;

    const ME: UserId = UserId(1);
    const PER_USER: usize = 32;

    fn hub() -> (Hub, Arc<MemoryBus>) {
        let (bus, notices) = MemoryBus::new();
        let bus = Arc::new(bus);
        let presence = Arc::new(MemoryPresence::default());
        let (hub, task) = Hub::new(bus.clone(), presence, 1, PER_USER, notices);
        tokio::spawn(task);
        (hub, bus)
    }

    impl Membership {
        /// Its handle, for tests.
        pub(in crate::hub) const fn handle(&self) -> &Arc<ConnectionHandle> {
            &self.handle
        }

        async fn event(&mut self) -> Option<Arc<BusEvent>> {
            match self.next_event().await? {
                ConnectionEvent::Bus(event) => Some(event),
                ConnectionEvent::Presence(_) => panic!("nobody is watched"),
            }
        }
    }

    fn publication(uid: UserId) -> Publication {
        let event = Arc::new(BusEvent::LoggedOut(SessionHash([0; 32])));
        Publication {
            topics: vec![Topic::User(uid)],
            event,
        }
    }

    #[tokio::test]
    async fn event_reaches_every_connection_of_its_user_only() {
        let (hub, bus) = hub();
        let mut first = hub.join(ME, hub.next_id(), false).await.expect("room");
        let mut second = hub.join(ME, hub.next_id(), false).await.expect("room");
        let mut other = hub
            .join(UserId(2), hub.next_id(), false)
            .await
            .expect("room");
        bus.publish(vec![publication(ME), publication(UserId(2))])
            .await;
        assert!(first.event().await.is_some());
        assert!(second.event().await.is_some());
        assert!(other.event().await.is_some());
        assert!(first.events.is_empty() && other.events.is_empty());
    }

    #[tokio::test]
    async fn connection_with_a_full_queue_is_marked_as_lagging() {
        let (hub, _bus) = hub();
        let mut slow = hub.join(ME, hub.next_id(), false).await.expect("room");
        let publication = publication(ME);
        for _ in 0..=EVENTS {
            assert!(!slow.lagged());
            hub.dispatch(&publication.topics, &publication.event);
        }
        assert!(slow.lagged());
        assert!(!slow.lagged());
        assert!(slow.event().await.is_some());
    }

    #[tokio::test]
    async fn connections_per_user_are_bounded_and_freed_on_leave() {
        let (hub, _bus) = hub();
        let mut held = Vec::new();
        for _ in 0..PER_USER {
            held.push(hub.join(ME, hub.next_id(), false).await.expect("room"));
        }
        assert!(hub.join(ME, hub.next_id(), false).await.is_err());
        held.pop();
        assert!(hub.join(ME, hub.next_id(), false).await.is_ok());
        drop(held);
        assert!(hub.registry().users.is_empty());
    }

    #[tokio::test(start_paused = true)]
    async fn resync_reaches_all_connections_in_batches() {
        let (bus, notices) = MemoryBus::new();
        let presence = Arc::new(MemoryPresence::default());
        let (hub, task) = Hub::new(Arc::new(bus), presence, 1, PER_USER, notices);
        let mut members = Vec::new();
        for n in 0..3 * RESYNC_BATCH {
            let uid = UserId(i64::try_from(n).expect("small"));
            members.push(hub.join(uid, hub.next_id(), false).await.expect("room"));
        }
        let (queue, notices) = mpsc::channel(1);
        drop(task);
        tokio::spawn(run(hub.clone(), notices));
        queue.send(Notice::Resync).await.expect("runs");
        let start = tokio::time::Instant::now();
        let mut waits = Vec::new();
        for member in &mut members {
            assert!(matches!(
                *member.event().await.expect("told"),
                BusEvent::Resync
            ));
            assert!(member.lagged());
            waits.push(start.elapsed());
        }
        assert_eq!(waits.iter().max(), Some(&(2 * RESYNC_TICK)));
    }

    #[tokio::test]
    async fn receipts_leave_capacity_for_events_that_must_arrive() {
        let (hub, bus) = hub();
        let mut plain = hub.join(ME, hub.next_id(), false).await.expect("room");
        let mut lists = hub.join(ME, hub.next_id(), true).await.expect("room");
        let receipt = Publication {
            topics: vec![Topic::User(ME)],
            event: Arc::new(BusEvent::Receipt(Receipt {
                other_uid: UserId(2),
                delivered: Seq(1),
                read: Seq(1),
            })),
        };
        bus.publish(vec![receipt; 2 * EVENTS]).await;
        bus.publish(vec![publication(ME)]).await;
        assert!(matches!(
            plain.event().await.as_deref(),
            Some(BusEvent::LoggedOut(_))
        ));
        let mut receipts = 0;
        while let Some(BusEvent::Receipt(_)) = lists.event().await.as_deref() {
            receipts += 1;
        }
        assert!(
            (1..EVENTS).contains(&receipts),
            "the logout comes after {receipts}"
        );
        assert!(!lists.lagged());
    }

    #[tokio::test]
    async fn group_event_reaches_each_local_member_once() {
        let (hub, bus) = hub();
        let group = GroupId(7);
        let mut first = hub.join(ME, hub.next_id(), false).await.expect("room");
        let mut second = hub
            .join(UserId(2), hub.next_id(), false)
            .await
            .expect("room");
        let mut stranger = hub
            .join(UserId(3), hub.next_id(), false)
            .await
            .expect("room");
        assert!(first.join_groups([group]).await);
        assert!(!first.join_groups([group]).await);
        assert!(second.join_groups([group]).await);
        let publication = Publication {
            topics: vec![Topic::Group(group)],
            event: Arc::new(BusEvent::Resync),
        };
        bus.publish(vec![publication, super::tests::publication(UserId(3))])
            .await;
        assert!(first.event().await.is_some());
        assert!(second.event().await.is_some());
        assert!(stranger.event().await.is_some());
        assert!(first.events.is_empty() && second.events.is_empty());
        assert!(stranger.events.is_empty());
        drop((first, second));
        assert!(hub.registry().groups.is_empty());
    }
}
