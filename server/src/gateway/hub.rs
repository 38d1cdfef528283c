//! The connections of this node, by user.

use super::watches::Watches;
use crate::bus::{Bus, Event, Notice, Topic};
use crate::presence::Presence;
use crate::store::SessionHash;
use foldhash::HashMap;
use std::collections::BTreeSet;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tidings_shared::{GroupId, UserId, api};
use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio::time::MissedTickBehavior;

/// Events that may wait for a connection's task. Beyond this the connection is marked as lagging
/// and reads the store.
const EVENTS: usize = 64;
/// Connections told in one turn: some 0.2 ms, after which others have theirs.
const TURN: usize = 2048;
/// Connections told of a gap at once, and how often: 2,000 a second, each of which asks the store
/// for its positions.
const GAP_SHARE: usize = 100;
const GAP_TICK: Duration = Duration::from_millis(50);

/// A connection's id, unique among all nodes for all practical purposes: 64 random bits chosen
/// at the start of the process, plus a count.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct ConnectionId(pub u64);

impl ConnectionId {
    /// Of what came on no connection.
    pub const NONE: Self = Self(0);
}

/// The user holds too many connections.
#[derive(Debug, thiserror::Error)]
#[error("too many connections")]
pub struct TooMany;

/// What a connection's task is told.
#[derive(Debug)]
pub enum Word {
    /// Something happened.
    Event(Arc<Event>),
    /// How some of those it watches stand.
    Presence(Vec<api::Presence>),
}

/// The way to one connection's task.
pub(super) struct Slot {
    pub(super) id: ConnectionId,
    /// It knows frames from 8 up.
    lists: bool,
    events: mpsc::Sender<Word>,
    lagging: AtomicBool,
}

impl Slot {
    /// Hands an event over without waiting; one that finds no room marks the connection as lagging.
    fn tell(&self, event: &Arc<Event>) {
        if !event.concerns(self.id, self.lists) {
            return;
        }
        if event.is_hint() {
            self.hint(Word::Event(Arc::clone(event)));
            return;
        }
        let word = Word::Event(Arc::clone(event));
        if self.events.try_send(word).is_err() {
            self.mark();
        }
    }

    /// Hands over what may be lost, and must not take the room of what may not. Whether it did.
    pub(super) fn hint(&self, word: Word) -> bool {
        self.events.capacity() > EVENTS / 2 && self.events.try_send(word).is_ok()
    }

    /// Whether the connection is gone.
    pub(super) fn is_gone(&self) -> bool {
        self.events.is_closed()
    }

    fn mark(&self) {
        self.lagging.store(true, Ordering::Release);
        // The queue may have been emptied since: then this wakes the task, which looks at the mark
        // with every event. If it is full, that does.
        let _ = self.events.try_send(Word::Event(Arc::new(Event::Gap)));
    }
}

/// Who is here, and in which groups.
#[derive(Default)]
struct Present {
    users: HashMap<UserId, Vec<Arc<Slot>>>,
    /// A connection leaves a group of thousands as quickly as one of two.
    groups: HashMap<GroupId, HashMap<ConnectionId, Arc<Slot>>>,
}

/// The node's connections; cheap to clone.
#[derive(Clone)]
pub struct Hub {
    present: Arc<Mutex<Present>>,
    next_id: Arc<AtomicU64>,
    bus: Arc<dyn Bus>,
    presence: Arc<dyn Presence>,
    watches: Watches,
    per_user: usize,
}

impl Hub {
    /// A hub without connections, that lets a user hold `per_user` of them, and the task that hands it
    /// what the bus brings. The task ends with the bus.
    pub fn new(
        bus: Arc<dyn Bus>,
        presence: Arc<dyn Presence>,
        first_id: u64,
        per_user: usize,
        notices: mpsc::Receiver<Notice>,
    ) -> (Self, impl Future<Output = ()>) {
        let (watches, watching) = Watches::new(Arc::clone(&presence));
        let hub = Self {
            present: Arc::default(),
            next_id: Arc::new(AtomicU64::new(first_id)),
            bus,
            presence,
            watches,
            per_user,
        };
        let handing_out = run(hub.clone(), notices);
        let task = async move {
            // A task of its own: messages do not wait for what is only a hint. It ends with this one.
            let mut beside = JoinSet::new();
            beside.spawn(watching);
            handing_out.await;
        };
        (hub, task)
    }

    /// An id for a new connection.
    pub fn next_id(&self) -> ConnectionId {
        ConnectionId(self.next_id.fetch_add(1, Ordering::Relaxed))
    }

