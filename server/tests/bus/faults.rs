//! Redis killed, frozen, flushed, locked or absent: publishing never blocks, and nodes that may
//! have missed events resync.

use crate::server::{RedisServer, TIMEOUT};
use crate::station::{Station, user};
use std::sync::atomic::Ordering;
use tokio::time::{Duration, Instant, timeout};

/// Two nodes, the second subscribed to user 1.
async fn pair(server: &RedisServer) -> (Station, Station) {
    let here = Station::connected(server.address()).await;
    let mut there = Station::connected(server.address()).await;
    there.subscribe(&[user(1)]).await;
    here.publish(user(1), 1).await;
    assert_eq!(there.event().await, (user(1), 1));
    (here, there)
}

/// Waits until events flow again in both directions, after a resync of each node.
async fn flows_again(here: &mut Station, there: &mut Station) {
    here.until_connected().await;
    there.until_connected().await;
    here.publish(user(1), 9).await;
    while there.event().await != (user(1), 9) {}
    here.subscribe(&[user(2)]).await;
    there.publish(user(2), 8).await;
    while here.event().await != (user(2), 8) {}
}

#[tokio::test]
#[ignore = "needs Redis: cargo xtask test"]
async fn killed_redis_costs_a_resync_on_every_node() {
    let mut server = RedisServer::start().await;
    let (mut here, mut there) = pair(&server).await;
    server.kill();
    here.until_disconnected().await;
    there.until_disconnected().await;
    assert!(!here.bus.is_connected().await);
    here.publish(user(1), 2).await;
    there.subscribe(&[user(3)]).await;
    server.launch(&[]).await;
    flows_again(&mut here, &mut there).await;
    here.publish(user(3), 7).await;
    while there.event().await != (user(3), 7) {}
}

#[tokio::test]
#[ignore = "needs Redis: cargo xtask test"]
async fn frozen_redis_is_detected_and_blocks_no_publisher() {
    let server = RedisServer::start().await;
    let (mut here, mut there) = pair(&server).await;
    server.signal("-STOP");
    let started = Instant::now();
    for n in 0..50_000_u32 {
        here.publish(user(1), u8::try_from(n % 200).expect("small"))
            .await;
        if n % 1000 == 0 {
            // Local events still arrive.
            while here.event().await != (user(1), u8::try_from(n % 200).expect("small")) {}
        }
        if n % 100 == 0 {
            tokio::task::yield_now().await;
        }
        drain(&mut here).await;
    }
    here.until_disconnected().await;
    there.until_disconnected().await;
    println!("noticed after {:?}", started.elapsed());
    assert!(here.stats().dropped.load(Ordering::Relaxed) > 0);
    server.signal("-CONT");
    flows_again(&mut here, &mut there).await;
}

/// Receives all pending notices, as the hub would.
async fn drain(station: &mut Station) {
    while timeout(Duration::ZERO, station.event()).await.is_ok() {}
}

#[tokio::test]
#[ignore = "needs Redis: cargo xtask test"]
async fn starts_without_redis_and_polls_the_store() {
    let mut server = RedisServer::absent();
    let (mut here, mut there) = (
        Station::new(server.address()),
        Station::new(server.address()),
    );
    there.subscribe(&[user(1)]).await;
    here.publish(user(1), 1).await;
    there.resync().await;
    there.resync().await;
    server.launch(&[]).await;
    flows_again(&mut here, &mut there).await;
}

#[tokio::test]
#[ignore = "needs Redis: cargo xtask test"]
async fn redis_that_refuses_logins_is_retried() {
    let mut server = RedisServer::start().await;
    let (mut here, mut there) = pair(&server).await;
    server.kill();
    server.launch(&["--requirepass", "secret"]).await;
    here.until_disconnected().await;
    there.resync().await;
    assert!(!here.bus.is_connected().await);
    server.kill();
    server.launch(&[]).await;
    flows_again(&mut here, &mut there).await;
}

#[tokio::test]
#[ignore = "needs Redis: cargo xtask test"]
async fn flushed_redis_works_and_a_new_node_triggers_resync() {
    let server = RedisServer::start().await;
    let (here, mut there) = pair(&server).await;
    server.run(&["FLUSHALL"]).await;
    here.publish(user(1), 2).await;
    assert_eq!(there.event().await, (user(1), 2));
    let _third = Station::connected(server.address()).await;
    there.resync().await;
}

#[tokio::test]
#[ignore = "needs Redis: cargo xtask test"]
async fn vanished_node_triggers_resync() {
    let server = RedisServer::start().await;
    let (here, mut there) = pair(&server).await;
    drop(here);
    let noticed = timeout(TIMEOUT, there.resync()).await;
    assert!(noticed.is_ok(), "its beat has stopped for 15 s");
}

#[tokio::test]
#[ignore = "needs Redis: cargo xtask test"]
async fn unreadable_payload_is_counted_and_skipped() {
    let server = RedisServer::start().await;
    let (here, mut there) = pair(&server).await;
    server.run(&["PUBLISH", "tidings:u:1", "nonsense"]).await;
    server.run(&["PUBLISH", "tidings:nodes", ""]).await;
    here.publish(user(1), 2).await;
    assert_eq!(there.event().await, (user(1), 2));
    assert_eq!(there.stats().unreadable.load(Ordering::Relaxed), 2);
}
