//! The Tidings server.
//!
//! `http` and `gateway` serve clients, `store` is the source of truth, `bus` carries best-effort
//! events between nodes, `app` is the state they share, and `lifecycle` starts and stops a node. A
//! test can own the listener and the shutdown token: see [`serve`].

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
pub mod gateway;
pub mod http;
mod lifecycle;
pub mod logging;
pub mod metrics;
mod name;
pub mod presence;
pub mod program;
pub mod site;
pub mod store;

pub use lifecycle::{Lifecycle, serve};
