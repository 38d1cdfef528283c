//! What goes into the store and comes out of it.

use crate::gateway::ConnectionId;
use tidings_shared::{
    ClientMsgId, ConversationId, Direction, Message, Mid, MsgType, Peer, Preview, Seq, UserId,
    limits,
};

/// A message to be appended. Its fields were checked before.
#[derive(Debug, Clone)]
pub struct NewMessage {
    /// The one logged in.
    pub sender: UserId,
    /// To whom.
    pub peer: Peer,
    /// The text.
    pub content: String,
    /// Text or something else.
    pub msg_type: MsgType,
    /// The idempotency key.
    pub client_msg_id: Option<ClientMsgId>,
    /// The connection it came on, which gets an answer in place of a push.
    pub origin: ConnectionId,
    /// When it was taken in, in ms since 1970.
    pub created_at: i64,
}

/// Why a message cannot be appended, now or ever.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refused {
    /// There is no such user or group.
    UnknownRecipient,
}

/// A user's name and picture.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Profile {
    /// Who.
    pub uid: UserId,
    /// The name shown.
    pub name: String,
    /// URL of a picture; empty: none.
    pub avatar: String,
}

/// A message as stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Record {
    /// Its id.
    pub mid: Mid,
    /// Its place.
    pub seq: Seq,
    /// Who wrote it.
    pub sender: UserId,
    /// The sender's key for it.
    pub client_msg_id: Option<ClientMsgId>,
    /// The text.
    pub content: String,
    /// Text or something else.
    pub msg_type: MsgType,
    /// When it was taken in, in ms since 1970.
    pub created_at: i64,
}

/// A message that is in the store now.
#[derive(Debug, Clone)]
pub struct Appended {
    /// In which conversation.
    pub conversation: ConversationId,
    /// The message.
    pub record: Record,
    /// Who wrote it.
    pub sender: Profile,
    /// The other side.
    pub recipient: Profile,
    /// Whether it was stored just now; `false`: the same `clientMsgId` had stored it before.
    pub fresh: bool,
}

impl Appended {
    /// The message as pushed and as answered: its owner is the sender. `clientMsgId` is only for
    /// the sender's own devices.
    pub fn message(&self, for_sender: bool) -> Message {
        message(
            &self.record,
            &self.sender,
            &self.recipient,
            Direction::Sent,
            for_sender,
        )
    }
}

/// A direct conversation as one of its two members sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Thread {
    /// Its id.
    pub conversation: ConversationId,
    /// The member who looks.
    pub me: Profile,
    /// The other side.
    pub other: Profile,
    /// Its last place.
    pub last_seq: Seq,
    /// Up to where `me` has read.
    pub read_seq: Seq,
}

impl Thread {
    /// A message as answered to a query: its owner is who asked.
    pub fn queried(&self, record: &Record) -> Message {
        let own = record.sender == self.me.uid;
        let direction = if own {
            Direction::Sent
        } else {
            Direction::Received
        };
        message(record, &self.me, &self.other, direction, own)
    }

    /// A message as pushed: its owner is the sender.
    pub fn pushed(&self, record: &Record) -> Message {
        if record.sender == self.me.uid {
            message(record, &self.me, &self.other, Direction::Sent, true)
        } else {
            message(record, &self.other, &self.me, Direction::Sent, false)
        }
    }
}

fn message(
    record: &Record,
    owner: &Profile,
    other: &Profile,
    direction: Direction,
    with_client_msg_id: bool,
) -> Message {
    Message {
        mid: record.mid,
        seq: record.seq,
        content: record.content.clone(),
        msg_type: record.msg_type,
        owner_uid: owner.uid,
        peer: Peer::User(other.uid),
        direction,
        create_time: record.created_at,
        owner_uid_avatar: owner.avatar.clone(),
        other_uid_avatar: other.avatar.clone(),
        owner_name: owner.name.clone(),
        other_name: other.name.clone(),
        client_msg_id: record.client_msg_id.clone().filter(|_| with_client_msg_id),
    }
}

