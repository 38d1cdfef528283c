//! The simulator that proves delivery.
//!
//! A scenario has a few users with devices, a few server nodes, a bus, a store and a network, all
//! in virtual time and on one thread. The nodes drive the real `Feed` and the devices the real
//! `Link`, `Timeline` and `Outbox`, with the real frames between them; everything around those is
//! a model that misbehaves as networks, processes, disks and browsers do. After every step a
//! ledger of its own checks the promises; at the end, when all faults have ended, nothing
//! may be missing and nothing may happen any more.
//!
//! A seed makes the whole scenario, so that it happens again exactly. Neither sockets nor clocks
//! nor files belong here, and nothing that iterates in an order of chance.

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
