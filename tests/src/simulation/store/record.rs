//! A message in the store, and its form on the wire.

use crate::simulation::agenda::{NodeId, SocketId};
use tidings_shared::{
    Body, ClientMsgId, ConversationId, Direction, Message, Mid, Moment, Peer, Seq, UserId,
};

/// The approximate size in bytes of a message's JSON without its content and id.
const JSON_OVERHEAD: usize = 220;

/// A message that is not stored yet.
#[derive(Debug, Clone)]
pub(crate) struct Draft {
    pub(crate) sender: UserId,
    pub(crate) peer: Peer,
    pub(crate) content: String,
    pub(crate) client_msg_id: Option<ClientMsgId>,
    /// The connection it was sent on; `None` for history.
    pub(crate) origin: Option<SocketId>,
}

/// A stored message.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Record {
    pub(crate) conversation: ConversationId,
    pub(crate) seq: Seq,
    pub(crate) mid: Mid,
    pub(crate) sender: UserId,
    /// The peer of the sender.
    pub(crate) peer: Peer,
    pub(crate) client_msg_id: Option<ClientMsgId>,
    pub(crate) content: String,
    /// The approximate size in bytes of its JSON.
    pub(crate) bytes: usize,
    /// The node that committed it, and the time.
    pub(crate) node: NodeId,
    pub(crate) at: Moment,
}

impl Record {
    pub(crate) fn new(
        draft: &Draft,
        (conversation, seq, mid): (ConversationId, Seq, Mid),
        (node, at): (NodeId, Moment),
    ) -> Self {
        // JSON writes a control character as six bytes.
        let width = |byte: u8| if byte < 0x20 { 6 } else { 1 };
        let text: usize = draft.content.bytes().map(width).sum();
        Self {
            conversation,
            seq,
            mid,
            sender: draft.sender,
            peer: draft.peer,
            client_msg_id: draft.client_msg_id.clone(),
            content: draft.content.clone(),
            bytes: text + JSON_OVERHEAD,
            node,
            at,
        }
    }

    /// The message in a push, or in the answer to its sender: its owner is the sender.
    pub(crate) fn pushed(&self, to: UserId) -> Message {
        let id = self.client_msg_id.clone();
        Message {
            mid: self.mid,
            seq: self.seq,
            body: Body::Text(self.content.clone()),
            owner_uid: self.sender,
            peer: self.peer,
            direction: Direction::Sent,
            create_time: self.created_at(),
            owner_uid_avatar: String::new(),
            other_uid_avatar: String::new(),
            owner_name: String::new(),
            other_name: String::new(),
            client_msg_id: id.filter(|_| to == self.sender),
        }
    }

    /// The message in a page: its owner is the user who queried, or in a group the sender.
    pub(crate) fn queried(&self, by: UserId) -> Message {
        let message = self.pushed(by);
        if self.sender == by || matches!(self.peer, Peer::Group(_)) {
            return message;
        }
        Message {
            owner_uid: by,
            peer: Peer::User(self.sender),
            direction: Direction::Received,
            ..message
        }
    }

    pub(crate) fn created_at(&self) -> i64 {
        let elapsed = self.at.since(Moment::default());
        i64::try_from(elapsed.as_millis()).unwrap_or(i64::MAX)
    }
}
