//! Many offline messages. `soak` has many more.

use crate::people::offline::{of_two_conversations, offline_messages};
use anyhow::Result;

#[tokio::test]
async fn offline_messages_arrive_in_order_each_once() -> Result<()> {
    offline_messages(5_000).await
}

#[tokio::test]
async fn offline_messages_of_two_people_come_oldest_first() -> Result<()> {
    of_two_conversations().await
}
