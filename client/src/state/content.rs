//! What a message's content is, as far as this page can tell it.

use tidings_shared::MsgType;

/// What a message's content is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Content {
    /// A text.
    Text,
    /// What the server says happened to a group: a line of the thread, never a bubble.
    Event(Event),
    /// Something that this page cannot show.
    Unsupported,
}

/// What happened to a group; the message's sender did it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Event {
    /// It was created; the content is its name.
    Created,
    /// Members were added; the content is their names, maybe cut short.
    Added,
}

impl From<MsgType> for Content {
    fn from(msg_type: MsgType) -> Self {
        match msg_type {
            MsgType::TEXT => Self::Text,
            MsgType::GROUP_CREATED => Self::Event(Event::Created),
            MsgType::MEMBERS_ADDED => Self::Event(Event::Added),
            _ => Self::Unsupported,
        }
    }
}
