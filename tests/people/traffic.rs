//! What goes on while something fails: people write, and afterwards everything must be there.

use super::check::check;
use super::crowd::Crowd;
use anyhow::Result;
use std::time::Duration;
use tidings_tests::server::Server;
use tokio::time::{Instant, MissedTickBehavior, interval};

/// From one message to the next.
const PACE: Duration = Duration::from_millis(10);

/// Heartbeats that notice a node that is silent within the test's time.
pub(crate) const FLAGS: [&str; 6] = [
    "--heartbeat-min-ms",
    "2000",
    "--heartbeat-max-ms",
    "2000",
    "--idle-timeout-ms",
    "20000",
];

/// Somebody writes to somebody, again and again, for so long.
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

/// Waits until all have settled, then compares what was written with what is stored and what every
/// device shows: nothing lost, nothing twice, all in order.
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
