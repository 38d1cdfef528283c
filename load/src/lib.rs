//! Load on a server that speaks frames 0 to 7 of the protocol, over real sockets, and what it does
//! to it.
//!
//! A [`scenario`] spawns a task a connection ([`user`]), which binds, acknowledges, beats, sends on
//! a schedule ([`sender`]), and comes back after every loss. What was sent, answered and pushed is
//! held against each other in [`ledger`] and counted on the [`board`]; a [`report`] says it all at
//! the end. Nothing here knows the server from inside: whatever it tells, it saw on the wire or in
//! `/proc`. What the machine does without a server is told by the yardsticks: [`scenario::echo`] of the
//! network and the processor, and [`disk`].
//!
//! It shares a machine with what it measures, so it is made to be cheap: one thread, one task a
//! connection, frames parsed only for what is needed, one acknowledgement for all that is readable.

pub mod board;
pub mod descriptors;
pub mod disk;
pub mod echo_server;
pub mod inbox;
pub mod latency;
pub mod ledger;
pub mod login;
pub mod options;
pub mod process;
pub mod progress;
pub mod report;
pub mod scenario;
pub mod seen;
pub mod sender;
pub mod socket;
pub mod stamp;
pub mod tally;
pub mod target;
pub mod user;
pub mod wire;
