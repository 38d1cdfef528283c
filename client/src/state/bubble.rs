//! A message as it is shown.

use super::content::Content;
use super::directory::Reach;
use super::names::name_of;
use std::rc::Rc;
use tidings_shared::outbox::Pending;
use tidings_shared::{ClientMsgId, Direction, ErrorCode, Message, Mid, Peer, Seq, UserId};

/// Who wrote a message of a group.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sender {
    /// Who.
    pub uid: UserId,
    /// Their name.
    pub name: Rc<str>,
    /// URL of their picture; empty: none.
    pub avatar: Rc<str>,
}

/// How far a message is on its way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BubbleState {
    /// The server has it.
    Sent,
    /// A device of the other side has it.
    Delivered,
    /// The other side has read it.
    Read,
    /// Not answered yet.
    Pending,
    /// The same, and lost if the page is closed.
    Unkept,
    /// Refused for good.
    Failed(ErrorCode),
}

/// A message as it is shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bubble {
    /// Stays the same when a pending message becomes a sent one.
    pub key: Rc<str>,
    /// The id, once the server gave it one.
    pub mid: Option<Mid>,
    /// The place, once the server gave it one.
    pub seq: Option<Seq>,
    /// The id in the outbox of a message that is not sent.
    pub unsent: Option<ClientMsgId>,
    /// The text.
    pub text: Rc<str>,
    /// What the text is.
    pub content: Content,
    /// Whether the person sent it.
    pub direction: Direction,
    /// Who sent it, in a group, unless it was the person.
    pub sender: Option<Sender>,
    /// How far it is.
    pub state: BubbleState,
    /// In ms since 1970.
    pub time: i64,
    /// The first of a group.
    pub first: bool,
    /// The last of a group.
    pub last: bool,
}

impl Bubble {
    /// Who sent it, in a group; `None`: the person, or the other of two.
    pub(super) fn writer(&self) -> Option<UserId> {
        self.sender.as_ref().map(|sender| sender.uid)
    }

    /// Says how far a message of the person is, where the other side has got so far.
    pub(super) fn reached(&mut self, reach: Reach) {
        if let (Direction::Sent, BubbleState::Sent, Some(seq)) =
            (self.direction, self.state, self.seq)
        {
            self.state = match () {
                () if seq <= reach.read => BubbleState::Read,
                () if seq <= reach.delivered => BubbleState::Delivered,
                () => BubbleState::Sent,
            };
        }
    }

    /// Whether it is a line of the thread in place of a bubble.
    pub(super) const fn is_event(&self) -> bool {
        matches!(self.content, Content::Event(_))
    }
}

impl From<&Message> for Bubble {
    fn from(message: &Message) -> Self {
        let in_group = matches!(message.peer, Peer::Group(_));
        let from_other = in_group && message.direction == Direction::Received;
        // Whatever its `type` said on the wire, in the timeline a message is seen by the person
        // already (see `Chat::take` and `Chat::page`).
        let key = match &message.client_msg_id {
            Some(id) if message.direction == Direction::Sent => id.0.as_str().into(),
            _ => format!("m{}", message.mid).into(),
        };
        Self {
            key,
            mid: Some(message.mid),
            seq: Some(message.seq),
            unsent: None,
            text: message.content.as_str().into(),
            content: message.msg_type.into(),
            direction: message.direction,
            sender: from_other.then(|| Sender {
                uid: message.owner_uid,
                name: name_of(Peer::User(message.owner_uid), &message.owner_name),
                avatar: message.owner_uid_avatar.as_str().into(),
            }),
            state: BubbleState::Sent,
            time: message.create_time,
            first: true,
            last: true,
        }
    }
}

impl From<&Pending> for Bubble {
    fn from(pending: &Pending) -> Self {
        Self {
            key: pending.client_msg_id.0.as_str().into(),
            mid: None,
            seq: None,
            unsent: Some(pending.client_msg_id.clone()),
            text: pending.content.as_str().into(),
            content: Content::Text,
            direction: Direction::Sent,
            sender: None,
            state: pending
                .failed
                .map_or(BubbleState::Pending, BubbleState::Failed),
            time: pending.written_at,
            first: true,
            last: true,
        }
    }
}
