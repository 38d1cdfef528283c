//! What every request and connection of a node shares.

use crate::admission::Admission;
use crate::auth::{Passwords, Throttle};
use crate::bus::Bus;
use crate::config::Config;
use crate::disk::Disk;
use crate::gateway::{Heartbeats, Hub};
use crate::lifecycle::Lifecycle;
use crate::metrics::Metrics;
use crate::presence::Presence;
use crate::store::{Committer, Positions, Receipts, Store, Visits};
use std::ops::Deref;
use std::sync::Arc;

/// The state of a node, and the only one there is. One pointer to clone, because every request
/// does and every connection keeps one.
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

/// What a node is made of.
pub struct Node {
    /// What the operator set.
    pub config: Arc<Config>,
    /// The truth.
    pub store: Arc<dyn Store>,
    /// Hints to and from other nodes.
    pub bus: Arc<dyn Bus>,
    /// Who is online.
    pub presence: Arc<dyn Presence>,
    /// This node's connections.
    pub hub: Hub,
    /// What the networks of its devices bear.
    pub heartbeats: Heartbeats,
    /// The way of every send into the store.
    pub committer: Committer,
    /// The way of every acknowledgement into the store.
    pub positions: Positions,
    /// The way of every position to the other side.
    pub receipts: Receipts,
    /// The way into the store of when logins are in use.
    pub visits: Visits,
    /// Password hashing, a bounded number at a time.
    pub passwords: Passwords,
    /// Who failed to log in too often.
    pub throttle: Throttle,
    /// How many are let in.
    pub admission: Arc<Admission>,
    /// How much room is left.
    pub disk: Disk,
    /// What operators see.
    pub metrics: Arc<Metrics>,
    /// When to end.
    pub lifecycle: Lifecycle,
}
