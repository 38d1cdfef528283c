//! The WebSocket side: connections, their requests and pushes.
//!
//! `upgrade` accepts the handshake, `connection` is the one task per socket, `bind`, `send` and
//! `requests` handle frames, `cost` charges frames to their user's rate limits, `pending_sends`
//! holds sends that await their answer, `pushes` runs the feed, `position_pages` reads a user's
//! conversations page by page, `refresh` restores other state after a resync, `close_handshake`
//! closes, `writer` writes frames within a time limit. The `hub`
//! knows the node's connections by user, `ended_sessions` closes connections of ended logins,
//! `watches` notifies of presence, and `heartbeats` learns the intervals that the devices' networks
//! allow. What is pushed and when is decided by `tidings_shared::delivery`; nothing here stores
//! messages.

mod bind;
mod close_handshake;
mod connection;
mod cost;
mod ended_sessions;
mod heartbeats;
mod hub;
mod pending_sends;
mod position_pages;
mod pushes;
mod refresh;
mod requests;
mod send;
mod upgrade;
mod watches;
mod writer;

pub use ended_sessions::watch_ended_sessions;
pub use heartbeats::{Device, Heartbeats};
pub use hub::{ConnectionId, Hub};
pub use upgrade::upgrade;
