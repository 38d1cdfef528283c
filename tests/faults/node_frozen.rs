//! One node of two is frozen under load, and continues. `soak` freezes it for longer.

use crate::people::frozen_node::node_frozen_for;
use anyhow::Result;
use std::time::Duration;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs Postgres and Redis: cargo xtask test"]
async fn frozen_node_blocks_nobody_and_loses_nothing() -> Result<()> {
    // Its clients detect it after 12 s, and move to the other node.
    node_frozen_for(Duration::from_secs(14)).await
}
