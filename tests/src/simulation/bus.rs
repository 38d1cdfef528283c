//! The bus between nodes. With a single node it is a queue; between nodes it delays, reorders and
//! duplicates notices, and loses all of them for a while.
//!
//! After a loss all nodes get a resync: a node that was cut off could not publish either, so the
//! others missed its events.

use super::agenda::{NodeId, SocketId};
use super::store::Record;
use std::rc::Rc;
use tidings_shared::frame::{ReadMark, Receipt};
use tidings_shared::{ConversationId, GroupId, UserId};

/// Whom an event concerns.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Topic {
    User(UserId),
    Group(GroupId),
}

/// An event for connections.
#[derive(Debug)]
pub(crate) enum BusEvent {
    /// A message was committed, and the connection it was sent on.
    Message(Rc<Record>, Option<SocketId>),
    /// The user has read a conversation; the flag: all of it counts as delivered too.
    Read(ConversationId, ReadMark, bool),
    /// The other user of a direct conversation advanced. Best effort.
    Receipt(Receipt),
    /// Events may have been lost.
    Resync,
}

/// An event and its topics; an empty list means all.
#[derive(Debug, Clone)]
pub(crate) struct Notice {
    pub(crate) topics: Vec<Topic>,
    pub(crate) event: Rc<BusEvent>,
}

impl Notice {
    pub(crate) fn new(topics: Vec<Topic>, event: BusEvent) -> Self {
        let event = Rc::new(event);
        Self { topics, event }
    }

    /// A resync of all connections.
    pub(crate) fn resync_all() -> Self {
        Self::new(Vec::new(), BusEvent::Resync)
    }
}

/// The notices in flight to each node, and which nodes are cut off.
#[derive(Debug, Default)]
pub(crate) struct Bus {
    in_flight: Vec<Option<(NodeId, Notice)>>,
    cut_off: Vec<bool>,
}

impl Bus {
    pub(crate) fn new(nodes: usize) -> Self {
        Self {
            in_flight: Vec::new(),
            cut_off: vec![false; nodes],
        }
    }

    /// Whether notices pass a network, which may fail; a single node has a queue in its process.
    pub(crate) const fn is_remote(&self) -> bool {
        self.cut_off.len() > 1
    }

    /// The nodes that a notice from this one reaches.
    pub(crate) fn reached_from(&self, node: NodeId) -> Vec<NodeId> {
        if self.cut_off[node.0] {
            return Vec::new();
        }
        let reached = self.cut_off.iter().enumerate().filter(|(_, cut)| !**cut);
        reached.map(|(index, _)| NodeId(index)).collect()
    }

    pub(crate) fn all(&self) -> impl Iterator<Item = NodeId> + use<> {
        (0..self.cut_off.len()).map(NodeId)
    }

    /// Sends a notice; the returned ticket is for [`Self::take`].
    pub(crate) fn send(&mut self, node: NodeId, notice: Notice) -> usize {
        self.in_flight.push(Some((node, notice)));
        self.in_flight.len() - 1
    }

    pub(crate) fn take(&mut self, ticket: usize) -> Option<Notice> {
        self.in_flight[ticket].take().map(|(_, notice)| notice)
    }

    /// Cuts a node off and loses the notices in flight to it, or reconnects it. Returns whether
    /// anything changed.
    pub(crate) fn cut_off(&mut self, node: NodeId, cut_off: bool) -> bool {
        let changed = std::mem::replace(&mut self.cut_off[node.0], cut_off) != cut_off;
        if changed && cut_off {
            for slot in &mut self.in_flight {
                slot.take_if(|(to, _)| *to == node);
            }
        }
        changed
    }
}
