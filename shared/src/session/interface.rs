//! What passes between a session and its driver.

use crate::api::{Presence, User};
use crate::close::CloseCode;
use crate::delivery::{DeliveryCursor, FeedItem, ReadRequest};
use crate::frame::{ConversationList, ReadMark, Receipt, Send, ServerFrame};
use crate::{ConversationId, ErrorCode, GroupId, Peer, Seq, Tid, UserId};
use std::time::Duration;

/// A message as the session's user gets it, ready to be written.
pub trait Payload: Clone {
    /// Its size in bytes of JSON text.
    fn bytes(&self) -> usize;
}

/// A frame for the socket.
#[derive(Debug)]
pub enum Outgoing<P> {
    /// A frame.
    Frame(ServerFrame),
    /// 0: the interval that the device's network allows, after a heartbeat on a connection that had
    /// been idle for so long.
    Heartbeat(Duration),
    /// 1: the connection is bound; the driver fills in the heartbeat interval.
    Bound {
        /// The answer.
        bound: Box<crate::frame::Bound>,
        /// A heartbeat interval that had no answer on the connection before.
        missed: Option<Duration>,
    },
    /// 2: a page of messages, oldest first.
    Page {
        /// The `ref` of the query.
        reference: Option<u64>,
        /// Together they fit into a frame.
        messages: Vec<P>,
    },
    /// 3: a send was committed.
    Sent(P),
    /// 4: a message to be acknowledged.
    Push {
        /// The id to acknowledge.
        tid: Tid,
        /// Whether it was pushed before on this connection.
        dup: bool,
        /// The message.
        message: P,
    },
    /// The close frame; nothing follows.
    Close(CloseCode),
}

/// Something to do for the session.
#[derive(Debug, PartialEq, Eq)]
pub enum Output {
    /// Answer this by [`Session::handle_answer`](super::Session::handle_answer). At most one waits.
    Request(Request),
    /// Store this message and answer by
    /// [`Session::handle_appended`](super::Session::handle_appended), in the order of these outputs.
    /// Its fields were checked.
    Append(Send),
    /// The delivery cursor advanced. It need not be durable at once.
    Delivered {
        /// In which conversation.
        conversation: ConversationId,
        /// Up to and including this one.
        seq: Seq,
        /// Whether the client acknowledged it; else the messages are the user's own, and the other
        /// side is not notified.
        acknowledged: bool,
    },
    /// Only the user's own messages follow the read cursors of these conversations: they may be
    /// marked as read up to there, so that they are not counted again.
    OwnRead(Vec<(ConversationId, Seq)>),
    /// Notify all devices of the user, this one included, that the conversation was read.
    PublishRead {
        /// Which conversation.
        conversation: ConversationId,
        /// How far, and the unread counts after it.
        mark: ReadMark,
        /// Whether everything up to there counts as delivered too.
        delivered: bool,
    },
    /// Watch the presence of these users in place of those before.
    Watch(Vec<UserId>),
    /// Charge so many requests to the user, for work that is done already.
    Charge(u32),
    /// A client that sends heartbeats was silent until the idle timeout.
    HeartbeatMissed,
    /// A bind was answered so long after it arrived.
    BindAnswered(Result<(), ErrorCode>, Duration),
    /// The session ends, by this close code or because the client is gone: it needs no events any
    /// more.
    Ended(Option<CloseCode>),
}

/// A request to the rest of the server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Request {
    /// Wait for a turn to bind: [`Answer::Admitted`].
    Admit,
    /// Subscribe to the user's events: [`Answer::Subscribed`].
    Subscribe {
        /// The client knows frames from 8 up.
        lists: bool,
    },
    /// Subscribe to the events of these groups: [`Answer::Joined`].
    JoinGroups(Vec<GroupId>),
    /// Read the user of the login, if it is still valid: [`Answer::Login`].
    Login,
    /// Read the store's epoch: [`Answer::Epoch`].
    Epoch,
    /// Read the user's cursors in conversations with a higher id, lowest first: [`Answer::Cursors`].
    /// Acknowledgements of this node that are not stored yet are included.
    Cursors {
        /// Only conversations after this one.
        after: ConversationId,
    },
    /// Count the user's unread messages: [`Answer::Unread`].
    Unread,
    /// Read a page of the user's list: [`Answer::List`].
    List {
        /// The `next` of the page before.
        after: Option<String>,
    },
    /// Read messages of a conversation for the client: [`Answer::Query`].
    Query {
        /// The peer of the conversation.
        peer: Peer,
        /// Only messages after this `seq`, the earliest of them.
        after: Option<Seq>,
        /// Only messages before this `seq`; without `after` the latest of them.
        before: Option<Seq>,
        /// The most messages.
        limit: u32,
    },
    /// Read where a conversation stands: [`Answer::Position`].
    Position(Peer),
    /// Advance the user's cursors in a conversation, and count what is unread then:
    /// [`Answer::Advanced`].
    Advance {
        /// Which conversation.
        conversation: ConversationId,
        /// Read up to here.
        read: Seq,
        /// Delivered up to here; `Seq(0)`: unchanged.
        delivered: Seq,
    },
    /// Read a page for the feed: [`Answer::Page`].
    Page(ReadRequest),
}

