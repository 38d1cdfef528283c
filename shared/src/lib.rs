//! The Tidings protocol, shared by the server and the client.
//!
//! Frames, ids, limits, error and close codes, and the state machines of the server ([`delivery`])
//! and of the client ([`link`], [`timeline`], [`outbox`], [`acks`]). Everything here is a value: no
//! I/O, no clock, no randomness, no logging. Time comes in as a [`Moment`], seeds come in as
//! arguments, and actions go out as effects that a driver runs.

pub mod acks;
pub mod api;
pub mod close;
pub mod delivery;
mod error;
pub mod frame;
pub mod heartbeat;
mod id;
pub mod limits;
pub mod link;
mod message;
mod moment;
pub mod outbox;
pub mod timeline;
pub mod visible;

pub use error::{ErrorBody, ErrorCode};
pub use id::{ClientMsgId, ConversationId, GroupId, Mid, Peer, Seq, Tid, UserId};
pub use message::{Conversation, Direction, Message, MsgType, Preview};
pub use moment::Moment;
