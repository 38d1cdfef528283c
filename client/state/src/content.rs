//! The kinds of message content this page knows.

use tidings_shared::MsgType;

/// The kind of a message's content.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Content {
    /// A text.
    Text,
    /// An event of a group: a line of the thread, never a bubble.
    Event(GroupEvent),
    /// A kind that this page cannot show.
    Unsupported,
}

/// What happened to a group; the message's sender did it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum GroupEvent {
    /// It was created; the content is its name.
    Created,
    /// Members were added; the content is their names, maybe cut short.
    Added,
}

impl From<MsgType> for Content {
    fn from(msg_type: MsgType) -> Self {
        match msg_type {
            MsgType::TEXT => Self::Text,
            MsgType::GROUP_CREATED => Self::Event(GroupEvent::Created),
            MsgType::MEMBERS_ADDED => Self::Event(GroupEvent::Added),
            _ => Self::Unsupported,
        }
    }
}
