//! What every bus must do, and what the one over Redis does when Redis fails.

mod cluster;
mod conformance;
mod faults;
mod presence;
mod server;
mod station;
mod tls;
