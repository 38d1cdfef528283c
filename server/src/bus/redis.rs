//! The bus of many nodes: Redis pub/sub.
//!
//! Events for this node's own connections go through the in-process queue at once; Redis carries
//! them to the other nodes and may be down for any time. `session` keeps the connections, `topics`
//! the subscriptions of this node, `outbound` the queue of publications, `payload` and `channel`
//! the encoding of events and topics in Redis, `peers` the liveness of other nodes, and
//! `connection` hides whether Redis is one server or a cluster.

mod channel;
mod connection;
mod outbound;
pub mod payload;
mod peers;
mod session;
mod stats;
mod topics;

pub use connection::{Address, AddressError, RedisConnection};
pub use payload::NodeId;
pub use peers::{HEARTBEATS, LIVENESS_TTL, liveness_key};
pub use stats::BusStats;

use super::{Bus, MemoryBus};
use crate::clock;
use crate::domain::{Notice, Publication, Topic};
use crate::metrics::{BusFigures, Histogram};
use async_trait::async_trait;
use outbound::Outbound;
use peers::Peers;
use session::Session;
use std::sync::Arc;
use tokio::sync::{Notify, mpsc, watch};
use topics::Topics;

/// A node's identity on the bus.
pub struct Node {
    /// Address of Redis.
    pub address: Address,
    /// Its name, unique to this process.
    pub name: String,
    /// The same as a random number.
    pub id: NodeId,
}

impl Node {
    /// The identity of this process: `name`, or else the host's name, and a random number.
    ///
    /// # Errors
    /// When the system has no randomness to give.
    pub fn new(address: Address, name: Option<&str>) -> Result<Self, getrandom::Error> {
        let id = getrandom::u64()?;
        let host = || std::fs::read_to_string("/proc/sys/kernel/hostname").ok();
        let name = name.map(str::to_owned).or_else(host);
        let name = name.as_deref().map_or("node", str::trim);
        Ok(Self {
            address,
            name: format!("{name}-{id:016x}"),
            id: NodeId(id),
        })
    }
}

/// A bus over Redis. Publishing and subscribing never wait for a Redis that is away.
pub struct RedisBus {
    id: NodeId,
    name: String,
    local: MemoryBus,
    topics: Arc<Topics>,
    outbound: Arc<Outbound>,
    stats: Arc<BusStats>,
    commands: watch::Receiver<Option<RedisConnection>>,
    state_lost: Arc<Notify>,
}

impl RedisBus {
    /// A bus, the receiver of its notices, and the task that keeps it connected, which ends when
    /// dropped.
    pub fn new(node: Node) -> (Self, mpsc::Receiver<Notice>, impl Future<Output = ()>) {
        let (local, notices) = MemoryBus::new();
        let stats = Arc::new(BusStats::default());
        let topics = Arc::new(Topics::default());
        let outbound = Arc::new(Outbound::new(Arc::clone(&stats)));
        let state_lost = Arc::new(Notify::new());
        let (commands, connection) = watch::channel(None);
        let session = Session {
            address: node.address,
            node: node.id,
            topics: Arc::clone(&topics),
            outbound: Arc::clone(&outbound),
            hub: local.queue(),
            stats: Arc::clone(&stats),
            peers: Peers::new(node.name.clone(), Arc::clone(&state_lost)),
            commands,
            last_resync: None,
        };
        let bus = Self {
            id: node.id,
            name: node.name,
            local,
            topics,
            outbound,
            stats,
            commands: connection,
            state_lost,
        };
        (bus, notices, session.run())
    }

    /// Counters for the metrics.
    pub fn stats(&self) -> Arc<BusStats> {
        Arc::clone(&self.stats)
    }

    /// The connection for other commands, while connected.
    pub fn commands(&self) -> watch::Receiver<Option<RedisConnection>> {
        self.commands.clone()
    }

    /// Notified when Redis has no state of this node: at the start, and after a flush.
    pub fn state_lost(&self) -> Arc<Notify> {
        Arc::clone(&self.state_lost)
    }
}

#[async_trait]
impl Bus for RedisBus {
    async fn publish(&self, publications: Vec<Publication>) {
        let now = clock::now_ms();
        for publication in &publications {
            let payload = payload::encode(self.id, now, &publication.event);
            let Some((last, others)) = publication.topics.split_last() else {
                continue;
            };
            for topic in others {
                self.outbound.push((channel::name(*topic), payload.clone()));
            }
            self.outbound.push((channel::name(*last), payload));
        }
        self.local.publish(publications).await;
    }

    async fn subscribe(&self, topics: &[Topic]) {
        if let Some(confirmed) = self.topics.subscribe(topics) {
            // An error: disconnected meanwhile. The next session begins with a resync.
            let _ = confirmed.await;
        }
    }

    fn unsubscribe(&self, topic: Topic) {
        self.topics.unsubscribe(topic);
    }

    async fn is_connected(&self) -> bool {
        self.stats.is_connected()
    }

    async fn deregister(&self) {
        self.outbound.flushed().await;
        let connection = self.commands.borrow().clone();
        if let Some(mut connection) = connection
            && let Err(error) = connection.run(peers::deregister_commands(&self.name)).await
        {
            tracing::debug!(%error, "the other nodes will notice by themselves");
        }
    }

    fn figures(&self) -> BusFigures {
        self.stats.figures()
    }

    fn lag(&self) -> Histogram {
        self.stats.lag.clone()
    }
}
