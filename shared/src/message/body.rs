//! What a message says.

use super::MsgType;
use crate::limits;
use serde::{Serialize, Serializer};

/// An event of a group. The sender of its message did it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum GroupEvent {
    /// The group was created; the content is its name.
    Created,
    /// Members were added; the content is their names, truncated.
    Added,
}

/// What a message says: on the wire and in the store its `content` and `msgType`. A new kind of
/// message is a variant here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Body {
    /// A text, never HTML.
    Text(String),
    /// An event of a group.
    Event(GroupEvent, String),
    /// A kind that this version does not know, kept as it came.
    Other(MsgType, String),
}

impl Body {
    /// The body with this type and content.
    pub fn new(msg_type: MsgType, content: String) -> Self {
        match msg_type {
            MsgType::TEXT => Self::Text(content),
            MsgType::GROUP_CREATED => Self::Event(GroupEvent::Created, content),
            MsgType::MEMBERS_ADDED => Self::Event(GroupEvent::Added, content),
            other => Self::Other(other, content),
        }
    }

    /// Its type.
    pub const fn msg_type(&self) -> MsgType {
        match self {
            Self::Text(_) => MsgType::TEXT,
            Self::Event(GroupEvent::Created, _) => MsgType::GROUP_CREATED,
            Self::Event(GroupEvent::Added, _) => MsgType::MEMBERS_ADDED,
            Self::Other(msg_type, _) => *msg_type,
        }
    }

    /// Its content.
    pub const fn content(&self) -> &String {
        match self {
            Self::Text(content) | Self::Event(_, content) | Self::Other(_, content) => content,
        }
    }

    /// Its content.
    pub fn into_content(self) -> String {
        match self {
            Self::Text(content) | Self::Event(_, content) | Self::Other(_, content) => content,
        }
    }

    /// Whether such a message from somebody else counts as unread. The store counts in the same way.
    pub const fn counts_as_unread(&self) -> bool {
        match self {
            Self::Text(_) | Self::Event(..) | Self::Other(..) => true,
        }
    }

    /// The body for a list: at most [`PREVIEW_CHARS`](limits::PREVIEW_CHARS) characters, control
    /// characters replaced by spaces, so that a page of previews fits into a frame however JSON
    /// escapes them.
    #[must_use]
    pub fn preview(&self) -> Self {
        let characters = self.content().chars().take(limits::PREVIEW_CHARS);
        let content = characters.map(|c| if c.is_control() { ' ' } else { c });
        Self::new(self.msg_type(), content.collect())
    }
}

impl Serialize for Body {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        #[derive(Serialize)]
        #[serde(rename_all = "camelCase")]
        struct Fields<'a> {
            content: &'a str,
            msg_type: MsgType,
        }
        let fields = Fields {
            content: self.content(),
            msg_type: self.msg_type(),
        };
        fields.serialize(serializer)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn body_of_any_type_keeps_its_type_and_content() {
        for msg_type in [1, 2, 1000, 1001, 1002, 65_535] {
            let body = Body::new(MsgType(msg_type), "x".into());
            assert_eq!(body.msg_type(), MsgType(msg_type));
            assert_eq!(body.content(), "x");
            let known = matches!(msg_type, 1 | 1000 | 1001);
            assert_eq!(matches!(body, Body::Other(..)), !known);
        }
    }

    #[test]
    fn preview_is_short_and_without_control_characters() {
        let long = Body::Text("a\nü".repeat(limits::PREVIEW_CHARS));
        let Body::Text(preview) = long.preview() else {
            panic!("a text");
        };
        assert_eq!(preview.chars().count(), limits::PREVIEW_CHARS);
        assert!(preview.starts_with("a üa ü"));
    }
}
