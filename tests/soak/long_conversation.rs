//! A conversation of a hundred thousand messages.

use crate::page::long_conversation::goes_up_and_back;
use anyhow::Result;

#[tokio::test]
async fn page_holds_a_few_hundred_of_100_000_messages() -> Result<()> {
    goes_up_and_back(100_000).await
}
