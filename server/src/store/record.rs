//! What goes into the store and comes out of it.

use crate::bus::{MessageEvent, Topic};
use crate::gateway::ConnectionId;
use std::sync::Arc;
use tidings_shared::delivery::Position;
use tidings_shared::{
    ClientMsgId, ConversationId, Direction, GroupId, Message, Mid, MsgType, Peer, Preview, Seq,
    UserId, api, limits,
};
use tokio::time::Instant;

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
    pub fn event(&self, origin: ConnectionId, taken_at: Option<Instant>) -> Arc<MessageEvent> {
        let mut message = self.message(true);
        let key = message.client_msg_id.take();
        let json = serde_json::to_string(&message)
            .expect("plain structs with string keys always serialize");
        // The key is the last field: the same text again but for its end.
        let for_sender = key.map(|ClientMsgId(key)| -> Arc<str> {
            let key = serde_json::Value::from(key);
            format!("{},\"clientMsgId\":{key}}}", &json[..json.len() - 1]).into()
        });
        let for_others: Arc<str> = json.into();
        let for_sender = for_sender.unwrap_or_else(|| Arc::clone(&for_others));
        Arc::new(MessageEvent {
            conversation: self.conversation,
            seq: self.record.seq,
            mid: self.record.mid,
            sender: self.record.sender.uid,
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
    pub other: Party,
    /// Its last place.
    pub last_seq: Seq,
    /// Up to where the list's owner has read.
    pub read_seq: Seq,
    /// Messages from others after that.
    pub unread: u64,
    /// Who wrote the last message.
    pub last_sender: Profile,
    /// The beginning of its text.
    pub last_content: String,
    /// Its kind.
    pub last_msg_type: MsgType,
}

impl ListRow {
    /// As it crosses the wire to `me`, whose list it is. Control characters become spaces, so that a
    /// page of previews stays within a frame however JSON escapes them.
    pub fn conversation(self, me: UserId) -> tidings_shared::Conversation {
        let mine = self.last_sender.uid == me;
        let in_group = matches!(self.other.peer, Peer::Group(_));
        let content = self.last_content.chars().take(limits::PREVIEW_CHARS);
        tidings_shared::Conversation {
            peer: self.other.peer,
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
                sender_name: in_group.then_some(self.last_sender.name),
            },
        }
    }
}

/// A group to be made. Its fields were checked before.
#[derive(Debug, Clone)]
pub struct NewGroup {
    /// Who makes it; always a member.
    pub owner: UserId,
    /// The name shown.
    pub name: String,
    /// The other members; no uid twice, and not the owner's.
    pub members: Vec<UserId>,
    /// In ms since 1970.
    pub created_at: i64,
}

/// Members to be added to a group.
#[derive(Debug, Clone)]
pub struct NewMembers {
    /// Which group.
    pub group: GroupId,
    /// Who adds them: must be its owner.
    pub by: UserId,
    /// Who; no uid twice. Those who are members already stay so.
    pub uids: Vec<UserId>,
    /// In ms since 1970.
    pub added_at: i64,
}

/// Why a group stays as it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum GroupRefusal {
    /// There is no such group, or the asker is no member of it.
    #[error("there is no such group")]
    NoGroup,
    /// Only its owner may do that.
    #[error("only the group's owner may do that")]
    NotOwner,
    /// A uid names nobody.
    #[error("there is no user {0}")]
    NoUser(UserId),
    /// It would have too many members.
    #[error("a group has at most {} members", limits::GROUP_MEMBERS)]
    Full,
}

/// A group that was made or has new members.
#[derive(Debug, Clone)]
pub struct GroupChange {
    /// The group as it is now.
    pub group: api::Group,
    /// Who is a member now and was not before.
    pub added: Vec<UserId>,
    /// The message about it, committed with it; `None`: nobody was added.
    pub message: Option<Appended>,
}

/// The content of the message about added members: their names, the first few of them.
pub(super) fn names_listed(names: &[String]) -> String {
    let mut text = names
        .iter()
        .take(limits::NAMES_LISTED)
        .map(String::as_str)
        .collect::<Vec<_>>()
        .join(", ");
    if names.len() > limits::NAMES_LISTED {
        text.push_str(", …");
    }
    text
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
        let event = appended.event(ConnectionId(0), None);
        assert_eq!(*event.for_sender, json(appended.message(true)));
        assert_eq!(*event.for_others, json(appended.message(false)));
        appended.record.client_msg_id = None;
        let event = appended.event(ConnectionId(0), None);
        assert_eq!(event.for_sender, event.for_others);
        assert_eq!(*event.for_others, json(appended.message(true)));
    }
}
