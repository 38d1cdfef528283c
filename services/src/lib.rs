//! A Postgres and a Redis of a test's own: started in a temporary folder on free ports of loopback,
//! killed, frozen and restarted at will, and gone when they are dropped.
//!
//! Nothing here uses a service that was running before, and nothing stays: the processes of a test
//! that failed end with it, and those of a test that was itself killed end with the thread that
//! started them (Linux, where `setpriv` is installed). So start them in the body of a test or of
//! `main`, not in a thread that ends earlier.
//!
//! Every wait is for an event and has a limit, [`PATIENCE`].

mod account;
mod family;
mod keeper;
mod port;
mod postgres;
mod program;
mod redis;
mod running;

pub use keeper::Keeper;
pub use port::free_port;
pub use postgres::Postgres;
pub use redis::Redis;

/// How long anything here may take. Long, for slow machines and for disks that are busy with what was
/// compiled before.
pub const PATIENCE: std::time::Duration = std::time::Duration::from_mins(1);