    /// Enters a connection; from the return on, every event of its user reaches it or marks it as
    /// lagging. Dropping the membership takes it out again. `lists`: it knows frames from 8 up.
    ///
    /// # Errors
    /// [`TooMany`] when the user holds as many as it may on this node.
    pub async fn join(
        &self,
        uid: UserId,
        id: ConnectionId,
        lists: bool,
    ) -> Result<Membership, TooMany> {
        let (events, receiver) = mpsc::channel(EVENTS);
        let slot = Arc::new(Slot {
            id,
            lists,
            events,
            lagging: AtomicBool::new(false),
        });
        {
            let mut present = self.present();
            let slots = present.users.entry(uid).or_default();
            if slots.len() >= self.per_user {
                return Err(TooMany);
            }
            if slots.is_empty() {
                self.presence.arrived(uid);
            }
            slots.push(Arc::clone(&slot));
        }
        let membership = Membership {
            hub: self.clone(),
            uid,
            groups: BTreeSet::new(),
            watched: Vec::new(),
            events: receiver,
            slot,
        };
        self.bus.subscribe(&[Topic::User(uid)]).await;
        Ok(membership)
    }

    /// Hands it to whom it concerns; returns to how many.
    fn dispatch(&self, topics: &[Topic], event: &Arc<Event>) -> usize {
        let present = self.present();
        let mut told = 0;
        for topic in topics {
            match topic {
                Topic::User(uid) => {
                    for slot in present.users.get(uid).into_iter().flatten() {
                        slot.tell(event);
                        told += 1;
                    }
                }
                Topic::Group(group) => {
                    for slot in present
                        .groups
                        .get(group)
                        .into_iter()
                        .flat_map(HashMap::values)
                    {
                        slot.tell(event);
                        told += 1;
                    }
                }
            }
        }
        told
    }

    /// Ends this node's connections of a login that has ended.
    pub fn log_out(&self, uid: UserId, hash: SessionHash) {
        let event = Arc::new(Event::LoggedOut(hash));
        self.dispatch(&[Topic::User(uid)], &event);
    }

    /// All connections, to be told of a gap one after the other.
    fn everybody(&self) -> Vec<Arc<Slot>> {
        self.present().users.values().flatten().cloned().collect()
    }

    fn present(&self) -> MutexGuard<'_, Present> {
        self.present.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Hands out what the bus brings. At a gap every connection may have missed something and is to read
/// the store, which the mark makes its task do; all of them at once would be a stampede.
async fn run(hub: Hub, mut notices: mpsc::Receiver<Notice>) {
    let mut ticks = tokio::time::interval(GAP_TICK);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let (mut to_tell, mut again) = (Vec::new(), false);
    loop {
        let notice = tokio::select! {
            notice = notices.recv() => notice,
            _ = ticks.tick(), if again || !to_tell.is_empty() => {
                if to_tell.is_empty() {
                    to_tell = hub.everybody();
                    again = false;
                }
                let left = to_tell.len().saturating_sub(GAP_SHARE);
                for slot in to_tell.drain(left..) {
                    slot.mark();
                }
                continue;
            }
        };
        match notice {
            Some(Notice::Events(publications)) => {
                let mut told = 0;
                for publication in publications {
                    told += hub.dispatch(&publication.topics, &publication.event);
                    if told >= TURN {
                        told = 0;
                        tokio::task::yield_now().await;
                    }
                }
            }
            Some(Notice::Gap) => again = true,
            None => break,
        }
    }
}

/// A connection's place in the hub.
pub struct Membership {
    hub: Hub,
    uid: UserId,
    groups: BTreeSet<GroupId>,
    watched: Vec<UserId>,
    events: mpsc::Receiver<Word>,
    slot: Arc<Slot>,
}

impl Membership {
    /// The next word. Cancel safe.
    pub async fn word(&mut self) -> Option<Word> {
        self.events.recv().await
    }

    /// Whether events were lost since the last call.
    pub fn lagged(&self) -> bool {
        self.slot.lagging.swap(false, Ordering::AcqRel)
    }

    /// Watches these users in place of those before: how they stand comes as a word, and so does
    /// every change.
    pub fn watch(&mut self, uids: Vec<UserId>) {
        let before = std::mem::replace(&mut self.watched, uids);
        self.hub.watches.replace(&self.slot, &before, &self.watched);
    }

