//! What every bus must do: that of a single node as far as it goes, and the one over Redis.

use crate::server::RedisServer;
use crate::station::{Station, user};
use tidings_server::bus::Topic;
use tidings_shared::GroupId;

const GROUP: Topic = Topic::Group(GroupId(7));

/// Two nodes on one Redis: one that publishes and one that listens.
async fn two_nodes() -> (RedisServer, Station, Station) {
    let server = RedisServer::start().await;
    let here = Station::connected(server.address()).await;
    let there = Station::connected(server.address()).await;
    (server, here, there)
}

#[tokio::test]
#[ignore = "needs Redis: cargo xtask test"]
async fn everything_subscribed_to_arrives_in_the_order_of_its_topic() {
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

/// What it publishes itself comes at once, and not again from elsewhere.
async fn hears_its_own(mut node: Station) {
    node.subscribe(&[user(1)]).await;
    node.publish(user(1), 1).await;
    node.publish(user(1), 2).await;
    node.publish(user(1), 3).await;
    assert_eq!(node.event().await, (user(1), 1));
    assert_eq!(node.event().await, (user(1), 2));
    // Had the first come back from Redis, it would be before or after this one.
    assert_eq!(node.event().await, (user(1), 3));
}

#[tokio::test]
async fn a_single_node_hears_its_own_events_once_and_at_once() {
    hears_its_own(Station::alone()).await;
}

#[tokio::test]
#[ignore = "needs Redis: cargo xtask test"]
async fn a_node_of_many_hears_its_own_events_once_and_at_once() {
    let server = RedisServer::start().await;
    hears_its_own(Station::connected(server.address()).await).await;
}

#[tokio::test]
#[ignore = "needs Redis: cargo xtask test"]
async fn what_is_not_wanted_any_more_does_not_come_and_a_newcomer_is_not_overtaken() {
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
async fn a_crowd_that_comes_at_once_is_subscribed_in_a_few_commands() {
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
