//! The promises under faults: cut, frozen and slow networks, killed servers, silent and greedy
//! clients.

mod bad_network;
mod check;
mod crash;
mod crowd;
mod disk_full;
mod drain;
mod frozen;
mod heartbeat;
mod latency;
mod node_frozen;
mod node_killed;
mod offline;
mod plain;
mod postgres_restarted;
mod process;
mod redis_faults;
mod repush;
mod slow_reader;
mod traffic;
