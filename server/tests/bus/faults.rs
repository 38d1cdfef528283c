//! Redis killed, frozen, flushed, locked, absent: sends are never held up, and whoever may have
//! missed something is told to read the store.

use crate::server::{PATIENCE, RedisServer};
use crate::station::{Station, user};
use std::sync::atomic::Ordering;
use tokio::time::{Duration, Instant, timeout};

/// Two nodes, the second listening for user 1.
async fn pair(server: &RedisServer) -> (Station, Station) {
    let here = Station::connected(server.address()).await;
    let mut there = Station::connected(server.address()).await;
    there.subscribe(&[user(1)]).await;
    here.publish(user(1), 1).await;
    assert_eq!(there.event().await, (user(1), 1));
    (here, there)
}

/// Events flow again, in both directions, after a gap for each.
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
async fn a_redis_that_is_killed_and_comes_back_costs_a_gap_on_every_node() {
    let mut server = RedisServer::start().await;
    let (mut here, mut there) = pair(&server).await;
    server.kill();
    here.until_cut_off().await;
    there.until_cut_off().await;
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
async fn a_frozen_redis_is_noticed_and_holds_nobody_up() {
    let server = RedisServer::start().await;
    let (mut here, mut there) = pair(&server).await;
    server.signal("-STOP");
    let started = Instant::now();
    for n in 0..50_000_u32 {
        here.publish(user(1), u8::try_from(n % 200).expect("small"))
            .await;
        if n % 1000 == 0 {
            // Its own connections hear it all the same.
            while here.event().await != (user(1), u8::try_from(n % 200).expect("small")) {}
        }
        if n % 100 == 0 {
            tokio::task::yield_now().await;
        }
        drain(&mut here).await;
    }
    here.until_cut_off().await;
    there.until_cut_off().await;
    println!("noticed after {:?}", started.elapsed());
    assert!(here.stats().dropped.load(Ordering::Relaxed) > 0);
    server.signal("-CONT");
    flows_again(&mut here, &mut there).await;
}

/// Takes what is there, as the hub would.
async fn drain(station: &mut Station) {
    while timeout(Duration::ZERO, station.event()).await.is_ok() {}
}

#[tokio::test]
#[ignore = "needs Redis: cargo xtask test"]
async fn a_redis_that_is_absent_at_the_start_is_waited_for_while_connections_look_into_the_store() {
    let mut server = RedisServer::absent();
    let (mut here, mut there) = (
        Station::new(server.address()),
        Station::new(server.address()),
    );
    there.subscribe(&[user(1)]).await;
    here.publish(user(1), 1).await;
    there.gap().await;
    there.gap().await;
    server.launch(&[]).await;
    flows_again(&mut here, &mut there).await;
}

#[tokio::test]
#[ignore = "needs Redis: cargo xtask test"]
async fn a_redis_that_refuses_logins_is_cut_off_until_it_takes_them() {
    let mut server = RedisServer::start().await;
    let (mut here, mut there) = pair(&server).await;
    server.kill();
    server.launch(&["--requirepass", "secret"]).await;
    here.until_cut_off().await;
    there.gap().await;
    assert!(!here.bus.is_connected().await);
    server.kill();
    server.launch(&[]).await;
    flows_again(&mut here, &mut there).await;
}

#[tokio::test]
#[ignore = "needs Redis: cargo xtask test"]
async fn a_flushed_redis_goes_on_and_a_node_that_starts_tells_all_others_to_look() {
    let server = RedisServer::start().await;
    let (here, mut there) = pair(&server).await;
    server.run(&["FLUSHALL"]).await;
    here.publish(user(1), 2).await;
    assert_eq!(there.event().await, (user(1), 2));
    let _third = Station::connected(server.address()).await;
    there.gap().await;
}

#[tokio::test]
#[ignore = "needs Redis: cargo xtask test"]
async fn a_node_that_vanishes_makes_the_others_look() {
    let server = RedisServer::start().await;
    let (here, mut there) = pair(&server).await;
    drop(here);
    let noticed = timeout(PATIENCE, there.gap()).await;
    assert!(noticed.is_ok(), "its beat has stopped for 15 s");
}

#[tokio::test]
#[ignore = "needs Redis: cargo xtask test"]
async fn a_payload_that_nobody_can_read_is_counted_and_passed_over() {
    let server = RedisServer::start().await;
    let (here, mut there) = pair(&server).await;
    server.run(&["PUBLISH", "tidings:u:1", "nonsense"]).await;
    server.run(&["PUBLISH", "tidings:nodes", ""]).await;
    here.publish(user(1), 2).await;
    assert_eq!(there.event().await, (user(1), 2));
    assert_eq!(there.stats().unreadable.load(Ordering::Relaxed), 2);
}
