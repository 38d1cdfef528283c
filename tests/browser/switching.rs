//! Many switches and many messages. `soak` has a conversation of 100,000 messages, and `measure`
//! prints times.

use crate::page::long_conversation::goes_up_and_back;
use crate::page::switching::{left_by_switches, live_messages};
use anyhow::Result;
use std::time::Duration;

#[tokio::test]
async fn switching_leaks_no_dom_nodes() -> Result<()> {
    let nodes = left_by_switches(10).await?.nodes;
    assert!(nodes[1] <= nodes[0] * 1.1, "{nodes:?}");
    Ok(())
}

#[tokio::test]
async fn live_messages_keep_the_row_count_bounded() -> Result<()> {
    live_messages(320, Duration::from_millis(5)).await.map(drop)
}

#[tokio::test]
async fn page_holds_a_few_hundred_of_many_messages() -> Result<()> {
    goes_up_and_back(2_500).await
}
