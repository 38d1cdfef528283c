//! The kinds of message content this page knows.

pub use tidings_shared::GroupEvent;

use tidings_shared::Body;

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

impl From<&Body> for Content {
    fn from(body: &Body) -> Self {
        match body {
            Body::Text(_) => Self::Text,
            Body::Event(event, _) => Self::Event(*event),
            Body::Other(..) => Self::Unsupported,
        }
    }
}
