//! The bus and the presence of a node: in process, or in Redis.

use crate::bus::{Bus, MemoryBus, RedisBus, redis};
use crate::config::Config;
use crate::domain::Notice;
use crate::presence::{self, MemoryPresence, Presence, RedisPresence};
use std::sync::Arc;
use tokio::sync::mpsc;
use tokio::task::JoinSet;

/// Handles to the cluster, or to the in-process substitutes on a single node.
pub(super) struct ClusterHandles {
    pub(super) bus: Arc<dyn Bus>,
    pub(super) presence: Arc<dyn Presence>,
    pub(super) notices: mpsc::Receiver<Notice>,
    /// Background tasks; aborted when dropped.
    pub(super) tasks: JoinSet<()>,
}

impl ClusterHandles {
    pub(super) fn new(config: &Config) -> anyhow::Result<Self> {
        let mut tasks = JoinSet::new();
        let Some(url) = &config.redis_url else {
            let (bus, notices) = MemoryBus::new();
            return Ok(Self {
                bus: Arc::new(bus),
                presence: Arc::new(MemoryPresence::default()),
                notices,
                tasks,
            });
        };
        let address = redis::Address::parse(url)?;
        let node = redis::Node::new(address, config.node_name.as_deref())?;
        let name = node.name.clone();
        let (bus, notices, session) = RedisBus::new(node);
        let handles = presence::RedisHandles {
            node: name.clone(),
            connection: bus.commands(),
            state_lost: bus.state_lost(),
        };
        let (presence, writing) = RedisPresence::new(handles);
        tasks.spawn(session);
        tasks.spawn(writing);
        tracing::info!(node = name, "one of many nodes");
        Ok(Self {
            bus: Arc::new(bus),
            presence: Arc::new(presence),
            notices,
            tasks,
        })
    }
}
