//! Which nodes live. A node that vanishes may have died between a commit and its publication, so
//! the others look into the store.

use super::session::gap;
use super::stats::BusStats;
use super::wire::Wire;
use crate::bus::Notice;
use crate::clock;
use redis::{Cmd, FromRedisValue, RedisError, RedisResult, Value};
use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{Notify, mpsc};
use tokio::time::{Instant, interval};

/// From one beat of a node to the next.
const BEAT_EVERY: Duration = Duration::from_secs(5);
/// Without a beat for so long a node counts as dead, and its users as offline.
pub const LIFE: Duration = Duration::from_secs(15);
/// Dead nodes are remembered for so long: their users were last seen when they last beat.
const REMEMBERED: Duration = Duration::from_hours(24 * 30);
/// Every node's last beat, in ms since 1970 by its own clock.
pub const BEATS: &str = "tidings:beats";

/// The key that exists while a node lives.
pub fn life_key(node: &str) -> String {
    format!("tidings:node:{node}")
}

/// What takes a node out that ends in order.
pub(super) fn farewell(node: &str) -> Vec<Cmd> {
    let mut life = redis::cmd("DEL");
    life.arg(life_key(node));
    let mut beat = redis::cmd("HDEL");
    beat.arg(BEATS).arg(node);
    vec![life, beat]
}

/// This node's beat and what it knows of the others'.
pub(super) struct Peers {
    /// This node's name, of this process alone.
    name: String,
    /// When each other node's beat last changed, by this node's monotonic clock.
    seen: HashMap<String, (i64, Instant, bool)>,
    /// Told when Redis turned out to have forgotten this node.
    forgotten: Arc<Notify>,
}

impl Peers {
    pub(super) fn new(name: String, forgotten: Arc<Notify>) -> Self {
        Self {
            name,
            seen: HashMap::new(),
            forgotten,
        }
    }

    /// Shows that this node lives.
    pub(super) async fn beat(&mut self, wire: &mut Wire) -> RedisResult<()> {
        let now = clock::now_ms();
        let mut life = redis::cmd("SET");
        life.arg(life_key(&self.name))
            .arg(now)
            .arg("EX")
            .arg(LIFE.as_secs())
            .arg("GET");
        let mut beat = redis::cmd("HSET");
        beat.arg(BEATS).arg(&self.name).arg(now);
        let answers = wire.run(vec![life, beat]).await?;
        if answers.first() == Some(&Value::Nil) {
            // The first beat, or Redis was flushed, or this process was frozen for long.
            self.forgotten.notify_one();
        }
        Ok(())
    }

    /// Beats, and watches the others, until Redis fails.
    pub(super) async fn watch(
        &mut self,
        mut wire: Wire,
        hub: &mpsc::Sender<Notice>,
        stats: &BusStats,
    ) -> RedisError {
        let mut ticks = interval(BEAT_EVERY);
        loop {
            ticks.tick().await;
            if let Err(error) = self.beat(&mut wire).await {
                return error;
            }
            match self.vanished(&mut wire).await {
                Ok(false) => {}
                Ok(true) => gap(hub, stats),
                Err(error) => return error,
            }
        }
    }

    /// Whether another node has died since the last call.
    async fn vanished(&mut self, wire: &mut Wire) -> RedisResult<bool> {
        let mut all = redis::cmd("HGETALL");
        all.arg(BEATS);
        let answer = all.query_async::<Value>(wire).await?;
        let beats = HashMap::<String, i64>::from_redis_value(answer)?;
        let now = Instant::now();
        let forgettable = clock::now_ms() - i64::try_from(REMEMBERED.as_millis()).unwrap_or(0);
        let mut died = false;
        let mut forget: Vec<Cmd> = Vec::new();
        self.seen.retain(|name, _| beats.contains_key(name));
        for (name, beat) in beats {
            if name == self.name {
                continue;
            }
            if beat < forgettable {
                let mut command = redis::cmd("HDEL");
                command.arg(BEATS).arg(&name);
                forget.push(command);
            }
            let (last, since, dead) = self.seen.entry(name).or_insert((beat, now, false));
            if *last != beat {
                (*last, *since, *dead) = (beat, now, false);
            } else if !*dead && now.duration_since(*since) >= LIFE {
                *dead = true;
                died = true;
            }
        }
        if !forget.is_empty() {
            wire.run(forget).await?;
        }
        Ok(died)
    }
}
