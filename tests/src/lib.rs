//! The fixtures of the end-to-end tests: a real server process, a client that speaks plain
//! WebSocket and does not use the types of `shared`, and a real browser.
//!
//! Everything here starts what it needs on free ports in a temporary folder and removes it
//! again. Waits are for events, with a limit; no test sleeps a fixed time to wait for something.
//!
//! The server is the binary `tidings-under-test` of this package, which cargo builds with the
//! tests. From the workspace's root:
//!
//! | command | runs |
//! |---|---|
//! | `cargo test` | all that needs no service and no browser; `left-out` names the rest |
//! | `cargo test -- --ignored` | what needs Postgres or Redis, of every package |
//! | `cargo test --test browser` | the built page in Chromium |
//! | `TIDINGS_TEST_FLEET=postgres cargo test --test server --test faults --test browser -- both_set_ups::` | the modules of that name once more, on two nodes, Postgres and Redis |
//! | `cargo test --test soak -- --nocapture --test-threads 1` | what takes long; needs all of it |
//! | `cargo test --test measure -- --nocapture --test-threads 1` | figures, for `cargo xtask bench`: no figure fails a test |
//!
//! The page is where `TIDINGS_CLIENT_DIR` says, else in `dist`; see `browser/main.rs`. Ask for a
//! test of one target with the whole workspace's selection, as above: of this package alone the
//! dependencies would have other features, and be compiled again.

pub mod browser;
pub mod client;
pub mod proxy;
pub mod server;
pub mod simulation;
pub mod socket;

/// How long a test waits for something that must happen. It is long because machines may be slow;
/// a test that passes never waits so long.
pub const TEST_TIMEOUT: std::time::Duration = std::time::Duration::from_secs(30);
