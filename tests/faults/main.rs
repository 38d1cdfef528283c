//! The promises under faults: cut, frozen and slow networks, killed servers, and clients that are
//! silent or ask for too much.

mod both_set_ups;
mod disk_full;
mod drain;
mod frozen;
mod heartbeat;
mod node_frozen;
mod node_killed;
#[path = "../people/mod.rs"]
mod people;
mod postgres_restarted;
mod redis_faults;
mod repush;
mod slow_reader;

use people::{check, crowd, plain, process, traffic};
