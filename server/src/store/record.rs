//! What goes into the store and comes out of it.

use crate::bus::{MessageEvent, Topic};
use crate::gateway::ConnectionId;
use std::sync::Arc;
use tidings_shared::delivery::Position;
use tidings_shared::{
    ClientMsgId, ConversationId, Direction, GroupId, Message, Mid, MsgType, Peer, Seq, UserId,
};
use tokio::time::Instant;

/// Bytes of JSON that a message takes beside its text, mostly.
const FIELDS: usize = 400;

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
    /// There is no such user, or no such group that the sender is a member of.
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

/// The other side of a conversation: a user, or the group itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Party {
    /// How it is addressed.
    pub peer: Peer,
    /// The name shown.
    pub name: String,
    /// URL of a picture; empty: none.
    pub avatar: String,
}

impl From<Profile> for Party {
    fn from(profile: Profile) -> Self {
        Self {
            peer: Peer::User(profile.uid),
            name: profile.name,
            avatar: profile.avatar,
        }
    }
}

/// A message as stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Record {
    /// Its id.
    pub mid: Mid,
    /// Its place.
    pub seq: Seq,
    /// Who wrote it.
    pub sender: Profile,
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
    /// To whom.
    pub recipient: Party,
    /// Whether it was stored just now; `false`: the same `clientMsgId` had stored it before.
    pub fresh: bool,
}

impl Appended {
    /// The message as pushed and as answered: its owner is the sender. `clientMsgId` is only for
    /// the sender's own devices.
    pub fn message(&self, for_sender: bool) -> Message {
        sent(&self.record, &self.recipient, for_sender)
    }

    /// What those connections are told. `origin` is the connection it came on, if it came on one.
    #[expect(
        clippy::missing_panics_doc,
        reason = "a struct of numbers and strings serializes"
    )]
    pub fn event(self, origin: ConnectionId, taken_at: Option<Instant>) -> Arc<MessageEvent> {
        let Self {
            conversation,
            record,
            recipient,
            ..
        } = self;
        // As [`Self::message`] has it, without a copy of its texts: this is once for every message.
        let message = Message {
            mid: record.mid,
            seq: record.seq,
            content: record.content,
            msg_type: record.msg_type,
            owner_uid: record.sender.uid,
            peer: recipient.peer,
            direction: Direction::Sent,
            create_time: record.created_at,
            owner_uid_avatar: record.sender.avatar,
            other_uid_avatar: recipient.avatar,
            owner_name: record.sender.name,
            other_name: recipient.name,
            client_msg_id: None,
        };
        let mut json = Vec::with_capacity(message.content.len() + FIELDS);
        let text =
            |json: &[u8]| -> Arc<str> { std::str::from_utf8(json).expect("JSON is UTF-8").into() };
        serde_json::to_writer(&mut json, &message)
            .expect("plain structs with string keys always serialize");
        let for_others = text(&json);
        // The key is the last field: the same text again but for its end.
        let for_sender = record.client_msg_id.map(|key| {
            json.pop();
            json.extend_from_slice(b",\"clientMsgId\":");
            serde_json::to_writer(&mut json, &key).expect("a string always serializes");
            json.push(b'}');
            text(&json)
        });
        let for_sender = for_sender.unwrap_or_else(|| Arc::clone(&for_others));
        Arc::new(MessageEvent {
            conversation,
            seq: message.seq,
            mid: message.mid,
            sender: message.owner_uid,
            origin,
            taken_at,
            for_others,
            for_sender,
        })
    }

    /// Whose connections are to hear of it: a group's all at once, or those of two users.
    pub fn topics(&self) -> Vec<Topic> {
        match self.recipient.peer {
            Peer::User(recipient) => {
                vec![Topic::User(self.record.sender.uid), Topic::User(recipient)]
            }
            Peer::Group(group) => vec![Topic::Group(group)],
        }
    }
}

