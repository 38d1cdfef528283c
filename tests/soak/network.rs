//! A large crowd in a bad network, and very many messages for somebody who was away.

use crate::people::bad_network::in_a_bad_network;
use crate::people::offline::offline_messages;
use anyhow::{Context, Result};
use std::time::Duration;

/// For a minute, or `TIDINGS_FAULT_SECONDS`.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn five_hundred_devices_in_a_bad_network_lose_nothing() -> Result<()> {
    let seconds = match std::env::var("TIDINGS_FAULT_SECONDS") {
        Ok(seconds) => seconds.parse().context("TIDINGS_FAULT_SECONDS")?,
        Err(_) => 60,
    };
    in_a_bad_network(50, 10, Duration::from_secs(seconds)).await
}

#[tokio::test]
async fn a_hundred_thousand_offline_messages_arrive_once() -> Result<()> {
    offline_messages(100_000).await
}
