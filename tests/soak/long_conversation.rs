//! A conversation of a hundred thousand messages.

use crate::page::long_conversation::goes_up_and_back;
use anyhow::Result;

#[tokio::test]
async fn a_few_hundred_of_a_hundred_thousand_are_in_the_page() -> Result<()> {
    goes_up_and_back(100_000).await
}
