//! A message as the page shows it.

use super::content::Content;
use super::directory::ReceiptState;
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

/// The delivery state of a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BubbleState {
    /// The server stored it.
    Sent,
    /// A device of the peer received it.
    Delivered,
    /// The peer has read it.
    Read,
    /// Not yet answered by the server.
    Pending,
    /// Pending, and lost if the page is closed, because the browser did not store it.
    Unsaved,
    /// Refused for good.
    Failed(ErrorCode),
}

/// A message as the page shows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bubble {
    /// Stays the same when a pending message becomes a sent one.
    pub key: Rc<str>,
    /// The id, once the server gave it one.
    pub mid: Option<Mid>,
    /// The sequence number, once the server gave it one.
    pub seq: Option<Seq>,
    /// The id in the outbox of a message that is not sent.
    pub unsent: Option<ClientMsgId>,
    /// The text.
    pub text: Rc<str>,
    /// The kind of content.
    pub content: Content,
    /// Whether the person sent it.
    pub direction: Direction,
    /// Who sent it, in a group, unless it was the person.
    pub sender: Option<Sender>,
    /// The delivery state.
    pub state: BubbleState,
    /// In ms since 1970.
    pub time: i64,
    /// The first bubble of a group.
    pub first: bool,
    /// The last bubble of a group.
    pub last: bool,
}

impl Bubble {
    /// Who sent it, in a group conversation; `None`: the person themselves, or any direct
    /// conversation.
    pub(super) fn writer(&self) -> Option<UserId> {
        self.sender.as_ref().map(|sender| sender.uid)
    }

    /// Raises the state of a sent message to what the peer's receipts cover.
    pub(super) fn apply_receipts(&mut self, receipt_state: ReceiptState) {
        if let (Direction::Sent, BubbleState::Sent, Some(seq)) =
            (self.direction, self.state, self.seq)
        {
            self.state = match () {
                () if seq <= receipt_state.read => BubbleState::Read,
                () if seq <= receipt_state.delivered => BubbleState::Delivered,
                () => BubbleState::Sent,
            };
        }
    }

    /// Whether it is shown as an event line and not as a bubble.
    pub(super) const fn is_event(&self) -> bool {
        matches!(self.content, Content::Event(_))
    }
}

impl From<&Message> for Bubble {
    fn from(message: &Message) -> Self {
        let in_group = matches!(message.peer, Peer::Group(_));
        let from_other = in_group && message.direction == Direction::Received;
        // The direction is the person's view by now, whatever `type` was on the wire (see
        // `Chat::handle_message` and `Chat::handle_page`).
        let key = match &message.client_msg_id {
            Some(id) if message.direction == Direction::Sent => id.0.as_str().into(),
            _ => format!("m{}", message.mid).into(),
        };
        Self {
            key,
            mid: Some(message.mid),
            seq: Some(message.seq),
            unsent: None,
            text: message.body.content().as_str().into(),
            content: (&message.body).into(),
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
