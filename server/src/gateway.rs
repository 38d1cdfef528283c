//! The WebSocket side: connections, their requests and pushes.
//!
//! `upgrade` accepts the handshake, and `connection` is the one task per socket: it drives the
//! session of the connection (`tidings_shared::session`), which decides what is answered, pushed and
//! refused. `outputs` runs what the session wants done and answers its requests, `encode` turns its
//! frames into messages, `writer` writes them, `pending_sends` holds sends that wait for the
//! committer, and `close_handshake` closes sockets that get no session. The `hub` knows the node's
//! connections by user, `ended_sessions` closes connections of ended logins, `watches` notifies of
//! presence, and `heartbeats` learns the intervals that the devices' networks allow. Nothing here
//! decides about delivery or stores messages.

mod close_handshake;
mod connection;
mod encode;
mod ended_sessions;
mod heartbeats;
mod hub;
mod outputs;
mod pending_sends;
mod upgrade;
mod watches;
mod writer;

pub use ended_sessions::watch_ended_sessions;
pub use heartbeats::{Device, Heartbeats};
pub use hub::{ConnectionId, Hub};
pub use upgrade::upgrade;
