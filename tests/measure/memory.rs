//! What a server holds in memory.

use crate::people::offline::offline_messages;
use crate::people::slow_reader::{asks_and_reads_nothing, stops_under_a_flood};
use anyhow::Result;

#[tokio::test]
async fn a_hundred_thousand_offline_messages() -> Result<()> {
    offline_messages(100_000).await
}

#[tokio::test]
async fn a_reader_that_stops_under_a_flood() -> Result<()> {
    stops_under_a_flood().await
}

#[tokio::test]
async fn one_that_asks_for_much_and_reads_nothing() -> Result<()> {
    asks_and_reads_nothing().await
}
