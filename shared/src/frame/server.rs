//! The data of the frames from a server to a client.

use super::envelope::{self, FrameError};
use super::kind;
use crate::api::{PresenceList, User};
use crate::{Conversation, ErrorBody, GroupId, Message, Peer, Seq, Tid, UserId};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use std::fmt::Write as _;
use std::time::Duration;

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
    /// The store's epoch; not for legacy (v0) clients. A client that knew another one drops what it
    /// knows of conversations and read marks, and begins anew.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub epoch: Option<String>,
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
    /// The store's epoch, as in [`Bound`]; absent in the answer to a bind, which has its own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub epoch: Option<String>,
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
    epoch: Option<String>,
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
            epoch: raw.epoch,
            list: raw.conversations.map(|conversations| ConversationList {
                conversations,
                next,
                epoch: None,
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
pub(super) struct Head<'a> {
    #[serde(rename = "type")]
    pub(super) kind: u64,
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

    fn missing(&self, field: &str) -> FrameError {
        FrameError::BadData {
            kind: self.kind,
            reason: format!("needs a {field}"),
        }
    }
}

/// What is inside a frame of a server. Most have nothing but their data; the legacy (v0) ones have
/// fields beside it.
pub(super) trait ServerData: Sized {
    /// Whether this is the form of that frame, for a type with several.
    fn matches(_head: &Head<'_>) -> bool {
        true
    }

    /// Reads it.
    fn read(head: &Head<'_>) -> Result<Self, FrameError>;

    /// The JSON text of a frame of this type.
    fn write(&self, kind: u64) -> String;
}

/// For types that are the whole data of their frame.
macro_rules! only_data {
    ($($data:ty),*) => {
        $(impl ServerData for $data {
            fn read(head: &Head<'_>) -> Result<Self, FrameError> {
                head.data()
            }

            fn write(&self, kind: u64) -> String {
                envelope::write(kind, self)
            }
        })*
    };
}

only_data!(
    Box<Message>,
    UnreadTotal,
    ConversationList,
    ReadMark,
    Receipt,
    PresenceList,
    User
);

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

/// 0: the interval to use from now on.
impl ServerData for Duration {
    fn read(head: &Head<'_>) -> Result<Self, FrameError> {
        let ms = head.timeout.ok_or_else(|| head.missing("timeout"))?;
        Ok(Self::from_millis(ms))
    }

    fn write(&self, kind: u64) -> String {
        Wire {
            timeout: Some(self.as_millis()),
            ..Wire::<()>::new(kind, None)
        }
        .text()
    }
}

impl ServerData for Box<Bound> {
    fn matches(head: &Head<'_>) -> bool {
        head.status.as_deref() == Some("success")
    }

    fn read(head: &Head<'_>) -> Result<Self, FrameError> {
        head.data()
    }

    fn write(&self, kind: u64) -> String {
        Wire {
            status: Some("success"),
            ..Wire::new(kind, Some(self))
        }
        .text()
    }
}

/// 1, a refused bind, or 7.
impl ServerData for ErrorBody {
    fn read(head: &Head<'_>) -> Result<Self, FrameError> {
        head.data()
    }

    fn write(&self, kind: u64) -> String {
        Wire {
            status: (kind == kind::BIND).then_some("failure"),
            ..Wire::new(kind, Some(self))
        }
        .text()
    }
}

impl ServerData for Page {
    fn read(head: &Head<'_>) -> Result<Self, FrameError> {
        Ok(Self {
            messages: head.data()?,
            reference: head.reference,
        })
    }

    fn write(&self, kind: u64) -> String {
        Wire {
            reference: self.reference,
            ..Wire::new(kind, Some(&self.messages))
        }
        .text()
    }
}

impl ServerData for Box<Push> {
    fn read(head: &Head<'_>) -> Result<Self, FrameError> {
        Ok(Self::new(Push {
            tid: head.tid.ok_or_else(|| head.missing("tid"))?,
            dup: head.dup,
            message: head.data()?,
        }))
    }

    fn write(&self, kind: u64) -> String {
        Wire {
            tid: Some(self.tid),
            dup: self.dup,
            ..Wire::new(kind, Some(&self.message))
        }
        .text()
    }
}

/// A push of a message that is JSON text already: a message to many connections is serialized once,
/// and only `tid` and `dup` differ. The same text as [`ServerFrame::to_json`](super::ServerFrame::to_json).
pub fn write_push(tid: Tid, dup: bool, message: &str) -> String {
    let dup = if dup { r#""dup":true,"# } else { "" };
    around(
        format_args!(r#"{{"type":{},"tid":{tid},{dup}"data":"#, kind::PUSH),
        message,
    )
}

/// A page of messages that are JSON texts already, oldest first: the server needs their sizes to
/// decide how many fit into a frame. The same text as [`ServerFrame::to_json`](super::ServerFrame::to_json).
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
/// [`ServerFrame::to_json`](super::ServerFrame::to_json).
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