/// The answer to a [`Request`].
#[derive(Debug)]
pub enum Answer<P> {
    /// Whether the bind may go on; else the server is too busy.
    Admitted(bool),
    /// Whether every event of the user reaches the session from now on; else the user has too many
    /// connections.
    Subscribed(bool),
    /// Whether any of the groups is new: earlier commits then have to be read from the store.
    Joined(bool),
    /// The user; `None`: the login has ended.
    Login(Option<User>),
    /// The epoch.
    Epoch(String),
    /// A page of cursors.
    Cursors {
        /// Lowest conversation id first.
        page: Vec<ConversationCursor>,
        /// Whether there are no more.
        is_last: bool,
    },
    /// The counts.
    Unread(UnreadCounts),
    /// A page of the list; `None`: `after` is not the `next` of a page.
    List(Option<ConversationList>),
    /// The messages, oldest first, and where the conversation stands, if there is one; `None`: no
    /// such peer.
    Query(Option<(Vec<P>, Option<Position>)>),
    /// Where the conversation stands; `None`: there is none, or the user is no member.
    Position(Option<Position>),
    /// Unread messages left in the conversation and in all.
    Advanced {
        /// In the conversation.
        unread: u64,
        /// In all.
        total: u64,
    },
    /// The messages, oldest first.
    Page(Vec<FeedItem<P>>),
}

/// The store cannot be reached, or failed. The driver logs why.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the store is unavailable")]
pub struct StoreUnavailable;

/// A committed send.
#[derive(Debug)]
pub struct AppendedSend<P> {
    /// In which conversation.
    pub conversation: ConversationId,
    /// Its sequence number.
    pub seq: Seq,
    /// The message for its sender.
    pub message: P,
}

/// An event from the rest of the server.
#[derive(Debug)]
pub enum Event<P> {
    /// A message was committed that did not come on this connection.
    Message(FeedItem<P>),
    /// The user has read a conversation.
    Read {
        /// Which conversation.
        conversation: ConversationId,
        /// How far, and the unread counts after it.
        mark: ReadMark,
        /// Whether everything up to there counts as delivered too.
        delivered: bool,
    },
    /// The other side of a direct conversation advanced its cursors. Best effort.
    Receipt(Receipt),
    /// The user changed name or picture. Best effort.
    Profile(User),
    /// The presence of some of the watched users. Best effort.
    Presence(Vec<Presence>),
    /// Events were lost, or the user was added to a group.
    Resync,
    /// The login of this connection has ended.
    LoginEnded,
}

/// Where a conversation stands for the user.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Position {
    /// Its id.
    pub conversation: ConversationId,
    /// Its peer.
    pub peer: Peer,
    /// The `seq` of its last message.
    pub last_seq: Seq,
    /// The user's read cursor.
    pub read_seq: Seq,
}

/// The user's cursors in a conversation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ConversationCursor {
    /// The last and the delivered sequence number.
    pub delivery: DeliveryCursor,
    /// The user's read cursor.
    pub read_seq: Seq,
    /// The group; `None`: a direct conversation.
    pub group: Option<GroupId>,
}

/// Unread counts of a user.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnreadCounts {
    /// Messages from others in all conversations; at most
    /// [`limits::UNREAD_MAX`](crate::limits::UNREAD_MAX) per conversation.
    pub total: u64,
    /// The same in direct conversations only.
    pub direct: u64,
    /// Conversations in which all messages after the read cursor are from the user, and their last
    /// sequence numbers: see [`Output::OwnRead`].
    pub from_self: Vec<(ConversationId, Seq)>,
}
