//! Liveness of nodes. A node that dies may do so between a commit and its publication, so the
//! others resync from the store.

use super::connection::RedisConnection;
use super::session::resync;
use super::stats::BusStats;
use crate::clock;
use crate::domain::Notice;
use redis::{Cmd, FromRedisValue, RedisError, RedisResult, Value};
use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{Notify, mpsc};
use tokio::time::{Instant, interval};

/// Interval of a node's heartbeats.
const HEARTBEAT_INTERVAL: Duration = Duration::from_secs(5);
/// A node without a heartbeat for this long counts as dead, and its users as offline.
pub const LIVENESS_TTL: Duration = Duration::from_secs(15);
/// How long heartbeats of dead nodes are kept: their users were last seen at the last heartbeat.
const DEAD_NODE_RETENTION: Duration = Duration::from_hours(24 * 30);
/// Redis hash of every node's last heartbeat, in ms since 1970 by its own clock.
pub const HEARTBEATS: &str = "tidings:beats";

/// The Redis key that exists while a node is alive.
pub fn liveness_key(node: &str) -> String {
    format!("tidings:node:{node}")
}

/// The commands that deregister a node that shuts down in order.
pub(super) fn deregister_commands(node: &str) -> Vec<Cmd> {
    let mut liveness = redis::cmd("DEL");
    liveness.arg(liveness_key(node));
    let mut heartbeat = redis::cmd("HDEL");
    heartbeat.arg(HEARTBEATS).arg(node);
    vec![liveness, heartbeat]
}

/// Sends this node's heartbeat and monitors those of the others.
pub(super) struct Peers {
    /// This node's name, unique to this process.
    name: String,
    /// Per other node: its last heartbeat, when it changed by this node's monotonic clock, and
    /// whether the node counts as dead.
    last_heartbeats: HashMap<String, (i64, Instant, bool)>,
    /// Notified when Redis had no liveness key of this node.
    state_lost: Arc<Notify>,
}

impl Peers {
    pub(super) fn new(name: String, state_lost: Arc<Notify>) -> Self {
        Self {
            name,
            last_heartbeats: HashMap::new(),
            state_lost,
        }
    }

    /// Sends this node's heartbeat.
    pub(super) async fn send_heartbeat(
        &mut self,
        connection: &mut RedisConnection,
    ) -> RedisResult<()> {
        let now = clock::now_ms();
        let mut liveness = redis::cmd("SET");
        liveness
            .arg(liveness_key(&self.name))
            .arg(now)
            .arg("EX")
            .arg(LIVENESS_TTL.as_secs())
            .arg("GET");
        let mut heartbeat = redis::cmd("HSET");
        heartbeat.arg(HEARTBEATS).arg(&self.name).arg(now);
        let answers = connection.run(vec![liveness, heartbeat]).await?;
        if answers.first() == Some(&Value::Nil) {
            // The first heartbeat, or Redis was flushed, or this process was frozen for long.
            self.state_lost.notify_one();
        }
        Ok(())
    }

    /// Sends heartbeats and monitors the other nodes until Redis fails.
    pub(super) async fn watch(
        &mut self,
        mut connection: RedisConnection,
        hub: &mpsc::Sender<Notice>,
        stats: &BusStats,
    ) -> RedisError {
        let mut ticks = interval(HEARTBEAT_INTERVAL);
        loop {
            ticks.tick().await;
            if let Err(error) = self.send_heartbeat(&mut connection).await {
                return error;
            }
            match self.any_died(&mut connection).await {
                Ok(false) => {}
                Ok(true) => resync(hub, stats),
                Err(error) => return error,
            }
        }
    }

    /// Whether another node has died since the last call.
    async fn any_died(&mut self, connection: &mut RedisConnection) -> RedisResult<bool> {
        let mut all = redis::cmd("HGETALL");
        all.arg(HEARTBEATS);
        let answer = all.query_async::<Value>(connection).await?;
        let heartbeats = HashMap::<String, i64>::from_redis_value(answer)?;
        let now = Instant::now();
        let oldest_kept =
            clock::now_ms() - i64::try_from(DEAD_NODE_RETENTION.as_millis()).unwrap_or(0);
        let mut died = false;
        let mut expired: Vec<Cmd> = Vec::new();
        self.last_heartbeats
            .retain(|name, _| heartbeats.contains_key(name));
        for (name, heartbeat) in heartbeats {
            if name == self.name {
                continue;
            }
            if heartbeat < oldest_kept {
                let mut command = redis::cmd("HDEL");
                command.arg(HEARTBEATS).arg(&name);
                expired.push(command);
            }
            let (last, since, dead) = self
                .last_heartbeats
                .entry(name)
                .or_insert((heartbeat, now, false));
            if *last != heartbeat {
                (*last, *since, *dead) = (heartbeat, now, false);
            } else if !*dead && now.duration_since(*since) >= LIVENESS_TTL {
                *dead = true;
                died = true;
            }
        }
        if !expired.is_empty() {
            connection.run(expired).await?;
        }
        Ok(died)
    }
}
