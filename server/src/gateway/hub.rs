//! The connections of this node, by user.

use crate::bus::{Bus, Event, Notice, Topic};
use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tidings_shared::UserId;
use tokio::sync::mpsc;

/// Events that may wait for a connection's task. Beyond this the connection is marked as lagging
/// and reads the store.
const EVENTS: usize = 64;
/// Connections a user may hold on one node.
const CONNECTIONS_PER_USER: usize = 32;

/// A connection's id, unique among all nodes for all practical purposes: 64 random bits chosen
/// at the start of the process, plus a count.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct ConnectionId(pub u64);

/// The user holds too many connections.
#[derive(Debug, thiserror::Error)]
#[error("too many connections")]
pub struct TooMany;

struct Slot {
    id: ConnectionId,
    events: mpsc::Sender<Arc<Event>>,
    lagging: Arc<AtomicBool>,
}

/// The node's connections; cheap to clone.
#[derive(Clone)]
pub struct Hub {
    users: Arc<Mutex<HashMap<UserId, Vec<Slot>>>>,
    next_id: Arc<AtomicU64>,
    bus: Arc<dyn Bus>,
}

impl Hub {
    /// A hub without connections, and the task that hands it what the bus brings. The task ends
    /// with the bus.
    pub fn new(
        bus: Arc<dyn Bus>,
        first_id: u64,
        notices: mpsc::Receiver<Notice>,
    ) -> (Self, impl Future<Output = ()>) {
        let hub = Self {
            users: Arc::default(),
            next_id: Arc::new(AtomicU64::new(first_id)),
            bus,
        };
        (hub.clone(), run(hub, notices))
    }

    /// An id for a new connection.
    pub fn next_id(&self) -> ConnectionId {
        ConnectionId(self.next_id.fetch_add(1, Ordering::Relaxed))
    }

    /// Enters a connection; from the return on, every event of its user reaches it or marks it as
    /// lagging. Dropping the membership takes it out again.
    ///
    /// # Errors
    /// [`TooMany`] when the user holds [`CONNECTIONS_PER_USER`] on this node.
    pub async fn join(&self, uid: UserId, id: ConnectionId) -> Result<Membership, TooMany> {
        let (events, receiver) = mpsc::channel(EVENTS);
        let lagging = Arc::new(AtomicBool::new(false));
        {
            let mut users = self.users();
            let slots = users.entry(uid).or_default();
            if slots.len() >= CONNECTIONS_PER_USER {
                return Err(TooMany);
            }
            slots.push(Slot {
                id,
                events,
                lagging: Arc::clone(&lagging),
            });
        }
        let membership = Membership {
            hub: self.clone(),
            uid,
            id,
            events: receiver,
            lagging,
        };
        self.bus.subscribe(Topic::User(uid)).await;
        Ok(membership)
    }

    fn dispatch(&self, topics: &[Topic], event: &Arc<Event>) {
        let users = self.users();
        for Topic::User(uid) in topics {
            for slot in users.get(uid).into_iter().flatten() {
                if event.came_on(slot.id) {
                    continue;
                }
                if slot.events.try_send(Arc::clone(event)).is_err() {
                    slot.lagging.store(true, Ordering::Release);
                    // The queue may have been emptied since: then this wakes the task, which
                    // looks at the mark with every event. If it is full, that does.
                    let _ = slot.events.try_send(Arc::new(Event::Gap));
                }
            }
        }
    }

    /// Every connection may have missed something. Each of them reads the store when its task
    /// next runs, which the event wakes.
    fn gap(&self) {
        let event = Arc::new(Event::Gap);
        for slot in self.users().values().flatten() {
            slot.lagging.store(true, Ordering::Release);
            // A full queue wakes the task as well.
            let _ = slot.events.try_send(Arc::clone(&event));
        }
    }

    fn leave(&self, uid: UserId, id: ConnectionId) {
        let mut users = self.users();
        let Some(slots) = users.get_mut(&uid) else {
            return;
        };
        slots.retain(|slot| slot.id != id);
        if slots.is_empty() {
            users.remove(&uid);
            // Under the lock, so that it cannot overtake the subscription of a newcomer.
            self.bus.unsubscribe(Topic::User(uid));
        }
    }

    fn users(&self) -> MutexGuard<'_, HashMap<UserId, Vec<Slot>>> {
        self.users.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

async fn run(hub: Hub, mut notices: mpsc::Receiver<Notice>) {
    while let Some(notice) = notices.recv().await {
        match notice {
            Notice::Event(publication) => hub.dispatch(&publication.topics, &publication.event),
            Notice::Gap => hub.gap(),
        }
    }
}

/// A connection's place in the hub.
pub struct Membership {
    hub: Hub,
    uid: UserId,
    id: ConnectionId,
    events: mpsc::Receiver<Arc<Event>>,
    lagging: Arc<AtomicBool>,
}

impl Membership {
    /// The next event. Cancel safe.
    pub async fn event(&mut self) -> Option<Arc<Event>> {
        self.events.recv().await
    }

    /// Whether events were lost since the last call.
    pub fn lagged(&self) -> bool {
        self.lagging.swap(false, Ordering::AcqRel)
    }
}

impl Drop for Membership {
    fn drop(&mut self) {
        self.hub.leave(self.uid, self.id);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bus::{MemoryBus, Publication};
    use crate::store::SessionHash;

    const ME: UserId = UserId(1);

    fn hub() -> (Hub, Arc<MemoryBus>) {
        let (bus, notices) = MemoryBus::new();
        let bus = Arc::new(bus);
        let (hub, task) = Hub::new(bus.clone(), 1, notices);
        tokio::spawn(task);
        (hub, bus)
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
        let mut first = hub.join(ME, hub.next_id()).await.expect("room");
        let mut second = hub.join(ME, hub.next_id()).await.expect("room");
        let mut other = hub.join(UserId(2), hub.next_id()).await.expect("room");
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
        let mut slow = hub.join(ME, hub.next_id()).await.expect("room");
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
        for _ in 0..CONNECTIONS_PER_USER {
            held.push(hub.join(ME, hub.next_id()).await.expect("room"));
        }
        assert!(hub.join(ME, hub.next_id()).await.is_err());
        held.pop();
        assert!(hub.join(ME, hub.next_id()).await.is_ok());
        drop(held);
        assert!(hub.users().is_empty());
    }
}
