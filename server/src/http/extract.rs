//! What handlers take from a request: who it is from, and whether it may be served. Each is checked
//! before the handler runs.

mod client_address;
mod connection_permit;
mod disk_capacity;
mod logged_in;

pub(super) use client_address::ClientAddress;
pub(super) use disk_capacity::DiskCapacity;
pub(super) use logged_in::{LoggedIn, OLD_COOKIE, in_cookie, logged_in, session_cookie};
