//! A network that stops without closing anything.

use crate::crowd::{login, person};
use crate::heartbeat::HASTY;
use anyhow::Result;
use std::time::Duration;
use tidings_shared::link::{Cause, Phase};
use tidings_shared::{Peer, UserId};
use tidings_tests::client::{Client, Status};
use tidings_tests::proxy::Proxy;
use tidings_tests::server::{LI, Server, ZHANG};
use tokio::time::Instant;

/// How long the answer to a heartbeat may take (`shared/src/link/machine.rs`), for one that was under
/// way when the network stopped.
const NOTICED: Duration = Duration::from_millis(9_900);

#[tokio::test]
async fn a_frozen_network_is_noticed_in_time_and_after_the_thaw_nothing_is_missing() -> Result<()> {
    let server = Server::start(&HASTY).await?;
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
    assert!(after >= NOTICED, "{after:?}");
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
        messages.map(|message| message.content.clone()).collect()
    };
    let shown = contents(&frozen, li.uid);
    assert_eq!(shown, contents(&other, zhang.uid));
    assert_eq!(shown[..1], ["before"]);
    assert!(shown.contains(&"from the ice".to_owned()));
    assert!(frozen.complaints().is_empty() && other.complaints().is_empty());
    Ok(())
}
