//! What nodes tell each other: hints that something is in the store now.
//!
//! A bus may lose, repeat and reorder; whoever notices reads the store. So nothing that must
//! survive travels here only. Committed first, published after, pushed last.

mod memory;
pub mod redis;

pub use memory::MemoryBus;
pub use redis::RedisBus;

use crate::gateway::ConnectionId;
use crate::metrics::{BusFigures, Histogram};
use crate::store::SessionHash;
use async_trait::async_trait;
use std::sync::Arc;
use tidings_shared::frame::{ReadMark, Receipt};
use tidings_shared::{ConversationId, GroupId, Mid, Seq, UserId, api};
use tokio::time::Instant;

/// Who listens to what.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Topic {
    /// Everything one user's connections are told.
    User(UserId),
    /// Everything the connections of a group's members are told.
    Group(GroupId),
}

/// What happened.
#[derive(Debug)]
pub enum Event {
    /// A message was committed.
    Message(Arc<MessageEvent>),
    /// The user of the topic has read a conversation.
    Read {
        /// Which.
        conversation: ConversationId,
        /// How far, and what is left.
        mark: ReadMark,
        /// Whether everything up to there counts as delivered too.
        delivered: bool,
    },
    /// The other side of one of the topic's user's conversations has got further. A hint and no
    /// more: whoever misses it is told by the next list.
    Receipt(Receipt),
    /// The user of the topic has another name or picture now. A hint and no more.
    Profile(api::User),
    /// Something of the topic is to be read from the store: events may have been lost, or the user
    /// is a member of a conversation that its connections do not know yet.
    Gap,
    /// A login of the user of the topic was ended.
    LoggedOut(SessionHash),
}

impl Event {
    /// Whether it may be lost: whoever misses it is told elsewhere.
    pub const fn is_hint(&self) -> bool {
        matches!(self, Self::Receipt(_) | Self::Profile(_))
    }

    /// Whether a connection is to be told: not of a message that came on it, for it has the answer
    /// to its send; and of hints only if it knows frames from 8 up.
    pub fn concerns(&self, connection: ConnectionId, lists: bool) -> bool {
        match self {
            Self::Message(message) => message.origin != connection,
            Self::Receipt(_) | Self::Profile(_) => lists,
            Self::Read { .. } | Self::Gap | Self::LoggedOut(_) => true,
        }
    }
}

/// A committed message, written as JSON once for all who get it.
#[derive(Debug)]
pub struct MessageEvent {
    /// In which conversation.
    pub conversation: ConversationId,
    /// Its place.
    pub seq: Seq,
    /// Its id.
    pub mid: Mid,
    /// Who wrote it.
    pub sender: UserId,
    /// The connection it came on.
    pub origin: ConnectionId,
    /// When this node took it in; `None` if another did.
    pub taken_at: Option<Instant>,
    /// The message as everybody but its sender gets it.
    pub for_others: Arc<str>,
    /// The message with its `clientMsgId`.
    pub for_sender: Arc<str>,
}

impl MessageEvent {
    /// The JSON text for one of `uid`'s connections.
    pub fn json_for(&self, uid: UserId) -> Arc<str> {
        Arc::clone(if uid == self.sender {
            &self.for_sender
        } else {
            &self.for_others
        })
    }
}

/// An event and whom it concerns.
#[derive(Debug, Clone)]
pub struct Publication {
    /// At least one; no topic twice.
    pub topics: Vec<Topic>,
    /// The event.
    pub event: Arc<Event>,
}

/// What a subscriber gets.
#[derive(Debug)]
pub enum Notice {
    /// Events of topics this node subscribed to (or, harmlessly, others), in their order.
    Events(Vec<Publication>),
    /// Events may have been lost: read the store.
    Gap,
}

/// A bus.
#[async_trait]
pub trait Bus: Send + Sync + 'static {
    /// Publishes in this order, waiting for room but for nobody's socket. It cannot fail: what a
    /// bus could not take it turns into a [`Notice::Gap`] for those who missed it.
    async fn publish(&self, publications: Vec<Publication>);

    /// Returns when events of these topics published from now on will arrive here, or at once when
    /// the bus is cut off: a [`Notice::Gap`] follows when it is back. Subscribing twice is once.
    async fn subscribe(&self, topics: &[Topic]);

    /// Events of the topic need not arrive here any more. Does not wait.
    fn unsubscribe(&self, topic: Topic);

    /// Whether events flow.
    async fn is_connected(&self) -> bool;

    /// This node ends: the others need not wonder what became of it.
    async fn retire(&self);

    /// What it did since the start of the process.
    fn figures(&self) -> BusFigures;

    /// How long events of other nodes were on their way.
    fn lag(&self) -> Histogram;
}
