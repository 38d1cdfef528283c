//! The frames from a server to a client.

use super::envelope::{self, FrameError};
use super::kind;
use crate::api::{PresenceList, User};
use crate::{Conversation, ErrorBody, GroupId, Message, Peer, Seq, Tid, UserId};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use std::fmt::Write as _;
use std::time::Duration;

/// A frame from a server to a client.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ServerFrame {
    /// 0: the interval to use from now on.
    Heartbeat(Duration),
    /// 1, success.
    Bound(Box<Bound>),
    /// 1, failure; a close follows.
    BindRefused(ErrorBody),
    /// 2
    Page(Page),
    /// 3: a send was committed.
    Sent(Box<Message>),
    /// 4
    Push(Box<Push>),
    /// 5
    Unread(UnreadTotal),
    /// 7
    Error(ErrorBody),
    /// 8
    Conversations(ConversationList),
    /// 9
    Read(ReadMark),
    /// 10
    Receipt(Receipt),
    /// 11
    Presence(PresenceList),
    /// 12, to the devices of a user whose name or picture changed: the new profile. Best effort;
    /// `GET /api/me` returns the same.
    Profile(User),
}

/// 1: the connection is bound.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", from = "RawBound")]
pub struct Bound {
    /// The user.
    pub uid: UserId,
    /// The user's name.
    pub username: String,
    /// The heartbeat interval to start with, in ms.
    pub timeout: u64,
    /// The total of unread messages.
    pub unread: u64,
    /// The first page of the list, if the bind asked for it.
    #[serde(flatten, skip_serializing_if = "Option::is_none")]
    pub list: Option<ConversationList>,
}

/// 2: a page of messages, oldest first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page {
    /// Oldest first; may be empty.
    pub messages: Vec<Message>,
    /// The `ref` of the query.
    pub reference: Option<u64>,
}

/// 4: a message to be acknowledged.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Push {
    /// The id to acknowledge.
    pub tid: Tid,
    /// Whether this push was made before on this connection.
    pub dup: bool,
    /// The message.
    pub message: Message,
}

/// 5: the total of unread messages.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct UnreadTotal {
    /// Messages from others after the read cursor, over all conversations.
    pub unread: u64,
}

/// 8: a page of the conversation list, newest first.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ConversationList {
    /// Newest first.
    pub conversations: Vec<Conversation>,
    /// The `after` of the next page; absent: this is the last page.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next: Option<String>,
}

/// 9, to every device of the reader: a conversation was read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", try_from = "RawReadMark")]
pub struct ReadMark {
    /// The peer of the conversation.
    #[serde(flatten)]
    pub peer: Peer,
    /// The last `seq` that was read.
    pub seq: Seq,
    /// Unread messages left in this conversation.
    pub unread: u64,
    /// Unread messages left in all.
    pub total: u64,
}

/// 10, to the devices of one side of a direct conversation: the cursors of the other side. Best
/// effort; the next list has the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Receipt {
    /// The user of the other side.
    pub other_uid: UserId,
    /// The last `seq` it acknowledged; `Seq(0)`: unchanged.
    #[serde(default, skip_serializing_if = "crate::id::is_default")]
    pub delivered: Seq,
    /// The last `seq` it has read; `Seq(0)`: unchanged.
    #[serde(default, skip_serializing_if = "crate::id::is_default")]
    pub read: Seq,
}

/// [`Bound`] for deserialization, without `flatten`, which would buffer every field.
#[derive(Deserialize)]
struct RawBound {
    uid: UserId,
    username: String,
    timeout: u64,
    unread: u64,
    conversations: Option<Vec<Conversation>>,
    next: Option<String>,
}

