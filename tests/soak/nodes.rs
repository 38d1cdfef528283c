//! Two nodes on Postgres and Redis, of which something fails for long.

use crate::people::frozen_node::node_frozen_for;
use crate::people::redis_faults::whatever_happens_to_redis;
use anyhow::Result;
use std::time::Duration;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_node_frozen_for_half_a_minute_loses_nothing() -> Result<()> {
    node_frozen_for(Duration::from_secs(30)).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_failing_redis_loses_and_doubles_nothing() -> Result<()> {
    whatever_happens_to_redis(Duration::from_secs(2)).await
}
