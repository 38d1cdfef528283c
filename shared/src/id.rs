//! Newtype ids: plain JSON numbers (or a string) on the wire, `BIGINT`s in SQL.

use serde::{Deserialize, Serialize};
use std::fmt;

macro_rules! id {
    ($(#[$doc:meta])* $name:ident($inner:ty)) => {
        $(#[$doc])*
        #[derive(
            Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize,
        )]
        #[serde(transparent)]
        pub struct $name(pub $inner);

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }
    };
}

id! {
    /// A user, 1 or greater.
    UserId(i64)
}
id! {
    /// A group conversation, as clients address it.
    GroupId(i64)
}
id! {
    /// A conversation in the store; never on the wire, where a [`Peer`] identifies it.
    ConversationId(i64)
}
id! {
    /// A message's sequence number in its conversation: dense, 1, 2, 3…; 0 is before the first.
    Seq(i64)
}
id! {
    /// A message's id: unique, and increasing within a conversation.
    Mid(i64)
}
id! {
    /// A push's id: 1, 2, 3… per connection, not shared between connections.
    Tid(u64)
}

impl UserId {
    /// The greatest id, 2^53 - 1: the greatest integer that JavaScript, and JSON between programs,
    /// represents exactly (RFC 8259 §6).
    pub const MAX: Self = Self((1 << 53) - 1);
}

impl Seq {
    /// The sequence number after this one.
    #[must_use]
    pub const fn next(self) -> Self {
        Self(self.0 + 1)
    }

    /// The sequence number before this one; `Seq(0)` stays `Seq(0)`.
    #[must_use]
    pub const fn prev(self) -> Self {
        Self(if self.0 > 0 { self.0 - 1 } else { 0 })
    }
}

/// Whether a field has its default value, so that JSON may omit it.
pub(crate) fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}

/// The idempotency key of a message, chosen by the sending client (commonly a UUID).
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ClientMsgId(pub String);

impl fmt::Display for ClientMsgId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// The other side of a conversation, as one of its members addresses it.
///
/// In JSON it is the one field `"otherUid":1001` or `"groupId":7` of the object that holds it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Peer {
    /// The other user of a direct conversation.
    #[serde(rename = "otherUid")]
    User(UserId),
    /// A group.
    #[serde(rename = "groupId")]
    Group(GroupId),
}

impl Peer {
    /// The peer from the two fields of an object, of which exactly one must be set; `user` is the
    /// name of the first one in the error.
    pub(crate) fn of_fields(
        uid: Option<UserId>,
        group: Option<GroupId>,
        user: &str,
    ) -> Result<Self, String> {
        match (uid, group) {
            (Some(uid), None) => Ok(Self::User(uid)),
            (None, Some(id)) => Ok(Self::Group(id)),
            _ => Err(format!("needs either {user} or groupId")),
        }
    }
}
