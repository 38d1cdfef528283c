//! A node as the bus sees it: publishes, subscribes, and receives notices.

use crate::server::TIMEOUT;
use std::collections::VecDeque;
use std::sync::Arc;
use tidings_server::bus::redis::{Address, BusStats, Node, RedisConnection};
use tidings_server::bus::{Bus, MemoryBus, RedisBus};
use tidings_server::domain::{BusEvent, Notice, Publication, SessionHash, Topic};
use tidings_shared::UserId;
use tokio::sync::{mpsc, watch};
use tokio::task::JoinHandle;
use tokio::time::timeout;

pub(crate) struct Station {
    pub(crate) bus: Arc<dyn Bus>,
    notices: mpsc::Receiver<Notice>,
    /// Events received together with an earlier one.
    events: VecDeque<Publication>,
    stats: Option<Arc<BusStats>>,
    connection: Option<watch::Receiver<Option<RedisConnection>>>,
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
            connection: None,
            task: None,
        }
    }

    pub(crate) fn new(address: Address) -> Self {
        let node = Node::new(address, Some("test")).expect("random");
        let (bus, notices, task) = RedisBus::new(node);
        Self {
            stats: Some(bus.stats()),
            connection: Some(bus.commands()),
            bus: Arc::new(bus),
            notices,
            events: VecDeque::new(),
            task: Some(tokio::spawn(task)),
        }
    }

    /// A station that is connected and has received the resync of its start.
    pub(crate) async fn connected(address: Address) -> Self {
        let mut station = Self::new(address);
        station.until_connected().await;
        station
    }

    /// Waits for the connection and the resync that follows.
    pub(crate) async fn until_connected(&mut self) {
        let connection = self.connection.as_mut().expect("a Redis");
        timeout(TIMEOUT, connection.wait_for(Option::is_some))
            .await
            .expect("connected in time")
            .expect("the session runs");
        self.resync().await;
    }

    /// Waits until the bus detects that it is disconnected.
    pub(crate) async fn until_disconnected(&mut self) {
        let connection = self.connection.as_mut().expect("a Redis");
        timeout(TIMEOUT, connection.wait_for(Option::is_none))
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
            event: Arc::new(BusEvent::LoggedOut(SessionHash([mark; 32]))),
        };
        timeout(TIMEOUT, self.bus.publish(vec![publication]))
            .await
            .expect("publishing waits for nobody");
    }

    pub(crate) async fn subscribe(&self, topics: &[Topic]) {
        timeout(TIMEOUT, self.bus.subscribe(topics))
            .await
            .expect("subscribing ends");
    }

    async fn next(&mut self) -> Notice {
        timeout(TIMEOUT, self.notices.recv())
            .await
            .expect("something arrives")
            .expect("the bus lives")
    }

    /// The topic and mark of the next event; skips resyncs before it.
    pub(crate) async fn event(&mut self) -> (Topic, u8) {
        let publication = loop {
            if let Some(publication) = self.events.pop_front() {
                break publication;
            }
            if let Notice::Events(publications) = self.next().await {
                self.events.extend(publications);
            }
        };
        let BusEvent::LoggedOut(hash) = *publication.event else {
            panic!("{:?}", publication.event);
        };
        (publication.topics[0], hash.0[0])
    }

    /// Waits for a resync; skips events before it.
    pub(crate) async fn resync(&mut self) {
        self.events.clear();
        while !matches!(self.next().await, Notice::Resync) {}
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
