//! Messages and conversations in the store's interface.

use crate::domain::ConnectionId;
use crate::domain::{MessageEvent, Topic};
use std::sync::Arc;
use tidings_shared::{
    Body, ClientMsgId, ConversationId, Direction, Message, Mid, Peer, Seq, UserId,
};
use tokio::time::Instant;

/// Typical bytes of a message's JSON besides its text.
const JSON_OVERHEAD: usize = 400;

/// A message to be appended. Its fields were validated before.
#[derive(Debug, Clone)]
pub struct NewMessage {
    /// The logged-in user.
    pub sender: UserId,
    /// The recipient.
    pub peer: Peer,
    /// What it says.
    pub body: Body,
    /// The idempotency key.
    pub client_msg_id: Option<ClientMsgId>,
    /// The connection it came on, which gets an answer instead of a push.
    pub origin: ConnectionId,
    /// When it was received, in ms since 1970.
    pub created_at: i64,
}

/// Why a message cannot be appended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refused {
    /// The user does not exist, or the sender is not a member of such a group.
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

/// The other participant of a conversation, or the group.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PeerProfile {
    /// Its address.
    pub peer: Peer,
    /// The name shown.
    pub name: String,
    /// URL of a picture; empty: none.
    pub avatar: String,
}

impl From<Profile> for PeerProfile {
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
    /// Its sequence number.
    pub seq: Seq,
    /// Who wrote it.
    pub sender: Profile,
    /// The sender's idempotency key.
    pub client_msg_id: Option<ClientMsgId>,
    /// What it says.
    pub body: Body,
    /// When it was received, in ms since 1970.
    pub created_at: i64,
}

/// A stored message.
#[derive(Debug, Clone)]
pub struct Appended {
    /// In which conversation.
    pub conversation: ConversationId,
    /// The message.
    pub record: Record,
    /// The recipient.
    pub recipient: PeerProfile,
    /// Whether it was stored now; `false`: a duplicate of a message stored before.
    pub fresh: bool,
}

impl Appended {
    /// The message as pushed and as answered: its owner is the sender. Only the sender's devices
    /// get the `clientMsgId`.
    pub fn message(&self, for_sender: bool) -> Message {
        sent(&self.record, &self.recipient, for_sender)
    }

    /// The bus event of this message. `origin` is the connection it came on, if any.
    #[expect(
        clippy::missing_panics_doc,
        reason = "a struct of numbers and strings serializes"
    )]
    pub fn event(self, origin: ConnectionId, received_at: Option<Instant>) -> Arc<MessageEvent> {
        let Self {
            conversation,
            record,
            recipient,
            ..
        } = self;
        // Like [`Self::message`], without copying the texts: this runs for every message.
        let message = Message {
            mid: record.mid,
            seq: record.seq,
            body: record.body,
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
        let mut json = Vec::with_capacity(message.body.content().len() + JSON_OVERHEAD);
        let text =
            |json: &[u8]| -> Arc<str> { std::str::from_utf8(json).expect("JSON is UTF-8").into() };
        serde_json::to_writer(&mut json, &message)
            .expect("plain structs with string keys always serialize");
        let for_others = text(&json);
        // The key is the last field, so the same text is extended.
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
            received_at,
            for_others,
            for_sender,
        })
    }

    /// The topics to publish on: the group, or the two users.
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
    /// The viewing member.
    pub me: Profile,
    /// The other side.
    pub other: PeerProfile,
    /// Its last sequence number.
    pub last_seq: Seq,
    /// `me`'s read cursor.
    pub read_seq: Seq,
}

impl Thread {
    /// A message as answered to a query: its owner is the viewer, or in a group its sender.
    pub fn queried(&self, record: &Record) -> Message {
        let from_self = record.sender.uid == self.me.uid;
        if from_self || matches!(self.other.peer, Peer::Group(_)) {
            return sent(record, &self.other, from_self);
        }
        message(record, &self.me, &self.other, Direction::Received, false)
    }

    /// A message as pushed: its owner is the sender.
    pub fn pushed(&self, record: &Record) -> Message {
        let from_self = record.sender.uid == self.me.uid;
        if from_self || matches!(self.other.peer, Peer::Group(_)) {
            return sent(record, &self.other, from_self);
        }
        sent(record, &self.me.clone().into(), false)
    }
}

/// A message owned by its sender.
fn sent(record: &Record, recipient: &PeerProfile, with_client_msg_id: bool) -> Message {
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
    other: &PeerProfile,
    direction: Direction,
    with_client_msg_id: bool,
) -> Message {
    Message {
        mid: record.mid,
        seq: record.seq,
        body: record.body.clone(),
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

/// A range of messages in a conversation.
#[derive(Debug, Clone, Copy)]
pub struct Range {
    /// Only after this sequence number; the earliest first.
    pub after: Option<Seq>,
    /// Only before this sequence number; without `after` the latest first.
    pub before: Option<Seq>,
    /// Only with an id below this one.
    pub before_mid: Option<Mid>,
    /// Maximum number.
    pub limit: u32,
}

/// An advance of a user's cursors in a conversation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AdvanceCursor {
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
    fn only_the_sender_gets_the_client_msg_id() {
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
                body: Body::Text("text".into()),
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
