//! A crowd in a bad network. `soak` has a larger one, for longer.

use crate::people::bad_network::in_a_bad_network;
use anyhow::Result;
use std::time::Duration;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_bad_network_loses_doubles_and_disorders_nothing() -> Result<()> {
    in_a_bad_network(20, 5, Duration::from_secs(10)).await
}
