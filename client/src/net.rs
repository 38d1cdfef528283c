//! The network: the WebSocket and the HTTP API.
//!
//! Thin. [`tidings_shared::link::Link`] decides when to connect, to send a heartbeat and to give
//! up, and [`crate::state`] what a frame means; here are only the browser's socket, timers and
//! events. No other code of the page opens a connection or sets a timer for one.

mod connection;
mod deadline_timer;
mod driver;
mod http;
mod socket;

pub use connection::{Connection, Signal};
pub use http::{
    HttpError, add_members, change_password, create_group, end_login, group, login, logins, logout,
    me, members, page, register, rename, server, set_avatar, users,
};
