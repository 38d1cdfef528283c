//! A message and a conversation, as on the wire.

mod body;
mod raw;

pub use body::{Body, GroupEvent};

use crate::{ClientMsgId, Mid, Peer, Seq, UserId};
use raw::{RawConversation, RawMessage, RawPreview};
use serde::{Deserialize, Serialize};

/// The type of a message's content: 1 is text, 1000 to 1999 are messages of the server about a
/// group, and the rest of 1 to 65535 is for programs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct MsgType(pub i64);

impl MsgType {
    /// Plain text.
    pub const TEXT: Self = Self(1);
    /// The sender created the group; the content is the group's name.
    pub const GROUP_CREATED: Self = Self(1000);
    /// The sender added members; the content is their names, truncated.
    pub const MEMBERS_ADDED: Self = Self(1001);

    /// Whether a client may send it.
    pub const fn is_for_clients(self) -> bool {
        matches!(self.0, 1..=999 | 2000..=65_535)
    }
}

impl Default for MsgType {
    fn default() -> Self {
        Self::TEXT
    }
}

/// Whether the user of `ownerUid` sent a message (0 on the wire) or received it (1).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(into = "u8", try_from = "u8")]
pub enum Direction {
    /// 0
    Sent,
    /// 1
    Received,
}

impl From<Direction> for u8 {
    fn from(direction: Direction) -> Self {
        match direction {
            Direction::Sent => 0,
            Direction::Received => 1,
        }
    }
}

impl TryFrom<u8> for Direction {
    type Error = String;

    fn try_from(number: u8) -> Result<Self, String> {
        match number {
            0 => Ok(Self::Sent),
            1 => Ok(Self::Received),
            n => Err(format!("a message's type is 0 or 1, not {n}")),
        }
    }
}

/// A message as one of its readers gets it.
///
/// In a push and in the answer to a send the owner is the sender; in the answer to a query the
/// owner is the user who asked. In a group the owner is always the sender, as no other field names
/// them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", try_from = "RawMessage")]
pub struct Message {
    /// Unique, increasing within the conversation.
    pub mid: Mid,
    /// Its sequence number in the conversation.
    pub seq: Seq,
    /// What it says: `content` and `msgType`.
    #[serde(flatten)]
    pub body: Body,
    /// The owner: see [`Message`].
    pub owner_uid: UserId,
    /// The peer of the owner: `otherUid` or `groupId`.
    #[serde(flatten)]
    pub peer: Peer,
    /// Whether the owner sent or received it.
    #[serde(rename = "type")]
    pub direction: Direction,
    /// When it was committed, in ms since 1970-01-01T00:00Z, by the server's clock.
    pub create_time: i64,
    /// URL of the owner's picture; empty: none.
    pub owner_uid_avatar: String,
    /// URL of the other side's picture; empty: none.
    pub other_uid_avatar: String,
    /// The owner's name.
    pub owner_name: String,
    /// The other side's name.
    pub other_name: String,
    /// Only sent to the devices of the sender.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub client_msg_id: Option<ClientMsgId>,
}

impl Message {
    /// The peer of this message's conversation, and its direction, from the view of `me`.
    pub fn seen_by(&self, me: UserId) -> (Peer, Direction) {
        match self.peer {
            peer if self.owner_uid == me => (peer, self.direction),
            Peer::Group(_) => (self.peer, Direction::Received),
            Peer::User(_) => (Peer::User(self.owner_uid), Direction::Received),
        }
    }
}

/// The last message of a conversation, truncated for a list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", from = "RawPreview")]
pub struct Preview {
    /// The message's id. The list is ordered by it, the greatest first; 0: the server does not send
    /// it.
    pub mid: Mid,
    /// What it says, as [`Body::preview`].
    #[serde(flatten)]
    pub body: Body,
    /// Whether the owner of the list sent or received it.
    #[serde(rename = "type")]
    pub direction: Direction,
    /// In ms since 1970.
    pub create_time: i64,
    /// The sender's name, in a group.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sender_name: Option<String>,
}

/// One row of a user's conversation list (type 8, and the answer to a bind that asks for it).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", try_from = "RawConversation")]
pub struct Conversation {
    /// `otherUid` or `groupId`.
    #[serde(flatten)]
    pub peer: Peer,
    /// The other user's or the group's name.
    pub name: String,
    /// URL of a picture; empty: none.
    pub avatar: String,
    /// The `seq` of its last message.
    pub last_seq: Seq,
    /// The last `seq` that the owner of the list has read.
    pub read_seq: Seq,
    /// Messages after `readSeq` from others.
    pub unread: u64,
    /// In a direct conversation, the last `seq` that the other side acknowledged.
    #[serde(skip_serializing_if = "crate::id::is_default")]
    pub delivered: Seq,
    /// In a direct conversation, the last `seq` that the other side has read.
    #[serde(skip_serializing_if = "crate::id::is_default")]
    pub peer_read: Seq,
    /// The last message, truncated.
    pub last: Preview,
}
