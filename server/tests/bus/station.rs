//! A node as the bus sees it: it publishes, subscribes, and looks at what arrives.

use crate::server::PATIENCE;
use std::collections::VecDeque;
use std::sync::Arc;
use tidings_server::bus::redis::{Address, BusStats, Node, Wire};
use tidings_server::bus::{Bus, Event, MemoryBus, Notice, Publication, RedisBus, Topic};
use tidings_server::store::SessionHash;
use tidings_shared::UserId;
use tokio::sync::{mpsc, watch};
use tokio::task::JoinHandle;
use tokio::time::timeout;

pub(crate) struct Station {
    pub(crate) bus: Arc<dyn Bus>,
    notices: mpsc::Receiver<Notice>,
    /// What came with the event before.
    events: VecDeque<Publication>,
    stats: Option<Arc<BusStats>>,
    wire: Option<watch::Receiver<Option<Wire>>>,
    task: Option<JoinHandle<()>>,
}

impl Station {
    pub(crate) fn alone() -> Self {
        let (bus, notices) = MemoryBus::new();
        Self {
            bus: Arc::new(bus),
            notices,
            events: VecDeque::new(),
            stats: None,
            wire: None,
            task: None,
        }
    }

    pub(crate) fn new(address: Address) -> Self {
        let node = Node::new(address, Some("test")).expect("random");
        let (bus, notices, task) = RedisBus::new(node);
        Self {
            stats: Some(bus.stats()),
            wire: Some(bus.commands()),
            bus: Arc::new(bus),
            notices,
            events: VecDeque::new(),
            task: Some(tokio::spawn(task)),
        }
    }

    /// A station that is connected and has taken the gap of its start.
    pub(crate) async fn connected(address: Address) -> Self {
        let mut station = Self::new(address);
        station.until_connected().await;
        station
    }

    /// Waits for the connection and the gap that comes with it.
    pub(crate) async fn until_connected(&mut self) {
        let wire = self.wire.as_mut().expect("a Redis");
        timeout(PATIENCE, wire.wait_for(Option::is_some))
            .await
            .expect("connected in time")
            .expect("the session runs");
        self.gap().await;
    }

    /// Waits until the bus knows that it is cut off.
    pub(crate) async fn until_cut_off(&mut self) {
        let wire = self.wire.as_mut().expect("a Redis");
        timeout(PATIENCE, wire.wait_for(Option::is_none))
            .await
            .expect("noticed in time")
            .expect("the session runs");
    }

    pub(crate) fn stats(&self) -> &BusStats {
        self.stats.as_ref().expect("a Redis")
    }

    pub(crate) async fn publish(&self, topic: Topic, mark: u8) {
        let publication = Publication {
            topics: vec![topic],
            event: Arc::new(Event::LoggedOut(SessionHash([mark; 32]))),
        };
        timeout(PATIENCE, self.bus.publish(vec![publication]))
            .await
            .expect("publishing waits for nobody");
    }

    pub(crate) async fn subscribe(&self, topics: &[Topic]) {
        timeout(PATIENCE, self.bus.subscribe(topics))
            .await
            .expect("subscribing ends");
    }

    async fn next(&mut self) -> Notice {
        timeout(PATIENCE, self.notices.recv())
            .await
            .expect("something arrives")
            .expect("the bus lives")
    }

    /// The mark of the next event and its topic; gaps before it are passed over.
    pub(crate) async fn event(&mut self) -> (Topic, u8) {
        let publication = loop {
            if let Some(publication) = self.events.pop_front() {
                break publication;
            }
            if let Notice::Events(publications) = self.next().await {
                self.events.extend(publications);
            }
        };
        let Event::LoggedOut(hash) = *publication.event else {
            panic!("{:?}", publication.event);
        };
        (publication.topics[0], hash.0[0])
    }

    /// Waits for a gap; events before it are passed over.
    pub(crate) async fn gap(&mut self) {
        self.events.clear();
        while !matches!(self.next().await, Notice::Gap) {}
    }
}

impl Drop for Station {
    fn drop(&mut self) {
        if let Some(task) = &self.task {
            task.abort();
        }
    }
}

pub(crate) const fn user(uid: i64) -> Topic {
    Topic::User(UserId(uid))
}
