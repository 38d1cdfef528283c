//! What the end-to-end tests stand on: a real server process, a client that speaks plain
//! WebSocket and knows nothing of our own types, and a real browser.
//!
//! Everything here starts what it needs on free ports in a temporary folder and takes it away
//! again. A wait is for an event, with a limit; nothing sleeps to hope.

pub mod browser;
pub mod client;
pub mod proxy;
pub mod server;
pub mod simulation;
pub mod socket;

/// How long a test waits for something that must happen. Long, for slow machines; a test that
/// passes never waits so long.
pub const PATIENCE: std::time::Duration = std::time::Duration::from_secs(30);
