//! The frames: one JSON object per WebSocket text message, one enum per direction, all in one
//! [`table`].
//!
//! Types 0 to 6 keep the names and shapes of the legacy (v0) protocol; 7 and up are new. Unknown
//! fields are ignored. `tests/golden.rs` pins every shape byte for byte; `docs/protocol.md`
//! describes them. What a frame causes does not belong here.

mod client;
mod envelope;
mod number;
mod server;
mod table;

pub use client::{
    Ack, Bind, Heartbeat, ListConversations, Query, Read, Secret, Send, Unread, Watch,
};
pub use envelope::{FrameError, type_of};
pub use server::{
    Bound, ConversationList, Page, Push, ReadMark, Receipt, UnreadTotal, write_page, write_push,
    write_sent,
};
pub use table::{ClientFrame, ServerFrame, kind};
