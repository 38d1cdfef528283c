//! One node of two is stopped, amid whatever it was doing, and goes on. `soak` stops it for longer.

use crate::people::frozen_node::node_frozen_for;
use anyhow::Result;
use std::time::Duration;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs Postgres and Redis: cargo xtask test"]
async fn a_frozen_node_holds_nobody_up_and_loses_nothing() -> Result<()> {
    // Its clients notice after 12 s, and move over.
    node_frozen_for(Duration::from_secs(14)).await
}
