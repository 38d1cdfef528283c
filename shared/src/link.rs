//! The client's half of the connection: when to connect, bind, send a heartbeat, give up on a
//! silent connection and reconnect.
//!
//! [`Link`] receives events and the time, and returns effects. It never sees the content of a
//! frame, only that one arrived; messages to send belong to [`outbox`](crate::outbox), and received
//! ones to [`timeline`](crate::timeline).

mod backoff;
mod machine;

pub use backoff::Backoff;
pub use machine::{Cause, Link, LinkEffect, LinkEvent, Phase};
