//! The Tidings server.
//!
//! `http` and `gateway` face clients, `store` is the truth, `bus` carries hints between nodes,
//! `app` is what all of them share, and `lifecycle` starts and ends it. A test can own the
//! listener and the end: see [`serve`].

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
