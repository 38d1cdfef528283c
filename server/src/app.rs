//! The state that all requests and connections of a node share.

use crate::admission::Admission;
use crate::auth::{Passwords, Throttle};
use crate::bus::Bus;
use crate::config::Config;
use crate::disk::Disk;
use crate::heartbeats::Heartbeats;
use crate::hub::Hub;
use crate::metrics::Metrics;
use crate::presence::Presence;
use crate::store::{Committer, CursorWriter, LastUse, Receipts, Store};
use std::ops::Deref;
use std::sync::Arc;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

/// The state of a node. One pointer to clone, because every request does and every connection keeps
/// one.
#[derive(Clone)]
pub struct AppState(Arc<Node>);

impl AppState {
    /// The state that requests and connections of this node share.
    pub fn new(node: Node) -> Self {
        Self(Arc::new(node))
    }
}

impl Deref for AppState {
    type Target = Node;

    fn deref(&self) -> &Node {
        &self.0
    }
}

/// The components of a node.
pub struct Node {
    /// The operator's settings.
    pub config: Arc<Config>,
    /// The source of truth.
    pub store: Arc<dyn Store>,
    /// Events from and to other nodes.
    pub bus: Arc<dyn Bus>,
    /// Who is online.
    pub presence: Arc<dyn Presence>,
    /// This node's connections.
    pub hub: Hub,
    /// The heartbeat intervals that the devices' networks allow.
    pub heartbeats: Heartbeats,
    /// Commits every send to the store.
    pub committer: Committer,
    /// Writes delivery and read cursors to the store.
    pub cursors: CursorWriter,
    /// Publishes receipts to the other participant.
    pub receipts: Receipts,
    /// Writes the last use of logins to the store.
    pub last_use: LastUse,
    /// Password hashing, a bounded number at a time.
    pub passwords: Passwords,
    /// Throttles failed logins and other attempts.
    pub throttle: Throttle,
    /// Admission control.
    pub admission: Arc<Admission>,
    /// Free disk space.
    pub disk: Disk,
    /// Metrics for operators.
    pub metrics: Arc<Metrics>,
    /// Drain token and open connections.
    pub lifecycle: Lifecycle,
}

/// Shutdown of a node: `drain` asks everything to finish and close. Only `connections` waits for
/// upgraded sockets.
#[derive(Clone, Default)]
pub struct Lifecycle {
    /// Cancelled when the node is to end.
    pub drain: CancellationToken,
    /// Every open connection.
    pub connections: TaskTracker,
}
