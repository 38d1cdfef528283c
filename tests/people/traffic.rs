//! Traffic during faults, and the check afterwards.

use super::check::check;
use super::crowd::Crowd;
use anyhow::Result;
use std::time::Duration;
use tidings_tests::server::Server;
use tokio::time::{Instant, MissedTickBehavior, interval};

/// The interval between messages.
const PACE: Duration = Duration::from_millis(10);

/// Intervals so short that a silent node is detected within the test.
pub(crate) const FLAGS: [&str; 6] = [
    "--heartbeat-min-ms",
    "2000",
    "--heartbeat-max-ms",
    "2000",
    "--idle-timeout-ms",
    "20000",
];

/// Random devices write for this time.
pub(crate) async fn write_for(crowd: &mut Crowd, time: Duration) -> Result<()> {
    let mut pace = interval(PACE);
    pace.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let until = Instant::now() + time;
    while Instant::now() < until {
        pace.tick().await;
        crowd.write_one().await?;
    }
    Ok(())
}

/// Waits until all devices have settled, then checks that nothing was lost, duplicated or reordered
/// in the store and on every device.
pub(crate) async fn settle_and_check(server: &Server, crowd: Crowd) -> Result<()> {
    let took = crowd.heal().await?;
    let (figures, connects) = crowd.figures();
    println!(
        "{} written, settled in {took:.1?}; {connects} connects; {figures:?}",
        crowd.written.len()
    );
    assert_eq!(figures.full, 0);
    let stored = check(crowd, server.address().parse()?).await?;
    println!("{stored} messages checked");
    Ok(())
}
