//! What the page knows and how events change it.
//!
//! Pure: no browser, no clock, no randomness, no words of any language. Time comes in as an
//! argument, and what is to be done goes out as [`Effect`]s, which `pages/chat.rs` carries out.
//! [`Chat`] is the whole of one login; the other types are its parts.

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
mod lists;
mod names;
mod notices;
mod outbox_text;
mod place;
mod presence;
mod preview;
mod reads;
mod rows;
mod search;
mod thread;
mod window;

pub use agent::agent_name;
pub use bubble::{Bubble, BubbleState, Sender};
pub use chat::{Alert, Announcement, Chat, Effect, Fetching, ThreadView};
pub use contacts::{Contact, Contacts};
pub use content::{Content, Event};
pub use diagnosis::{Diagnosis, End, FrameRecord, Note, Pace, Snapshot, Traffic, Trend, Way};
pub use directory::{Directory, Entry, Last, Reach};
pub use drafts::FIELD_UNITS;
pub use emoji::is_emoji_alone;
pub use fold::folded;
pub use group::{MembersAsk, OpenGroup};
pub use keys::{peer_key, peer_of_key};
pub use links::{Piece, href, pieces, shown};
pub use lists::{List, Lists};
pub use notices::{Notice, NoticeKind};
pub use outbox_text::{OutboxText, Unreadable, read_outbox};
pub use place::{Modal, Place, SidePanel};
pub use presence::Standing;
pub use preview::{ListRow, PreviewKind};
pub use rows::{Row, RowCache};
pub use search::Query;
pub use thread::{Ask, Thread};
pub use window::Window;
