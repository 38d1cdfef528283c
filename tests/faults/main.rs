//! The promises under faults: cut, frozen and slow networks, killed servers, silent and greedy
//! clients.

mod bad_network;
mod check;
mod crash;
mod crowd;
mod frozen;
mod heartbeat;
mod latency;
mod offline;
mod plain;
mod process;
mod repush;
mod slow_reader;
