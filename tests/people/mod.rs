//! Many people with devices on the machines of `shared`, what they write through bad networks, and
//! whether all of it arrived. The targets `faults`, `soak` and `measure` share it; how large and how
//! long is theirs to say.

pub(crate) mod bad_network;
pub(crate) mod check;
pub(crate) mod crowd;
pub(crate) mod frozen_node;
pub(crate) mod offline;
pub(crate) mod plain;
pub(crate) mod process;
pub(crate) mod redis_faults;
pub(crate) mod slow_reader;
pub(crate) mod traffic;
