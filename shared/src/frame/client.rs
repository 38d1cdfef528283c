//! The data of the frames from a client to a server.

use super::number;
use crate::{Body, ClientMsgId, GroupId, MsgType, Peer, Seq, Tid, UserId};
use serde::{Deserialize, Serialize};

/// 0: a heartbeat, with the interval in use.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Heartbeat {
    /// The user of this connection.
    #[serde(deserialize_with = "number::required")]
    pub uid: UserId,
    /// The interval in use, in ms.
    #[serde(default, deserialize_with = "number::required")]
    pub timeout: u64,
}

/// 1: bind this connection to a user, who must be the one logged in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Bind {
    /// The user logged in.
    #[serde(deserialize_with = "number::required")]
    pub uid: UserId,
    /// Ask for the list of conversations in the answer, instead of pushes of all unacknowledged
    /// messages.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub conversations: bool,
    /// Push messages of groups too, and those that the user sends from other connections. Implied
    /// by `conversations`; the legacy (v0) protocol has neither.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub all: bool,
    /// The last connection was lost because a heartbeat after this interval, in ms, had no answer.
    #[serde(
        default,
        deserialize_with = "number::optional",
        skip_serializing_if = "Option::is_none"
    )]
    pub missed: Option<u64>,
    /// The bearer token, for a page of another site that the operator allowed, where browsers send
    /// no cookie. Used only if the handshake carried no login.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub token: Option<Secret>,
}

/// A text that `Debug` hides, so that no log shows it.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Secret(pub String);

impl std::fmt::Debug for Secret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("…")
    }
}

impl Bind {
    /// Whether this is the form of the legacy (v0) protocol, which gets only direct messages from
    /// other users pushed.
    pub const fn is_plain(&self) -> bool {
        !self.conversations && !self.all
    }
}

/// 2: ask for messages of a conversation.
///
/// Without `beforeSeq`, `afterSeq` and `limit` (the legacy v0 form) the answer is the latest page,
/// and the conversation counts as read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(into = "RawQuery", try_from = "RawQuery")]
pub struct Query {
    /// The user logged in, who asks.
    pub owner_uid: UserId,
    /// The peer of the conversation.
    pub peer: Peer,
    /// Only messages before this `seq`; the page holds the latest of them.
    pub before_seq: Option<Seq>,
    /// Only messages after this `seq`; the page holds the earliest of them.
    pub after_seq: Option<Seq>,
    /// The most messages of the page; bounded by [`PAGE_MAX`](crate::limits::PAGE_MAX).
    pub limit: Option<u32>,
    /// Echoed in the answer, to match it to this query.
    pub reference: Option<u64>,
}

impl Query {
    /// Whether this is the legacy (v0) form, which marks the conversation as read.
    pub const fn is_plain(&self) -> bool {
        self.before_seq.is_none() && self.after_seq.is_none() && self.limit.is_none()
    }
}

/// 3: send a message.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(into = "RawSend", try_from = "RawSend")]
pub struct Send {
    /// The user logged in.
    pub sender_uid: UserId,
    /// The recipient.
    pub peer: Peer,
    /// What it says: `content` and `msgType`.
    pub body: Body,
    /// The idempotency key: a send with the same key returns the same message, stored once.
    pub client_msg_id: Option<ClientMsgId>,
}

/// 5: ask for the total of unread messages.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Unread {
    /// The user logged in.
    #[serde(deserialize_with = "number::required")]
    pub uid: UserId,
}

/// 6: acknowledge a push.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ack {
    /// The id of the push.
    #[serde(deserialize_with = "number::required")]
    pub tid: Tid,
    /// Acknowledge all pushes before it too.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub cumulative: bool,
}

/// 8: ask for a page of the conversation list, newest first.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ListConversations {
    /// The `next` of the page before; absent: the first page.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub after: Option<String>,
}

/// 9: mark everything up to `seq` as read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(into = "RawRead", try_from = "RawRead")]
pub struct Read {
    /// The peer of the conversation.
    pub peer: Peer,
    /// The last `seq` that was read.
    pub seq: Seq,
}

/// 11: subscribe to the presence of these users. It replaces the previous subscription.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Watch {
    /// The users, at most [`WATCHED_MAX`](crate::limits::WATCHED_MAX).
    pub uids: Vec<UserId>,
}

