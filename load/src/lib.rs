//! Load generator for a server that speaks frames 0 to 7 of the protocol, over real sockets.
//!
//! A [`scenario`] spawns one task per connection ([`user`]), which binds, acknowledges, sends
//! heartbeats, sends messages on a schedule ([`sender`]), and reconnects after every loss. Messages
//! sent, answered and pushed are compared in [`ledger`] and counted in [`run_state`]; a [`report`]
//! sums them up at the end. All figures come from the wire or from `/proc`, none from inside the
//! server. Two baselines measure the machine without a server: [`scenario::echo`] the network and
//! the processor, and [`disk`] the disk.
//!
//! It runs on the machine that it measures, so it has to be cheap: one thread, one task per
//! connection, partial parsing of frames, one acknowledgement for all readable pushes.

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
pub mod run_state;
pub mod scenario;
pub mod seen;
pub mod sender;
pub mod socket;
pub mod stamp;
pub mod tally;
pub mod target;
pub mod user;
pub mod wire;
