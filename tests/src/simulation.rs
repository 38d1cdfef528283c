//! The simulator that checks delivery.
//!
//! A scenario has a few users with devices, groups, a few server nodes, a bus, a store and a network,
//! all in virtual time and on one thread. The nodes drive the real `Session` and the devices the
//! real `Link`, `Timeline` and `Outbox`, with the real frames between them; everything else is a
//! model that misbehaves as networks, processes, disks and browsers do. After every step an independent
//! ledger checks the promises. At the end, when all faults have ended, nothing may be missing and
//! nothing may happen any more.
//!
//! The whole scenario follows from its seed, so that it can be repeated exactly. Sockets, clocks,
//! files and iteration in a random order must not be used here.

mod agenda;
mod bus;
mod device;
mod env;
mod fleet;
mod ledger;
mod network;
mod node;
mod plan;
mod random;
mod report;
mod store;
mod trace;
mod variant;
mod world;

pub use fleet::{Report, digest, print, run};
pub use report::{Count, Failure, Totals};
pub use variant::Variant;