/// A conversation as one of its members sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Thread {
    /// Its id.
    pub conversation: ConversationId,
    /// The member who looks.
    pub me: Profile,
    /// The other side.
    pub other: Party,
    /// Its last place.
    pub last_seq: Seq,
    /// Up to where `me` has read.
    pub read_seq: Seq,
}

impl Thread {
    /// A message as answered to a query: its owner is who asked, or in a group its sender.
    pub fn queried(&self, record: &Record) -> Message {
        let own = record.sender.uid == self.me.uid;
        if own || matches!(self.other.peer, Peer::Group(_)) {
            return sent(record, &self.other, own);
        }
        message(record, &self.me, &self.other, Direction::Received, false)
    }

    /// A message as pushed: its owner is the sender.
    pub fn pushed(&self, record: &Record) -> Message {
        let own = record.sender.uid == self.me.uid;
        if own || matches!(self.other.peer, Peer::Group(_)) {
            return sent(record, &self.other, own);
        }
        sent(record, &self.me.clone().into(), false)
    }
}

/// A message as its sender owns it.
fn sent(record: &Record, recipient: &Party, with_client_msg_id: bool) -> Message {
    message(
        record,
        &record.sender,
        recipient,
        Direction::Sent,
        with_client_msg_id,
    )
}

fn message(
    record: &Record,
    owner: &Profile,
    other: &Party,
    direction: Direction,
    with_client_msg_id: bool,
) -> Message {
    Message {
        mid: record.mid,
        seq: record.seq,
        content: record.content.clone(),
        msg_type: record.msg_type,
        owner_uid: owner.uid,
        peer: other.peer,
        direction,
        create_time: record.created_at,
        owner_uid_avatar: owner.avatar.clone(),
        other_uid_avatar: other.avatar.clone(),
        owner_name: owner.name.clone(),
        other_name: other.name.clone(),
        client_msg_id: record.client_msg_id.clone().filter(|_| with_client_msg_id),
    }
}

/// A conversation of a user, as a connection's feed has to know it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Standing {
    /// How far it goes and how far it was delivered.
    pub position: Position,
    /// How far the user has read.
    pub read_seq: Seq,
    /// Whether it is a group, and which.
    pub group: Option<GroupId>,
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

/// What a user has not read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unread {
    /// Messages from others, in all conversations; of each at most
    /// [`limits::UNREAD_MAX`](tidings_shared::limits::UNREAD_MAX).
    pub total: u64,
    /// The same in direct conversations only.
    pub direct: u64,
    /// Conversations in which the user itself wrote all that comes after the read position, and their
    /// last places. Whoever only writes, and never reads, would have ever more to be looked through:
    /// see [`Positions::wrote`](super::Positions::wrote).
    pub own: Vec<(ConversationId, Seq)>,
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_sender_is_told_its_key() {
        let profile = |uid, name: &str| Profile {
            uid: UserId(uid),
            name: name.into(),
            avatar: String::new(),
        };
        let mut appended = Appended {
            conversation: ConversationId(1),
            record: Record {
                mid: Mid(7),
                seq: Seq(3),
                sender: profile(1, "A"),
                client_msg_id: Some(ClientMsgId("\"}\\ö".into())),
                content: "text".into(),
                msg_type: MsgType::TEXT,
                created_at: 9,
            },
            recipient: profile(2, "B").into(),
            fresh: true,
        };
        let json = |message| serde_json::to_string(&message).expect("it serializes");
        let event = appended.clone().event(ConnectionId(0), None);
        assert_eq!(*event.for_sender, json(appended.message(true)));
        assert_eq!(*event.for_others, json(appended.message(false)));
        appended.record.client_msg_id = None;
        let event = appended.clone().event(ConnectionId(0), None);
        assert_eq!(event.for_sender, event.for_others);
        assert_eq!(*event.for_others, json(appended.message(true)));
    }
}
