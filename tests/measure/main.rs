//! Figures of a server and of the page, which are printed. No figure fails a test, because a busy
//! machine would.
//! `cargo xtask bench` runs them: `cargo test --test measure -- --nocapture --test-threads 1`. They
//! need the built page and Chromium, as `browser` does.

mod latency;
mod memory;
#[path = "../page/mod.rs"]
#[expect(dead_code, reason = "the rest is for `browser` and `soak`")]
mod page;
#[path = "../people/mod.rs"]
#[expect(dead_code, reason = "the rest is for `faults` and `soak`")]
mod people;
mod speed;
