//! Many devices in a bad network, and very many offline messages.

use crate::people::bad_network::in_a_bad_network;
use crate::people::offline::offline_messages;
use anyhow::{Context, Result};
use std::time::Duration;

/// For a minute, or `TIDINGS_FAULT_SECONDS`.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn bad_network_with_500_devices_loses_nothing() -> Result<()> {
    let seconds = match std::env::var("TIDINGS_FAULT_SECONDS") {
        Ok(seconds) => seconds.parse().context("TIDINGS_FAULT_SECONDS")?,
        Err(_) => 60,
    };
    in_a_bad_network(50, 10, Duration::from_secs(seconds)).await
}

#[tokio::test]
async fn each_of_100_000_offline_messages_arrives_once() -> Result<()> {
    offline_messages(100_000).await
}
