//! Clients that read nothing. `measure` prints what they cost.

use crate::people::slow_reader::{asks_and_reads_nothing, stops_under_a_flood};
use anyhow::Result;

#[tokio::test]
async fn a_reader_that_stops_under_a_flood_is_closed() -> Result<()> {
    stops_under_a_flood().await
}

#[tokio::test]
async fn one_that_asks_for_much_and_reads_nothing_is_closed() -> Result<()> {
    asks_and_reads_nothing().await
}
