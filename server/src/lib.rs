//! The Tidings server.
//!
//! `http` and `gateway` serve clients, `store` is the source of truth, `bus` carries best-effort
//! events between nodes, `hub` knows the node's connections, `app` is the state they share, and
//! `lifecycle` starts and stops a node. A test can own the listener and the shutdown token: see
//! [`serve`]. No two modules use each other.

mod acceptor;
pub mod admission;
pub mod app;
mod audit;
pub mod auth;
pub mod bus;
pub mod clock;
pub mod command;
pub mod config;
pub mod disk;
pub mod domain;
pub mod gateway;
mod heartbeats;
pub mod http;
pub mod hub;
mod lifecycle;
pub mod logging;
pub mod metrics;
mod name;
pub mod network;
pub mod presence;
pub mod program;
pub mod store;

pub use app::Lifecycle;
pub use lifecycle::serve;