impl From<RawBound> for Bound {
    fn from(raw: RawBound) -> Self {
        let next = raw.next;
        Self {
            uid: raw.uid,
            username: raw.username,
            timeout: raw.timeout,
            unread: raw.unread,
            list: raw.conversations.map(|conversations| ConversationList {
                conversations,
                next,
            }),
        }
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct RawReadMark {
    other_uid: Option<UserId>,
    group_id: Option<GroupId>,
    seq: Seq,
    unread: u64,
    total: u64,
}

impl TryFrom<RawReadMark> for ReadMark {
    type Error = String;

    fn try_from(raw: RawReadMark) -> Result<Self, String> {
        Ok(Self {
            peer: Peer::of_fields(raw.other_uid, raw.group_id, "otherUid")?,
            seq: raw.seq,
            unread: raw.unread,
            total: raw.total,
        })
    }
}

/// A frame before its data is parsed; absent fields are `None`.
#[derive(Deserialize)]
struct Head<'a> {
    #[serde(rename = "type")]
    kind: u64,
    status: Option<String>,
    tid: Option<Tid>,
    #[serde(default)]
    dup: bool,
    timeout: Option<u64>,
    #[serde(rename = "ref")]
    reference: Option<u64>,
    #[serde(borrow)]
    data: Option<&'a RawValue>,
}

impl Head<'_> {
    fn data<T: DeserializeOwned>(&self) -> Result<T, FrameError> {
        envelope::data(self.kind, self.data)
    }
}

#[derive(Serialize)]
struct Wire<'a, T> {
    r#type: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    status: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    timeout: Option<u128>,
    #[serde(skip_serializing_if = "Option::is_none")]
    tid: Option<Tid>,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    dup: bool,
    #[serde(rename = "ref", skip_serializing_if = "Option::is_none")]
    reference: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    data: Option<&'a T>,
}

impl<'a, T: Serialize> Wire<'a, T> {
    const fn new(kind: u64, data: Option<&'a T>) -> Self {
        Self {
            r#type: kind,
            status: None,
            timeout: None,
            tid: None,
            dup: false,
            reference: None,
            data,
        }
    }

    fn text(&self) -> String {
        serde_json::to_string(self).expect("plain structs with string keys always serialize")
    }
}

impl ServerFrame {
    /// The number of its type.
    pub const fn kind(&self) -> u64 {
        match self {
            Self::Heartbeat(_) => kind::HEARTBEAT,
            Self::Bound(_) | Self::BindRefused(_) => kind::BIND,
            Self::Page(_) => kind::QUERY,
            Self::Sent(_) => kind::SEND,
            Self::Push(_) => kind::PUSH,
            Self::Unread(_) => kind::UNREAD,
            Self::Error(_) => kind::ERROR,
            Self::Conversations(_) => kind::CONVERSATIONS,
            Self::Read(_) => kind::READ,
            Self::Receipt(_) => kind::RECEIPT,
            Self::Presence(_) => kind::PRESENCE,
            Self::Profile(_) => kind::PROFILE,
        }
    }

    /// Reads a text message.
    ///
    /// # Errors
    /// [`FrameError`] for whatever is not a frame of this direction within the limits.
    pub fn parse(text: &str) -> Result<Self, FrameError> {
        let head: Head<'_> = envelope::read(text)?;
        let kind = head.kind;
        let missing = |field: &str| FrameError::BadData {
            kind,
            reason: format!("needs a {field}"),
        };
        Ok(match kind {
            kind::HEARTBEAT => {
                let ms = head.timeout.ok_or_else(|| missing("timeout"))?;
                Self::Heartbeat(Duration::from_millis(ms))
            }
            kind::BIND if head.status.as_deref() == Some("success") => Self::Bound(head.data()?),
            kind::BIND => Self::BindRefused(head.data()?),
            kind::QUERY => Self::Page(Page {
                messages: head.data()?,
                reference: head.reference,
            }),
            kind::SEND => Self::Sent(head.data()?),
            kind::PUSH => Self::Push(Box::new(Push {
                tid: head.tid.ok_or_else(|| missing("tid"))?,
                dup: head.dup,
                message: head.data()?,
            })),
            kind::UNREAD => Self::Unread(head.data()?),
            kind::ERROR => Self::Error(head.data()?),
            kind::CONVERSATIONS => Self::Conversations(head.data()?),
            kind::READ => Self::Read(head.data()?),
            kind::RECEIPT => Self::Receipt(head.data()?),
            kind::PRESENCE => Self::Presence(head.data()?),
            kind::PROFILE => Self::Profile(head.data()?),
            other => return Err(FrameError::UnknownType(other)),
        })
    }

