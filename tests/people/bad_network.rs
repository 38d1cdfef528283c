//! Many devices in a bad network.

use super::check::check;
use super::crowd::Crowd;
use super::process::{resident_kib, seed};
use anyhow::Result;
use std::time::Duration;
use tidings_shared::link::LinkEvent;
use tidings_tests::proxy::{Conditions, Cut, Flow, Side};
use tidings_tests::server::Server;
use tokio::time::{Instant, MissedTickBehavior, interval};

/// The interval of rounds of faults and messages.
const ROUND: Duration = Duration::from_millis(20);
/// The average number of rounds between two cuts of a connection.
const ROUNDS_A_CUT: usize = 300;
/// Messages per round: one in 2.5 s from each device.
const MESSAGES_A_ROUND: usize = 4;
/// The longest freeze of a connection: longer than the time to the first repush.
const FROZEN: Duration = Duration::from_secs(8);
/// Intervals so short that half-open connections are detected within the test.
const FLAGS: [&str; 6] = [
    "--heartbeat-min-ms",
    "2000",
    "--heartbeat-max-ms",
    "2000",
    "--idle-timeout-ms",
    "8000",
];

/// Counts of faults.
#[derive(Debug, Default)]
struct Faults {
    /// A tenth of them reset one side only.
    cuts: usize,
    freezes: usize,
    delays: usize,
}

/// Injects the faults of one round.
fn inject_faults(crowd: &mut Crowd, faults: &mut Faults) {
    let connections = crowd.proxy.connections();
    let rng = &mut crowd.rng;
    let mut cuts = connections.len() / ROUNDS_A_CUT;
    cuts += usize::from(rng.below(ROUNDS_A_CUT) < connections.len() % ROUNDS_A_CUT);
    for _ in 0..cuts {
        let Some(connection) = rng.pick(&connections) else {
            return;
        };
        match rng.below(20) {
            0 => connection.forget(Side::Client),
            1 => connection.forget(Side::Server),
            2..=10 => connection.cut(Cut::Reset),
            _ => connection.cut(Cut::Finish),
        }
        faults.cuts += 1;
    }
    for _ in 0..2 {
        let Some(connection) = rng.pick(&connections) else {
            return;
        };
        match rng.below(3) {
            0 => {
                faults.freezes += 1;
                connection.freeze();
                let connection = connection.clone();
                let thaws_after = rng.up_to(FROZEN);
                tokio::spawn(async move {
                    tokio::time::sleep(thaws_after).await;
                    connection.thaw();
                });
            }
            1 => {
                faults.delays += 1;
                connection.set(Conditions::both(Flow {
                    delay: rng.up_to(Duration::from_millis(150)),
                    jitter: rng.up_to(Duration::from_millis(150)),
                    ..Flow::default()
                }));
            }
            _ => connection.set(Conditions::default()),
        }
    }
}

/// Nothing is lost, duplicated or out of order in a bad network of this duration.
pub(crate) async fn in_a_bad_network(people: usize, devices: usize, lasts: Duration) -> Result<()> {
    let server = Server::start(&FLAGS).await?;
    let started = Instant::now();
    let mut crowd = Crowd::new(&server, people, devices, seed("bad network")).await?;
    println!(
        "{} devices connected in {:.1?}; resident {} KiB",
        crowd.clients.len(),
        started.elapsed(),
        resident_kib(&server)?
    );
    let mut faults = Faults::default();
    let mut rounds = interval(ROUND);
    rounds.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let started = Instant::now();
    while started.elapsed() < lasts {
        rounds.tick().await;
        inject_faults(&mut crowd, &mut faults);
        for _ in 0..MESSAGES_A_ROUND {
            crowd.write_one().await?;
        }
        // A person presses "retry now".
        let device = crowd.rng.below(crowd.clients.len());
        crowd.clients[device].notify(LinkEvent::RetryNow).await?;
    }
    let (figures, connects) = crowd.figures();
    println!(
        "{} written; {faults:?}; {connects} connects; {figures:?}",
        crowd.written.len()
    );
    let took = crowd.heal().await?;
    let (figures, connects) = crowd.figures();
    println!(
        "settled in {took:.1?}; {connects} connects; {figures:?}; resident {} KiB",
        resident_kib(&server)?
    );
    assert_eq!(figures.full, 0);
    let started = Instant::now();
    let stored = check(crowd, server.address().parse()?).await?;
    println!("{stored} messages checked in {:.1?}", started.elapsed());
    Ok(())
}
