//! The WebSocket side: who is connected, what they ask and what they are pushed.
//!
//! `upgrade` lets a request in, `connection` is the one task each socket has, `bind`, `send` and
//! `requests` deal with frames, `cost` with users who ask for too much, `answers` holds the sends that wait for theirs, `pushes` serves the
//! feed, `goodbye` ends it, `writer` puts frames on the wire within a time limit. The `hub` knows the
//! node's connections by user, `endings` ends those whose login has ended, `watches` whose presence they are told, and `heartbeats` what their
//! networks bear. What is pushed and when is decided by `tidings_shared::delivery`; nothing here keeps
//! a message.

mod answers;
mod bind;
mod connection;
mod cost;
mod endings;
mod goodbye;
mod heartbeats;
mod hub;
mod positions;
mod pushes;
mod refresh;
mod requests;
mod send;
mod upgrade;
mod watches;
mod writer;

pub use endings::watch_endings;
pub use heartbeats::{Device, Heartbeats};
pub use hub::{ConnectionId, Hub};
pub use upgrade::upgrade;
