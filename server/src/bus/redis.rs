//! The bus of many nodes: Redis pub/sub.
//!
//! This node's own connections get their events at once, through the queue of the in-process bus;
//! Redis carries them to the other nodes and may be away as long as it likes. `session` keeps the
//! connections, `topics` what this node listens to, `outbound` what is to be published, `payload`
//! and `channel` are what an event and a topic look like in Redis, `peers` which nodes live, and
//! `wire` hides whether it is one server or a cluster.

mod channel;
mod outbound;
pub mod payload;
mod peers;
mod session;
mod stats;
mod topics;
mod wire;

pub use payload::NodeId;
pub use peers::{BEATS, LIFE, life_key};
pub use stats::BusStats;
pub use wire::{Address, AddressError, Wire};

use super::{Bus, MemoryBus, Notice, Publication, Topic};
use crate::clock;
use crate::metrics::{BusFigures, Histogram};
use async_trait::async_trait;
use outbound::Outbound;
use peers::Peers;
use session::Session;
use std::sync::Arc;
use tokio::sync::{Notify, mpsc, watch};
use topics::Topics;

/// How a node takes part.
pub struct Node {
    /// Where Redis is.
    pub address: Address,
    /// Its name, of this process alone.
    pub name: String,
    /// The same as a number.
    pub id: NodeId,
}

impl Node {
    /// A node of this process: `name`, or else the host's, and a random number.
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
    commands: watch::Receiver<Option<Wire>>,
    forgotten: Arc<Notify>,
}

impl RedisBus {
    /// A bus, what comes out of it, and the task that keeps it connected, which ends when it is
    /// dropped.
    pub fn new(node: Node) -> (Self, mpsc::Receiver<Notice>, impl Future<Output = ()>) {
        let (local, notices) = MemoryBus::new();
        let stats = Arc::new(BusStats::default());
        let topics = Arc::new(Topics::default());
        let outbound = Arc::new(Outbound::new(Arc::clone(&stats)));
        let forgotten = Arc::new(Notify::new());
        let (commands, wire) = watch::channel(None);
        let session = Session {
            address: node.address,
            node: node.id,
            topics: Arc::clone(&topics),
            outbound: Arc::clone(&outbound),
            hub: local.queue(),
            stats: Arc::clone(&stats),
            peers: Peers::new(node.name.clone(), Arc::clone(&forgotten)),
            commands,
            looked: None,
        };
        let bus = Self {
            id: node.id,
            name: node.name,
            local,
            topics,
            outbound,
            stats,
            commands: wire,
            forgotten,
        };
        (bus, notices, session.run())
    }

    /// What it did so far.
    pub fn stats(&self) -> Arc<BusStats> {
        Arc::clone(&self.stats)
    }

    /// The connection for other commands, while there is one.
    pub fn commands(&self) -> watch::Receiver<Option<Wire>> {
        self.commands.clone()
    }

    /// Told when Redis turned out to know nothing of this node: at first, and after a flush.
    pub fn forgotten(&self) -> Arc<Notify> {
        Arc::clone(&self.forgotten)
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
        if let Some(confirmed) = self.topics.want(topics) {
            // An error: cut off meanwhile. The next session begins with a gap.
            let _ = confirmed.await;
        }
    }

    fn unsubscribe(&self, topic: Topic) {
        self.topics.unwant(topic);
    }

    async fn is_connected(&self) -> bool {
        self.stats.is_connected()
    }

    async fn retire(&self) {
        self.outbound.flushed().await;
        let wire = self.commands.borrow().clone();
        if let Some(mut wire) = wire
            && let Err(error) = wire.run(peers::farewell(&self.name)).await
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