const fn user(peer: Peer) -> Option<UserId> {
    match peer {
        Peer::User(uid) => Some(uid),
        Peer::Group(_) => None,
    }
}

const fn group(peer: Peer) -> Option<GroupId> {
    match peer {
        Peer::User(_) => None,
        Peer::Group(id) => Some(id),
    }
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct RawQuery {
    #[serde(deserialize_with = "number::required")]
    owner_uid: UserId,
    #[serde(
        default,
        deserialize_with = "number::optional",
        skip_serializing_if = "Option::is_none"
    )]
    other_uid: Option<UserId>,
    #[serde(
        default,
        deserialize_with = "number::optional",
        skip_serializing_if = "Option::is_none"
    )]
    group_id: Option<GroupId>,
    #[serde(
        default,
        deserialize_with = "number::optional",
        skip_serializing_if = "Option::is_none"
    )]
    before_seq: Option<Seq>,
    #[serde(
        default,
        deserialize_with = "number::optional",
        skip_serializing_if = "Option::is_none"
    )]
    after_seq: Option<Seq>,
    #[serde(
        default,
        deserialize_with = "number::optional",
        skip_serializing_if = "Option::is_none"
    )]
    limit: Option<u32>,
    #[serde(
        default,
        rename = "ref",
        deserialize_with = "number::optional",
        skip_serializing_if = "Option::is_none"
    )]
    reference: Option<u64>,
}

impl TryFrom<RawQuery> for Query {
    type Error = String;

    fn try_from(raw: RawQuery) -> Result<Self, String> {
        if raw.before_seq.is_some() && raw.after_seq.is_some() {
            return Err("takes beforeSeq or afterSeq, not both".into());
        }
        Ok(Self {
            owner_uid: raw.owner_uid,
            peer: Peer::of_fields(raw.other_uid, raw.group_id, "otherUid")?,
            before_seq: raw.before_seq,
            after_seq: raw.after_seq,
            limit: raw.limit,
            reference: raw.reference,
        })
    }
}

impl From<Query> for RawQuery {
    fn from(query: Query) -> Self {
        Self {
            owner_uid: query.owner_uid,
            other_uid: user(query.peer),
            group_id: group(query.peer),
            before_seq: query.before_seq,
            after_seq: query.after_seq,
            limit: query.limit,
            reference: query.reference,
        }
    }
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct RawSend {
    #[serde(deserialize_with = "number::required")]
    sender_uid: UserId,
    #[serde(
        default,
        deserialize_with = "number::optional",
        skip_serializing_if = "Option::is_none"
    )]
    recipient_uid: Option<UserId>,
    #[serde(
        default,
        deserialize_with = "number::optional",
        skip_serializing_if = "Option::is_none"
    )]
    group_id: Option<GroupId>,
    content: String,
    #[serde(default, deserialize_with = "number::required")]
    msg_type: MsgType,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    client_msg_id: Option<ClientMsgId>,
}

impl TryFrom<RawSend> for Send {
    type Error = String;

    fn try_from(raw: RawSend) -> Result<Self, String> {
        Ok(Self {
            sender_uid: raw.sender_uid,
            peer: Peer::of_fields(raw.recipient_uid, raw.group_id, "recipientUid")?,
            body: match raw.msg_type {
                MsgType(0) => Body::Text(raw.content),
                msg_type => Body::new(msg_type, raw.content),
            },
            client_msg_id: raw.client_msg_id,
        })
    }
}

impl From<Send> for RawSend {
    fn from(send: Send) -> Self {
        Self {
            sender_uid: send.sender_uid,
            recipient_uid: user(send.peer),
            group_id: group(send.peer),
            msg_type: send.body.msg_type(),
            content: send.body.into_content(),
            client_msg_id: send.client_msg_id,
        }
    }
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct RawRead {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    other_uid: Option<UserId>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    group_id: Option<GroupId>,
    seq: Seq,
}

impl TryFrom<RawRead> for Read {
    type Error = String;

    fn try_from(raw: RawRead) -> Result<Self, String> {
        Ok(Self {
            peer: Peer::of_fields(raw.other_uid, raw.group_id, "otherUid")?,
            seq: raw.seq,
        })
    }
}

impl From<Read> for RawRead {
    fn from(read: Read) -> Self {
        Self {
            other_uid: user(read.peer),
            group_id: group(read.peer),
            seq: read.seq,
        }
    }
}
