//! The WebSocket side: connections, their requests and pushes.
//!
//! `connection` is the one task per socket: it drives the session of the connection
//! (`tidings_shared::session`), which decides what is answered, pushed and refused. `outputs` runs
//! what the session wants done and answers its requests, `encode` turns its frames into messages,
//! `writer` writes them, `pending_sends` holds sends that wait for the committer, and
//! `close_handshake` closes sockets that get no session. Nothing here decides about delivery or
//! stores messages; the handshake is `http`'s.

mod close_handshake;
mod connection;
mod encode;
mod outputs;
mod pending_sends;
mod writer;

pub use close_handshake::refuse;
pub use connection::{Opening, serve};
