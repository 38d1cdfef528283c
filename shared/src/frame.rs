//! The frames: one JSON object per WebSocket text message, one enum per direction.
//!
//! Types 0 to 6 keep the names and shapes of the legacy (v0) protocol; 7 and up are new. Unknown
//! fields are ignored. `tests/golden.rs` pins every shape byte for byte; `docs/protocol.md`
//! describes them. What a frame causes does not belong here.

mod client;
mod envelope;
mod number;
mod server;

pub use client::{
    Ack, Bind, ClientFrame, Heartbeat, ListConversations, Query, Read, Secret, Send, Unread, Watch,
};
pub use envelope::{FrameError, type_of};
pub use server::{
    Bound, ConversationList, Page, Push, ReadMark, Receipt, ServerFrame, UnreadTotal, write_page,
    write_push, write_sent,
};

/// The numbers of the frame types.
pub mod kind {
    /// Heartbeat.
    pub const HEARTBEAT: u64 = 0;
    /// Bind a connection to its user.
    pub const BIND: u64 = 1;
    /// Query a conversation's messages.
    pub const QUERY: u64 = 2;
    /// Send a message.
    pub const SEND: u64 = 3;
    /// Push a message.
    pub const PUSH: u64 = 4;
    /// The total of unread messages.
    pub const UNREAD: u64 = 5;
    /// Acknowledge a push.
    pub const ACK: u64 = 6;
    /// An error.
    pub const ERROR: u64 = 7;
    /// The list of conversations.
    pub const CONVERSATIONS: u64 = 8;
    /// Mark a conversation as read.
    pub const READ: u64 = 9;
    /// How far the other side of a conversation has got.
    pub const RECEIPT: u64 = 10;
    /// Watch users, or their presence.
    pub const PRESENCE: u64 = 11;
    /// The user's own name and picture changed.
    pub const PROFILE: u64 = 12;
}
