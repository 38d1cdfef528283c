//! The memory of a server, and the seed of the run.

use anyhow::{Context, Result};
use std::hash::{BuildHasher, RandomState};
use tidings_tests::server::Server;

/// The memory of a server's nodes together that is in RAM, in KiB (`VmRSS`, proc(5)).
pub(crate) fn resident_kib(server: &Server) -> Result<u64> {
    let mut sum = 0;
    for node in server.nodes() {
        let status = std::fs::read_to_string(format!("/proc/{}/status", node.pid()?))?;
        let line = status.lines().find(|line| line.starts_with("VmRSS:"));
        let number = line.and_then(|line| line.split_whitespace().nth(1));
        sum += number.context("no VmRSS")?.parse::<u64>()?;
    }
    Ok(sum)
}

/// The seed of this run: `TIDINGS_FAULT_SEED`, or a random one. It is printed, so that a run can be
/// repeated as far as the timing of the system allows.
pub(crate) fn seed(test: &str) -> u64 {
    let asked = std::env::var("TIDINGS_FAULT_SEED").ok();
    let seed = asked.and_then(|text| text.parse().ok());
    let seed = seed.unwrap_or_else(|| RandomState::new().hash_one(test));
    println!("{test}: TIDINGS_FAULT_SEED={seed}");
    seed
}
