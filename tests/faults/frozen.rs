//! A network that freezes without closing connections.

use crate::crowd::{login, person};
use crate::heartbeat::SHORT_TIMEOUTS;
use anyhow::Result;
use std::time::Duration;
use tidings_shared::link::{Cause, Phase};
use tidings_shared::{Peer, UserId};
use tidings_tests::client::{Client, Status};
use tidings_tests::proxy::Proxy;
use tidings_tests::server::{LI, Server, ZHANG};
use tokio::time::Instant;

/// The least time until detection: how long the answer to a heartbeat may take
/// (`shared/src/link/machine.rs`), for one in flight when the network froze.
const MIN_DETECTION: Duration = Duration::from_millis(9_900);

#[tokio::test]
async fn frozen_network_is_detected_in_time_and_loses_nothing() -> Result<()> {
    let server = Server::start(&SHORT_TIMEOUTS).await?;
    let proxy = Proxy::start(server.address().parse()?, 1)?;
    let (zhang, li) = (person(&server, ZHANG).await?, person(&server, LI).await?);
    let frozen = Client::start(login(proxy.address(), &zhang, 0), 1);
    let other = Client::start(login(server.address().parse()?, &li, 0), 2);
    for client in [&frozen, &other] {
        client.until(Status::is_settled).await?;
    }
    other.write(zhang.uid, "before".into()).await?;
    frozen.until(|status| status.shown == 1).await?;

    let started = Instant::now();
    proxy.freeze();
    frozen.write(li.uid, "from the ice".into()).await?;
    for text in ["during", "during too"] {
        other.write(zhang.uid, text.into()).await?;
    }
    let noticed = frozen.until(|status| status.phase != Phase::Live).await?;
    let after = started.elapsed();
    println!("frozen: noticed after {after:.3?}");
    assert_eq!(noticed.last_cause, Some(Cause::HeartbeatMissed));
    assert!(after >= MIN_DETECTION, "{after:?}");
    assert_eq!((noticed.pending, noticed.shown), (1, 1));

    proxy.thaw();
    let started = Instant::now();
    let back = frozen.until(|status| status.is_settled() && status.shown == 4);
    assert_eq!(back.await?.connects, 2);
    println!("frozen: all there {:.3?} after the thaw", started.elapsed());
    other
        .until(|status| status.is_settled() && status.shown == 4)
        .await?;
    let (frozen, other) = (frozen.stop().await?, other.stop().await?);
    let contents = |device: &tidings_tests::client::Device, peer: UserId| -> Vec<String> {
        let messages = device.messages(Peer::User(peer));
        messages
            .map(|message| message.body.content().clone())
            .collect()
    };
    let shown = contents(&frozen, li.uid);
    assert_eq!(shown, contents(&other, zhang.uid));
    assert_eq!(shown[..1], ["before"]);
    assert!(shown.contains(&"from the ice".to_owned()));
    assert!(frozen.violations().is_empty() && other.violations().is_empty());
    Ok(())
}
