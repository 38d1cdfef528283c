//! Events between nodes.

use super::{ConnectionId, SessionHash};
use std::sync::Arc;
use tidings_shared::frame::{ReadMark, Receipt};
use tidings_shared::{ConversationId, GroupId, Mid, Seq, UserId, api};
use tokio::time::Instant;

/// A subscription topic.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Topic {
    /// All events for one user's connections.
    User(UserId),
    /// All events for the connections of a group's members.
    Group(GroupId),
}

/// An event on the bus.
#[derive(Debug)]
pub enum BusEvent {
    /// A message was committed.
    Message(Arc<MessageEvent>),
    /// The user of the topic has read a conversation.
    Read {
        /// Which conversation.
        conversation: ConversationId,
        /// How far, and the unread counts after it.
        mark: ReadMark,
        /// Whether everything up to there counts as delivered too.
        delivered: bool,
    },
    /// The other participant of a direct conversation of the topic's user advanced its cursors.
    /// Best effort: a lost one is replaced by the next list.
    Receipt(Receipt),
    /// The user of the topic changed name or picture. Best effort.
    Profile(api::User),
    /// The topic must be read from the store: events may have been lost, or the user was added to a
    /// conversation that its connections do not know yet.
    Resync,
    /// A login of the user of the topic was ended.
    LoggedOut(SessionHash),
}

impl BusEvent {
    /// Whether it is best effort: a lost one is made up for elsewhere.
    pub const fn is_best_effort(&self) -> bool {
        matches!(self, Self::Receipt(_) | Self::Profile(_))
    }

    /// Whether a connection gets this event. A message does not go to the connection it came on,
    /// which gets the answer to its send; best-effort events go only to connections that know
    /// frames from 8 up (`lists`).
    pub fn concerns(&self, connection: ConnectionId, lists: bool) -> bool {
        match self {
            Self::Message(message) => message.origin != connection,
            Self::Receipt(_) | Self::Profile(_) => lists,
            Self::Read { .. } | Self::Resync | Self::LoggedOut(_) => true,
        }
    }
}

/// A committed message, serialized once for all recipients.
#[derive(Debug)]
pub struct MessageEvent {
    /// In which conversation.
    pub conversation: ConversationId,
    /// Its sequence number.
    pub seq: Seq,
    /// Its id.
    pub mid: Mid,
    /// Who wrote it.
    pub sender: UserId,
    /// The connection it came on.
    pub origin: ConnectionId,
    /// When this node received it; `None` if another node did.
    pub received_at: Option<Instant>,
    /// The JSON for everybody but the sender.
    pub for_others: Arc<str>,
    /// The JSON for the sender's devices, with the `clientMsgId`.
    pub for_sender: Arc<str>,
}

impl MessageEvent {
    /// The JSON for one of `uid`'s connections.
    pub fn json_for(&self, uid: UserId) -> Arc<str> {
        Arc::clone(if uid == self.sender {
            &self.for_sender
        } else {
            &self.for_others
        })
    }
}

/// An event and the topics it is published on.
#[derive(Debug, Clone)]
pub struct Publication {
    /// At least one; no topic twice.
    pub topics: Vec<Topic>,
    /// The event.
    pub event: Arc<BusEvent>,
}

/// What a subscriber receives.
#[derive(Debug)]
pub enum Notice {
    /// Events of subscribed topics (others are harmless), in order.
    Events(Vec<Publication>),
    /// Events may have been lost: read the store.
    Resync,
}
