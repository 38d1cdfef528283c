//! Conformance tests of the buses: the in-process one as far as applicable, and the one over Redis.

use crate::server::RedisServer;
use crate::station::{Station, user};
use tidings_server::domain::Topic;
use tidings_shared::GroupId;

const GROUP: Topic = Topic::Group(GroupId(7));

/// Two nodes on one Redis: a publisher and a subscriber.
async fn two_nodes() -> (RedisServer, Station, Station) {
    let server = RedisServer::start().await;
    let here = Station::connected(server.address()).await;
    let there = Station::connected(server.address()).await;
    (server, here, there)
}

#[tokio::test]
#[ignore = "needs Redis: cargo xtask test"]
async fn subscribed_events_arrive_in_topic_order() {
    let (_server, here, mut there) = two_nodes().await;
    there.subscribe(&[user(1), GROUP]).await;
    for mark in 0..200 {
        here.publish(if mark % 2 == 0 { user(1) } else { GROUP }, mark)
            .await;
    }
    let (mut users, mut groups) = (Vec::new(), Vec::new());
    for _ in 0..200 {
        match there.event().await {
            (Topic::User(_), mark) => users.push(mark),
            (Topic::Group(_), mark) => groups.push(mark),
        }
    }
    assert_eq!(users, (0..200).step_by(2).collect::<Vec<u8>>());
    assert_eq!(groups, (1..200).step_by(2).collect::<Vec<u8>>());
}

/// A node receives its own events at once, and not again from Redis.
async fn receives_own_events_once(mut node: Station) {
    node.subscribe(&[user(1)]).await;
    node.publish(user(1), 1).await;
    node.publish(user(1), 2).await;
    node.publish(user(1), 3).await;
    assert_eq!(node.event().await, (user(1), 1));
    assert_eq!(node.event().await, (user(1), 2));
    // If the first had come back from Redis, it would be before or after this one.
    assert_eq!(node.event().await, (user(1), 3));
}

#[tokio::test]
async fn memory_bus_delivers_own_events_once() {
    receives_own_events_once(Station::alone()).await;
}

#[tokio::test]
#[ignore = "needs Redis: cargo xtask test"]
async fn redis_bus_delivers_own_events_once() {
    let server = RedisServer::start().await;
    receives_own_events_once(Station::connected(server.address()).await).await;
}

#[tokio::test]
#[ignore = "needs Redis: cargo xtask test"]
async fn resubscribing_survives_a_pending_unsubscribe() {
    let (_server, here, mut there) = two_nodes().await;
    there.subscribe(&[user(1), user(2)]).await;
    there.bus.unsubscribe(user(1));
    there.bus.unsubscribe(user(2));
    there.subscribe(&[user(2)]).await;
    here.publish(user(1), 1).await;
    here.publish(user(2), 2).await;
    assert_eq!(there.event().await, (user(2), 2));
}

#[tokio::test]
#[ignore = "needs Redis: cargo xtask test"]
async fn concurrent_subscriptions_are_batched() {
    let (_server, here, mut there) = two_nodes().await;
    let topics: Vec<Topic> = (1..=3000).map(user).collect();
    let crowd = topics
        .iter()
        .map(|topic| there.subscribe(std::slice::from_ref(topic)));
    futures_util::future::join_all(crowd).await;
    here.publish(user(1), 1).await;
    here.publish(user(3000), 2).await;
    assert_eq!(there.event().await, (user(1), 1));
    assert_eq!(there.event().await, (user(3000), 2));
}
