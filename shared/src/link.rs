//! The client's half of the connection: when to connect, bind, send a heartbeat, give up on a
//! silent connection and come back.
//!
//! [`Link`] takes what happened and the time, and says what to do. It never sees a frame's content
//! beyond "something arrived"; what to send and what arrives is the business of
//! [`outbox`](crate::outbox) and [`timeline`](crate::timeline).

mod backoff;
mod machine;

pub use backoff::Backoff;
pub use machine::{Cause, Effect, Event, Link, Phase};
