//! A page without a network for a minute, and one that is hidden for minutes.

use crate::page::away::{Freeze, hidden_for, sends_into_a_frozen_network};
use anyhow::Result;
use std::time::Duration;

#[tokio::test]
async fn sends_into_a_network_frozen_for_a_minute_arrive() -> Result<()> {
    let freeze = Freeze {
        flags: &[],
        // The heartbeat interval of 45 s, of which some may have passed, and 10 s for the answer.
        noticed_after: Duration::from_secs(40),
        lasts: Duration::from_mins(1),
    };
    sends_into_a_frozen_network(&freeze).await
}

#[tokio::test]
async fn a_page_hidden_for_minutes_is_up_to_date() -> Result<()> {
    hidden_for(Duration::from_mins(3)).await
}