    /// The JSON text of this frame.
    pub fn to_json(&self) -> String {
        match self {
            Self::Heartbeat(interval) => Wire {
                timeout: Some(interval.as_millis()),
                ..Wire::<()>::new(kind::HEARTBEAT, None)
            }
            .text(),
            Self::Bound(data) => Wire {
                status: Some("success"),
                ..Wire::new(kind::BIND, Some(data))
            }
            .text(),
            Self::BindRefused(data) => Wire {
                status: Some("failure"),
                ..Wire::new(kind::BIND, Some(data))
            }
            .text(),
            Self::Page(page) => Wire {
                reference: page.reference,
                ..Wire::new(kind::QUERY, Some(&page.messages))
            }
            .text(),
            Self::Sent(message) => Wire::new(kind::SEND, Some(message)).text(),
            Self::Push(push) => Wire {
                tid: Some(push.tid),
                dup: push.dup,
                ..Wire::new(kind::PUSH, Some(&push.message))
            }
            .text(),
            Self::Unread(data) => Wire::new(kind::UNREAD, Some(data)).text(),
            Self::Error(data) => Wire::new(kind::ERROR, Some(data)).text(),
            Self::Conversations(data) => Wire::new(kind::CONVERSATIONS, Some(data)).text(),
            Self::Read(data) => Wire::new(kind::READ, Some(data)).text(),
            Self::Receipt(data) => Wire::new(kind::RECEIPT, Some(data)).text(),
            Self::Presence(data) => Wire::new(kind::PRESENCE, Some(data)).text(),
            Self::Profile(data) => Wire::new(kind::PROFILE, Some(data)).text(),
        }
    }
}

/// A push of a message that is JSON text already: a message to many connections is serialized once,
/// and only `tid` and `dup` differ. The same text as [`ServerFrame::to_json`].
pub fn write_push(tid: Tid, dup: bool, message: &str) -> String {
    let dup = if dup { r#""dup":true,"# } else { "" };
    around(
        format_args!(r#"{{"type":{},"tid":{tid},{dup}"data":"#, kind::PUSH),
        message,
    )
}

/// A page of messages that are JSON texts already, oldest first: the server needs their sizes to
/// decide how many fit into a frame. The same text as [`ServerFrame::to_json`].
pub fn write_page<T: AsRef<str>>(reference: Option<u64>, messages: &[T]) -> String {
    let reference = reference
        .map(|n| format!(r#""ref":{n},"#))
        .unwrap_or_default();
    let messages: Vec<&str> = messages.iter().map(AsRef::as_ref).collect();
    format!(
        r#"{{"type":{},{reference}"data":[{}]}}"#,
        kind::QUERY,
        messages.join(",")
    )
}

/// The answer to a send, with a message that is JSON text already. The same text as
/// [`ServerFrame::to_json`].
pub fn write_sent(message: &str) -> String {
    around(format_args!(r#"{{"type":{},"data":"#, kind::SEND), message)
}

/// A frame whose last field is this JSON text, in one allocation.
fn around(start: std::fmt::Arguments<'_>, data: &str) -> String {
    /// Capacity in bytes for the longest start and the end.
    const AROUND: usize = 64;
    let mut frame = String::with_capacity(AROUND + data.len());
    // Writing to a string does not fail.
    let _ = frame.write_fmt(start);
    frame.push_str(data);
    frame.push('}');
    frame
}
