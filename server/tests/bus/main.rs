//! Tests of the event bus and of presence, also when Redis fails.

mod cluster;
mod conformance;
mod faults;
mod presence;
mod server;
mod station;
mod tls;
