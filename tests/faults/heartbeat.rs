//! Heartbeats and the idle timeout.

use crate::crowd::{login, person};
use crate::plain::Plain;
use anyhow::Result;
use serde_json::json;
use std::time::Duration;
use tidings_shared::UserId;
use tidings_shared::close::CloseCode;
use tidings_shared::link::{Cause, LinkEvent, Phase};
use tidings_tests::TEST_TIMEOUT;
use tidings_tests::client::{Client, Status};
use tidings_tests::proxy::{Proxy, Side};
use tidings_tests::server::{LI, Server, WANG, ZHANG};
use tidings_tests::socket::Socket;
use tokio::time::{Instant, interval};

/// An idle timeout of 1.5 s, and heartbeats every 0.3 s.
pub(crate) const SHORT_TIMEOUTS: [&str; 6] = [
    "--idle-timeout-ms",
    "1500",
    "--heartbeat-min-ms",
    "300",
    "--heartbeat-max-ms",
    "300",
];
const IDLE: Duration = Duration::from_millis(1_500);
/// The interval of heartbeats.
const INTERVAL: Duration = Duration::from_millis(300);
/// The limit of connections per user.
const CONNECTIONS: usize = 32;

#[tokio::test]
async fn idle_timeout_spares_heartbeats_and_traffic_but_not_silence() -> Result<()> {
    let server = Server::start(&SHORT_TIMEOUTS).await?;
    let address = server.address().parse()?;
    let idle = Client::start(login(address, &person(&server, ZHANG).await?, 0), 1);
    idle.until(Status::is_settled).await?;
    let li = person(&server, LI).await?;
    let mut busy = Socket::bound(&server, WANG).await?;
    let started = Instant::now();
    let mut silent = Socket::bound_with(&server, &li.token, json!({"uid": 1001})).await?;
    let silent_for = tokio::spawn(async move {
        let (frames, code) = silent.closed().await?;
        anyhow::Ok((frames, code, started.elapsed()))
    });
    let mut pace = interval(INTERVAL);
    while started.elapsed() < 4 * IDLE {
        pace.tick().await;
        // Any frame counts, not only a heartbeat.
        busy.ask(5, json!({"uid": 1002})).await?;
    }
    let (frames, code, after) = silent_for.await??;
    println!("silent: closed with {code} after {after:.3?}");
    assert_eq!((frames, code), (Vec::new(), CloseCode::Idle.code()));
    assert!(after >= IDLE, "{after:?}");
    busy.nothing_more(1002).await?;
    let status = idle.status();
    assert_eq!((status.phase, status.connects), (Phase::Live, 1));
    Ok(())
}

#[tokio::test]
async fn vanished_client_is_dropped_after_the_idle_timeout() -> Result<()> {
    let server = Server::start(&SHORT_TIMEOUTS).await?;
    let proxy = Proxy::start(server.address().parse()?, 1)?;
    let li = person(&server, LI).await?;
    let mut vanishing = Vec::new();
    for n in 0..CONNECTIONS {
        vanishing.push(Client::start(login(proxy.address(), &li, n), 1));
    }
    for client in &vanishing {
        client.until(Status::is_settled).await?;
    }
    // The limit is reached, so that the next connection shows when these are closed.
    let next = Client::start(login(server.address().parse()?, &li, CONNECTIONS), 1);
    let refused = Some(Cause::Closed(CloseCode::RateLimited.code()));
    next.until(|status| status.last_cause == refused).await?;

    let vanished = Instant::now();
    proxy.freeze();
    drop(vanishing);
    for connection in proxy.connections() {
        connection.forget(Side::Client);
    }
    let mut tries = interval(Duration::from_millis(100));
    while next.status().phase != Phase::Live {
        tries.tick().await;
        next.notify(LinkEvent::RetryNow).await?;
        assert!(vanished.elapsed() < TEST_TIMEOUT, "not forgotten");
    }
    let after = vanished.elapsed();
    println!("half-open: forgotten after {after:.3?}");
    // A new message reaches the live connection.
    let mut zhang = Socket::bound(&server, ZHANG).await?;
    zhang.send_message(1000, 1001, "are you there?").await?;
    next.until(|status| status.shown == 1).await?;
    Ok(())
}

#[tokio::test]
async fn half_open_connection_is_detected_by_the_next_heartbeat() -> Result<()> {
    let server = Server::start(&SHORT_TIMEOUTS).await?;
    let proxy = Proxy::start(server.address().parse()?, 1)?;
    let client = Client::start(login(proxy.address(), &person(&server, ZHANG).await?, 0), 1);
    client.until(Status::is_settled).await?;
    let started = Instant::now();
    for connection in proxy.connections() {
        connection.forget(Side::Server);
    }
    let status = client.until(|status| status.connects == 2).await?;
    println!("forgotten: connected again after {:.3?}", started.elapsed());
    assert_eq!(status.last_cause, Some(Cause::HeartbeatMissed));
    // A plain connection works as well.
    let address = server.address().parse()?;
    let token = person(&server, LI).await?.token;
    let (mut li, _) = Plain::bound(address, &token, json!({"uid": 1001})).await?;
    client.write(UserId(1001), "back again".into()).await?;
    assert_eq!(li.frame().await?["data"]["content"], "back again");
    client.until(Status::is_settled).await?;
    Ok(())
}
