//! A server that is killed repeatedly.

use crate::check::check;
use crate::crowd::Crowd;
use crate::process::seed;
use anyhow::Result;
use std::time::Duration;
use tidings_tests::server::Server;
use tokio::time::{Instant, MissedTickBehavior, interval};

const PEOPLE: usize = 10;
const DEVICES_EACH: usize = 5;
const KILLS: usize = 6;
/// The interval between messages.
const PACE: Duration = Duration::from_millis(5);
/// The longest time between start and kill, and between kill and start.
const MAX_UPTIME: Duration = Duration::from_millis(2_500);
const MAX_DOWNTIME: Duration = Duration::from_millis(500);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn repeated_kills_lose_and_duplicate_no_answered_message() -> Result<()> {
    let mut server = Server::start(&[]).await?;
    let mut crowd = Crowd::new(&server, PEOPLE, DEVICES_EACH, seed("crash")).await?;
    let mut pace = interval(PACE);
    pace.set_missed_tick_behavior(MissedTickBehavior::Delay);
    for _ in 0..KILLS {
        for (alive, most) in [(true, MAX_UPTIME), (false, MAX_DOWNTIME)] {
            let until = Instant::now() + crowd.rng.up_to(most);
            while Instant::now() < until {
                pace.tick().await;
                crowd.write_one().await?;
            }
            if alive {
                server.kill().await?;
            } else {
                server.restart().await?;
            }
        }
    }
    let took = crowd.heal().await?;
    let (figures, connects) = crowd.figures();
    println!(
        "{} written, {KILLS} kills, settled in {took:.1?}; {connects} connects; {figures:?}",
        crowd.written.len()
    );
    assert_eq!(figures.full, 0);
    let stored = check(crowd, server.address().parse()?).await?;
    println!("{stored} messages checked");
    Ok(())
}
