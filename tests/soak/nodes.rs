//! Long faults of two nodes on Postgres and Redis.

use crate::people::frozen_node::node_frozen_for;
use crate::people::redis_faults::write_through_redis_faults;
use anyhow::Result;
use std::time::Duration;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn node_frozen_for_30_s_loses_nothing() -> Result<()> {
    node_frozen_for(Duration::from_secs(30)).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn failing_redis_loses_and_duplicates_nothing() -> Result<()> {
    write_through_redis_faults(Duration::from_secs(2)).await
}