/// Which messages of a conversation.
#[derive(Debug, Clone, Copy)]
pub struct Range {
    /// Only after this place; the earliest are chosen first.
    pub after: Option<Seq>,
    /// Only before this place; without `after` the latest are chosen first.
    pub before: Option<Seq>,
    /// Only with an id below this one.
    pub before_mid: Option<Mid>,
    /// At most so many.
    pub limit: u32,
}

/// A position to be moved forward.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Move {
    /// In which conversation.
    pub conversation: ConversationId,
    /// Whose.
    pub uid: UserId,
    /// Read up to here; `Seq(0)`: unchanged.
    pub read: Seq,
    /// Delivered up to here; `Seq(0)`: unchanged.
    pub delivered: Seq,
}

/// Where a page of the list ended: the last conversation's time and id.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ListCursor {
    /// Time of its last message, in ms since 1970.
    pub last_at: i64,
    /// Its id.
    pub conversation: ConversationId,
}

impl ListCursor {
    /// Reads what [`Self::to_text`] wrote; `None` for anything else.
    pub fn parse(text: &str) -> Option<Self> {
        let (last_at, conversation) = text.split_once('-')?;
        Some(Self {
            last_at: last_at.parse().ok()?,
            conversation: ConversationId(conversation.parse().ok()?),
        })
    }

    /// The form clients hand back unread.
    pub fn to_text(self) -> String {
        format!("{}-{}", self.last_at, self.conversation)
    }
}

/// A conversation in a list, with its last message cut short.
#[derive(Debug, Clone)]
pub struct ListRow {
    /// Where the list goes on after it.
    pub cursor: ListCursor,
    /// The other side.
    pub other: Profile,
    /// Its last place.
    pub last_seq: Seq,
    /// Up to where the list's owner has read.
    pub read_seq: Seq,
    /// Messages from others after that.
    pub unread: u64,
    /// Who wrote the last message.
    pub last_sender: UserId,
    /// The beginning of its text.
    pub last_content: String,
    /// Its kind.
    pub last_msg_type: MsgType,
}

impl ListRow {
    /// As it crosses the wire. Control characters become spaces, so that a page of previews stays
    /// within a frame however JSON escapes them.
    pub fn conversation(self) -> tidings_shared::Conversation {
        let mine = self.last_sender != self.other.uid;
        let content = self.last_content.chars().take(limits::PREVIEW_CHARS);
        tidings_shared::Conversation {
            peer: Peer::User(self.other.uid),
            name: self.other.name,
            avatar: self.other.avatar,
            last_seq: self.last_seq,
            read_seq: self.read_seq,
            unread: self.unread,
            last: Preview {
                content: content
                    .map(|c| if c.is_control() { ' ' } else { c })
                    .collect(),
                msg_type: self.last_msg_type,
                direction: if mine {
                    Direction::Sent
                } else {
                    Direction::Received
                },
                create_time: self.cursor.last_at,
            },
        }
    }
}

/// Who logs in, and with what.
#[derive(Clone)]
pub struct Credentials {
    /// Who.
    pub uid: UserId,
    /// PHC string.
    pub password_hash: String,
}

/// What an operator says of a user to be added.
#[derive(Clone, serde::Deserialize)]
pub struct UserDraft {
    /// Any case.
    pub email: String,
    /// The name shown.
    pub username: String,
    /// In the clear.
    pub password: String,
    /// URL of a picture; empty: none.
    #[serde(default)]
    pub avatar: String,
    /// `None`: the next free one.
    #[serde(default)]
    pub uid: Option<UserId>,
}

/// A user to be added. Its fields were checked before.
#[derive(Clone)]
pub struct NewUser {
    /// `None`: the next free one.
    pub uid: Option<UserId>,
    /// Lower case.
    pub email: String,
    /// The name shown.
    pub username: String,
    /// URL of a picture; empty: none.
    pub avatar: String,
    /// PHC string.
    pub password_hash: String,
    /// In ms since 1970.
    pub created_at: i64,
}

/// SHA-256 of a session's token: what the store and the nodes know of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct SessionHash(pub [u8; 32]);

/// A login.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Session {
    /// Of its token.
    pub hash: SessionHash,
    /// Whose.
    pub uid: UserId,
    /// In ms since 1970.
    pub expires_at: i64,
}
