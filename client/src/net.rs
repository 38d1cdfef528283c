//! The network: the WebSocket and the HTTP API.
//!
//! Thin. When to connect, to send a heartbeat and to give up is decided by
//! [`tidings_shared::link::Link`], and what a frame means by [`crate::state`]; here are only the
//! browser's socket, timers and events. No other code of the page opens a connection or sets a
//! timer for one.

mod alarm;
mod connection;
mod driver;
mod http;
mod socket;

pub use connection::{Connection, Signal};
pub use http::{
    HttpError, add_members, change_password, create_group, end_login, group, login, logins, logout,
    me, members, page, register, rename, server, set_avatar, users,
};
