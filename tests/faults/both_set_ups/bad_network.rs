//! Many devices in a bad network. `soak` has more devices, for a longer time.

use crate::people::bad_network::in_a_bad_network;
use anyhow::Result;
use std::time::Duration;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn bad_network_causes_no_loss_duplicates_or_reordering() -> Result<()> {
    in_a_bad_network(20, 5, Duration::from_secs(10)).await
}
