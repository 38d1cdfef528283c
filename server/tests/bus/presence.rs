//! Presence through Redis: on every node the same, and gone with a node that dies.

use crate::server::{PATIENCE, RedisServer};
use std::sync::Arc;
use tidings_server::bus::RedisBus;
use tidings_server::bus::redis::Node;
use tidings_server::presence::{Presence, RedisPresence, Ties};
use tidings_shared::{UserId, api};
use tokio::task::JoinSet;
use tokio::time::{Duration, sleep, timeout};

const ME: UserId = UserId(1);

/// A node with its presence; aborting its tasks is its sudden death.
struct Watcher {
    presence: Arc<RedisPresence>,
    tasks: JoinSet<()>,
}

impl Watcher {
    fn new(server: &RedisServer) -> Self {
        let node = Node::new(server.address(), Some("test")).expect("random");
        let name = node.name.clone();
        let (bus, mut notices, session) = RedisBus::new(node);
        let (presence, writing) = RedisPresence::new(Ties {
            node: name,
            wire: bus.commands(),
            forgotten: bus.forgotten(),
        });
        let mut tasks = JoinSet::new();
        tasks.spawn(session);
        tasks.spawn(writing);
        tasks.spawn(async move { while notices.recv().await.is_some() {} });
        Self {
            presence: Arc::new(presence),
            tasks,
        }
    }

    /// Asks until the answer is as expected: presence is a hint that takes its time.
    async fn until(&self, stands: impl Fn(&api::Presence) -> bool) -> api::Presence {
        timeout(PATIENCE, async {
            loop {
                if let Ok(told) = self.presence.lookup(&[ME]).await
                    && stands(&told[0])
                {
                    return told[0];
                }
                sleep(Duration::from_millis(50)).await;
            }
        })
        .await
        .expect("in time")
    }
}

#[tokio::test]
#[ignore = "needs Redis: cargo xtask test"]
async fn every_node_sees_a_user_come_and_go_and_a_flush_is_made_good() {
    let server = RedisServer::start().await;
    let (here, there) = (Watcher::new(&server), Watcher::new(&server));
    here.presence.arrived(ME);
    there.until(|me| me.online).await;
    server.run(&["FLUSHALL"]).await;
    there.until(|me| !me.online).await;
    there.until(|me| me.online).await;
    here.presence.left(ME);
    let gone = there.until(|me| !me.online).await;
    assert!(gone.last_seen.is_some());
}

#[tokio::test]
#[ignore = "needs Redis: cargo xtask test"]
async fn the_users_of_a_node_that_dies_go_offline_by_themselves() {
    let server = RedisServer::start().await;
    let (mut here, there) = (Watcher::new(&server), Watcher::new(&server));
    here.presence.arrived(ME);
    there.until(|me| me.online).await;
    here.tasks.abort_all();
    let gone = there.until(|me| !me.online).await;
    assert!(gone.last_seen.is_some(), "the node's last beat");
}

#[tokio::test]
async fn without_redis_presence_says_that_it_does_not_know() {
    let server = RedisServer::absent();
    let here = Watcher::new(&server);
    here.presence.arrived(ME);
    assert!(here.presence.lookup(&[ME]).await.is_err());
}
