//! What is long by nature, run before a release: `cargo xtask soak`, which is
//! `cargo test --test soak -- --nocapture --test-threads 1`. It needs the built page, Chromium,
//! Postgres and Redis.

mod away;
mod long_conversation;
mod network;
mod nodes;
#[path = "../page/mod.rs"]
#[expect(dead_code, reason = "the rest is for `browser` and `measure`")]
mod page;
#[path = "../people/mod.rs"]
#[expect(dead_code, reason = "the rest is for `faults` and `measure`")]
mod people;
mod pictures;
mod simulation;
