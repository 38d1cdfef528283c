//! Many users with devices on the state machines of `shared`, their messages through bad networks,
//! and checks that all of them arrived. The targets `faults`, `soak` and `measure` share it, and
//! choose sizes and durations.

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
