//! The memory of a server.

use crate::people::offline::offline_messages;
use crate::people::slow_reader::{asks_and_reads_nothing, stops_under_a_flood};
use anyhow::Result;

#[tokio::test]
async fn memory_of_100_000_offline_messages() -> Result<()> {
    offline_messages(100_000).await
}

#[tokio::test]
async fn memory_of_a_stalled_reader_under_a_flood() -> Result<()> {
    stops_under_a_flood().await
}

#[tokio::test]
async fn memory_of_a_client_that_queries_and_reads_nothing() -> Result<()> {
    asks_and_reads_nothing().await
}
