//! Presence through Redis: the same on every node, and removed with a node that dies.

use crate::server::{RedisServer, TIMEOUT};
use std::sync::Arc;
use tidings_server::bus::RedisBus;
use tidings_server::bus::redis::Node;
use tidings_server::presence::{Presence, RedisHandles, RedisPresence};
use tidings_shared::{UserId, api};
use tokio::task::JoinSet;
use tokio::time::{Duration, sleep, timeout};

const ME: UserId = UserId(1);

/// A node with its presence; aborting its tasks simulates a crash.
struct Watcher {
    presence: Arc<RedisPresence>,
    tasks: JoinSet<()>,
}

impl Watcher {
    fn new(server: &RedisServer) -> Self {
        let node = Node::new(server.address(), Some("test")).expect("random");
        let name = node.name.clone();
        let (bus, mut notices, session) = RedisBus::new(node);
        let (presence, writing) = RedisPresence::new(RedisHandles {
            node: name,
            connection: bus.commands(),
            state_lost: bus.state_lost(),
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

    /// Polls until the answer is as expected: presence is eventually consistent.
    async fn until(&self, matches: impl Fn(&api::Presence) -> bool) -> api::Presence {
        timeout(TIMEOUT, async {
            loop {
                if let Ok(found) = self.presence.lookup(&[ME]).await
                    && matches(&found[0])
                {
                    return found[0];
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
async fn presence_is_shared_and_restored_after_a_flush() {
    let server = RedisServer::start().await;
    let (here, there) = (Watcher::new(&server), Watcher::new(&server));
    here.presence.went_online(ME);
    there.until(|me| me.online).await;
    server.run(&["FLUSHALL"]).await;
    there.until(|me| !me.online).await;
    there.until(|me| me.online).await;
    here.presence.went_offline(ME);
    let gone = there.until(|me| !me.online).await;
    assert!(gone.last_seen.is_some());
}

#[tokio::test]
#[ignore = "needs Redis: cargo xtask test"]
async fn users_of_a_dead_node_go_offline() {
    let server = RedisServer::start().await;
    let (mut here, there) = (Watcher::new(&server), Watcher::new(&server));
    here.presence.went_online(ME);
    there.until(|me| me.online).await;
    here.tasks.abort_all();
    let gone = there.until(|me| !me.online).await;
    assert!(gone.last_seen.is_some(), "the node's last beat");
}

#[tokio::test]
async fn presence_lookup_fails_without_redis() {
    let server = RedisServer::absent();
    let here = Watcher::new(&server);
    here.presence.went_online(ME);
    assert!(here.presence.lookup(&[ME]).await.is_err());
}
