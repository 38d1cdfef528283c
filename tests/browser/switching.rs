//! Many switches and many messages. `soak` has a conversation of a hundred thousand, and `measure` says
//! how long things take.

use crate::page::long_conversation::goes_up_and_back;
use crate::page::switching::{left_by_switches, live_messages};
use anyhow::Result;
use std::time::Duration;

#[tokio::test]
async fn switches_leave_no_nodes_behind() -> Result<()> {
    let nodes = left_by_switches(10).await?.nodes;
    assert!(nodes[1] <= nodes[0] * 1.1, "{nodes:?}");
    Ok(())
}

#[tokio::test]
async fn live_messages_keep_the_rows_few() -> Result<()> {
    live_messages(320, Duration::from_millis(5)).await.map(drop)
}

#[tokio::test]
async fn a_few_hundred_of_many_messages_are_in_the_page() -> Result<()> {
    goes_up_and_back(2_500).await
}