    /// Enters these groups too; from the return on their events reach this connection. Returns
    /// whether any was new: what was committed before is then still to be read from the store.
    pub async fn join_groups(&mut self, groups: impl IntoIterator<Item = GroupId>) -> bool {
        let new: Vec<GroupId> = groups
            .into_iter()
            .filter(|group| self.groups.insert(*group))
            .collect();
        if new.is_empty() {
            return false;
        }
        {
            let mut present = self.hub.present();
            for group in &new {
                let slots = present.groups.entry(*group).or_default();
                slots.insert(self.slot.id, Arc::clone(&self.slot));
            }
        }
        let topics: Vec<Topic> = new.into_iter().map(Topic::Group).collect();
        self.hub.bus.subscribe(&topics).await;
        true
    }
}

impl Drop for Membership {
    fn drop(&mut self) {
        self.hub.watches.replace(&self.slot, &self.watched, &[]);
        let mut present = self.hub.present();
        let id = self.slot.id;
        // Unsubscribed under the lock, so that it cannot overtake the subscription of a newcomer.
        if let Some(slots) = present.users.get_mut(&self.uid) {
            slots.retain(|slot| slot.id != id);
            if slots.is_empty() {
                present.users.remove(&self.uid);
                self.hub.presence.left(self.uid);
                self.hub.bus.unsubscribe(Topic::User(self.uid));
            }
        }
        for group in &self.groups {
            if let Some(slots) = present.groups.get_mut(group) {
                slots.remove(&id);
                if slots.is_empty() {
                    present.groups.remove(group);
                    self.hub.bus.unsubscribe(Topic::Group(*group));
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bus::{MemoryBus, Publication};
    use crate::presence::MemoryPresence;
    use crate::store::SessionHash;
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
        /// Its slot, for the tests of what is told through it.
        pub(in crate::gateway) const fn slot(&self) -> &Arc<Slot> {
            &self.slot
        }

        async fn event(&mut self) -> Option<Arc<Event>> {
            match self.word().await? {
                Word::Event(event) => Some(event),
                Word::Presence(_) => panic!("nobody is watched"),
            }
        }
    }

    fn publication(uid: UserId) -> Publication {
        let event = Arc::new(Event::LoggedOut(SessionHash([0; 32])));
        Publication {
            topics: vec![Topic::User(uid)],
            event,
        }
    }

    #[tokio::test]
    async fn an_event_reaches_every_connection_of_its_user_and_no_other() {
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
    async fn a_connection_that_does_not_take_its_events_is_told_that_it_lags() {
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
    async fn a_user_holds_a_bounded_number_of_connections_and_leaving_makes_room() {
        let (hub, _bus) = hub();
        let mut held = Vec::new();
        for _ in 0..PER_USER {
            held.push(hub.join(ME, hub.next_id(), false).await.expect("room"));
        }
        assert!(hub.join(ME, hub.next_id(), false).await.is_err());
        held.pop();
        assert!(hub.join(ME, hub.next_id(), false).await.is_ok());
        drop(held);
        assert!(hub.present().users.is_empty());
    }

    #[tokio::test(start_paused = true)]
    async fn a_gap_reaches_everybody_but_not_all_at_once() {
        let (bus, notices) = MemoryBus::new();
        let presence = Arc::new(MemoryPresence::default());
        let (hub, task) = Hub::new(Arc::new(bus), presence, 1, PER_USER, notices);
        let mut members = Vec::new();
        for n in 0..3 * GAP_SHARE {
            let uid = UserId(i64::try_from(n).expect("small"));
            members.push(hub.join(uid, hub.next_id(), false).await.expect("room"));
        }
        let (queue, notices) = mpsc::channel(1);
        drop(task);
        tokio::spawn(run(hub.clone(), notices));
        queue.send(Notice::Gap).await.expect("runs");
        let start = tokio::time::Instant::now();
        let mut waits = Vec::new();
        for member in &mut members {
            assert!(matches!(*member.event().await.expect("told"), Event::Gap));
            assert!(member.lagged());
            waits.push(start.elapsed());
        }
        assert_eq!(waits.iter().max(), Some(&(2 * GAP_TICK)));
    }

    #[tokio::test]
    async fn a_receipt_reaches_who_knows_it_and_never_crowds_out_what_may_not_be_lost() {
        let (hub, bus) = hub();
        let mut plain = hub.join(ME, hub.next_id(), false).await.expect("room");
        let mut lists = hub.join(ME, hub.next_id(), true).await.expect("room");
        let receipt = Publication {
            topics: vec![Topic::User(ME)],
            event: Arc::new(Event::Receipt(Receipt {
                other_uid: UserId(2),
                delivered: Seq(1),
                read: Seq(1),
            })),
        };
        bus.publish(vec![receipt; 2 * EVENTS]).await;
        bus.publish(vec![publication(ME)]).await;
        assert!(matches!(
            plain.event().await.as_deref(),
            Some(Event::LoggedOut(_))
        ));
        let mut receipts = 0;
        while let Some(Event::Receipt(_)) = lists.event().await.as_deref() {
            receipts += 1;
        }
        assert!(
            (1..EVENTS).contains(&receipts),
            "the logout comes after {receipts}"
        );
        assert!(!lists.lagged());
    }

    #[tokio::test]
    async fn a_groups_event_reaches_each_member_here_once_and_nobody_after_the_last_left() {
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
            event: Arc::new(Event::Gap),
        };
        bus.publish(vec![publication, super::tests::publication(UserId(3))])
            .await;
        assert!(first.event().await.is_some());
        assert!(second.event().await.is_some());
        assert!(stranger.event().await.is_some());
        assert!(first.events.is_empty() && second.events.is_empty());
        assert!(stranger.events.is_empty());
        drop((first, second));
        assert!(hub.present().groups.is_empty());
    }
}
