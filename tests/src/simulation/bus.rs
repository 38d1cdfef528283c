//! The bus between nodes. Of a single node it is a queue; between nodes it delays, reorders,
//! repeats, and loses everything for a while.
//!
//! What was lost is told afterwards as a gap, to all nodes: a node that was cut off could not
//! publish either, so the others missed its events.

use super::agenda::NodeId;
use super::store::Record;
use std::rc::Rc;
use tidings_shared::frame::ReadMark;
use tidings_shared::{ConversationId, UserId};

use super::agenda::SocketId;

/// What connections are told.
#[derive(Debug)]
pub(crate) enum News {
    /// A message was committed; it came on this connection.
    Message(Rc<Record>, Option<SocketId>),
    /// A user has read a conversation.
    Read(ConversationId, ReadMark),
    /// Something may have been missed.
    Gap,
}

/// News and whom they concern; nobody: all.
#[derive(Debug, Clone)]
pub(crate) struct Notice {
    pub(crate) users: Vec<UserId>,
    pub(crate) news: Rc<News>,
}

impl Notice {
    pub(crate) fn gap(users: Vec<UserId>) -> Self {
        Self {
            users,
            news: Rc::new(News::Gap),
        }
    }
}

/// What is on its way to each node, and who is cut off.
#[derive(Debug, Default)]
pub(crate) struct Bus {
    flying: Vec<Option<(NodeId, Notice)>>,
    cut_off: Vec<bool>,
}

impl Bus {
    pub(crate) fn new(nodes: usize) -> Self {
        Self {
            flying: Vec::new(),
            cut_off: vec![false; nodes],
        }
    }

    /// Whether the network may play tricks: not on a queue inside one process.
    pub(crate) const fn is_remote(&self) -> bool {
        self.cut_off.len() > 1
    }

    /// The nodes a notice from this one reaches.
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

    /// Puts a notice on its way; the ticket is for [`Self::take`].
    pub(crate) fn send(&mut self, node: NodeId, notice: Notice) -> usize {
        self.flying.push(Some((node, notice)));
        self.flying.len() - 1
    }

    pub(crate) fn take(&mut self, ticket: usize) -> Option<Notice> {
        self.flying[ticket].take().map(|(_, notice)| notice)
    }

    /// Cuts a node off and loses what is on its way to it, or lets it in again. Returns whether
    /// anything changed.
    pub(crate) fn cut_off(&mut self, node: NodeId, cut_off: bool) -> bool {
        let changed = std::mem::replace(&mut self.cut_off[node.0], cut_off) != cut_off;
        if changed && cut_off {
            for slot in &mut self.flying {
                slot.take_if(|(to, _)| *to == node);
            }
        }
        changed
    }
}
