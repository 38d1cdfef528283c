//! Clients that read nothing. `measure` prints their cost.

use crate::people::slow_reader::{asks_and_reads_nothing, stops_under_a_flood};
use anyhow::Result;

#[tokio::test]
async fn stalled_reader_under_a_flood_is_closed() -> Result<()> {
    stops_under_a_flood().await
}

#[tokio::test]
async fn client_that_queries_and_reads_nothing_is_closed() -> Result<()> {
    asks_and_reads_nothing().await
}
