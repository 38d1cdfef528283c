//! What a client knows and how events change it.
//!
//! Pure: no browser, no clock, no randomness, no text of any language, nothing that is drawn. Time
//! comes in as an argument, and what is to be done goes out as [`Effect`]s, which the page's
//! `pages/chat.rs` runs. [`Chat`] is the whole of one login; the other types are its parts.

mod agent;
mod bubble;
mod chat;
mod contacts;
mod content;
mod diagnosis;
mod directory;
mod drafts;
mod emoji;
mod fold;
mod group;
mod keys;
mod links;
mod names;
mod notices;
mod outbox_text;
mod presence;
mod preview;
mod reads;
mod rendered_threads;
mod route;
mod rows;
mod thread;
mod window;

pub use agent::agent_name;
pub use bubble::{Bubble, BubbleState, Sender};
pub use chat::{Alert, Announcement, Chat, Effect, Fetching, ThreadView};
pub use contacts::{Contact, Contacts};
pub use content::{Content, GroupEvent};
pub use diagnosis::{
    ConnectionEnd, Diagnosis, FrameDirection, FrameRecord, FrameSummary, IntervalHistory, Snapshot,
    Traffic, Trend,
};
pub use directory::{Directory, Entry, LastMessage, ReceiptState};
pub use drafts::FIELD_UNITS;
pub use emoji::is_emoji_alone;
pub use fold::folded;
pub use group::{MembersQuery, OpenGroup};
pub use keys::{peer_key, peer_of_key};
pub use links::{Piece, display_address, href, pieces};
pub use notices::{Notice, NoticeKind};
pub use outbox_text::{OutboxText, Unreadable, read_outbox};
pub use presence::PresenceStatus;
pub use preview::{ListRow, PreviewKind};
pub use rendered_threads::{RenderedThreads, ThreadRows};
pub use route::{Modal, Route, SidePanel};
pub use rows::{Row, RowCache};
pub use thread::{QueryState, Thread};
pub use window::Window;
