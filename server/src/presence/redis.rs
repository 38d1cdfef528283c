//! Presence on many nodes, in Redis.
//!
//! A user's hash lists the nodes that have a connection of theirs; an entry counts while the node's
//! liveness key, which expires, exists. So the users of a dead node go offline without further
//! action, and no entry has to be refreshed per user.

use super::{Presence, PresenceUnavailable};
use crate::bus::redis::{HEARTBEATS, RedisConnection, liveness_key};
use crate::clock;
use ::redis::{Cmd, FromRedisValue, RedisResult, Value};
use async_trait::async_trait;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tidings_shared::{UserId, api};
use tokio::sync::{Notify, watch};
use tokio::time::sleep;

/// Users written per batch, and the pause between batches: a node that reconnects writes 10,000
/// users in four seconds.
const BATCH: usize = 250;
const PAUSE: Duration = Duration::from_millis(100);
/// From a failed write to the next attempt.
const RETRY: Duration = Duration::from_secs(1);
/// Expiry of last-seen times and of a user's nodes. Longer than any connection lives, because
/// logins expire before.
const RETENTION: Duration = Duration::from_hours(24 * 90);

/// Maximum pending updates while Redis is down. For users beyond, Redis learns only by the expiry
/// of the node's liveness key.
const PENDING_MAX: usize = 1_000_000;

/// A presence update to write to Redis.
#[derive(Debug, Clone, Copy)]
enum PresenceUpdate {
    /// Online since then, in ms since 1970.
    Online(i64),
    /// Offline since then, in ms since 1970.
    Offline(i64),
}

#[derive(Default)]
struct Local {
    /// Users with a connection on this node, and since when.
    online: HashMap<UserId, i64>,
    /// Updates not written yet.
    pending: BTreeMap<UserId, PresenceUpdate>,
    /// A batch is being written.
    writing: bool,
}

/// Publishes this node's users in Redis. Bounded by the connections of the node.
pub struct RedisPresence {
    local: Arc<Mutex<Local>>,
    changed: Arc<Notify>,
    connection: watch::Receiver<Option<RedisConnection>>,
}

/// What [`RedisPresence`] needs: this node's name, the connection to Redis, and a signal that Redis
/// lost its state.
pub struct RedisHandles {
    /// The name whose [`liveness_key`] shows that this node is alive.
    pub node: String,
    /// The connection, while connected.
    pub connection: watch::Receiver<Option<RedisConnection>>,
    /// Notified when all users have to be written again.
    pub state_lost: Arc<Notify>,
}

impl RedisPresence {
    /// Presence and the task that writes it, which ends when dropped.
    pub fn new(handles: RedisHandles) -> (Self, impl Future<Output = ()>) {
        let presence = Self {
            local: Arc::default(),
            changed: Arc::default(),
            connection: handles.connection.clone(),
        };
        let (local, changed) = (Arc::clone(&presence.local), Arc::clone(&presence.changed));
        (presence, run(handles, local, changed))
    }

    fn local(&self) -> MutexGuard<'_, Local> {
        lock(&self.local)
    }
}

fn lock(local: &Mutex<Local>) -> MutexGuard<'_, Local> {
    local.lock().unwrap_or_else(PoisonError::into_inner)
}

#[async_trait]
impl Presence for RedisPresence {
    fn went_online(&self, uid: UserId) {
        let now = clock::now_ms();
        let mut local = self.local();
        local.online.insert(uid, now);
        local.pending.insert(uid, PresenceUpdate::Online(now));
        drop(local);
        self.changed.notify_one();
    }

    fn went_offline(&self, uid: UserId) {
        let mut local = self.local();
        local.online.remove(&uid);
        if local.pending.len() < PENDING_MAX || local.pending.contains_key(&uid) {
            local
                .pending
                .insert(uid, PresenceUpdate::Offline(clock::now_ms()));
        }
        drop(local);
        self.changed.notify_one();
    }

    async fn lookup(&self, uids: &[UserId]) -> Result<Vec<api::Presence>, PresenceUnavailable> {
        let Some(mut connection) = self.connection.borrow().clone() else {
            return Err(PresenceUnavailable);
        };
        let users = read_presence(&mut connection, uids)
            .await
            .map_err(|error| {
                tracing::warn!(%error, "presence cannot be read");
                PresenceUnavailable
            })?;
        let local = self.local();
        let found = users.into_iter().map(|user| api::Presence {
            uid: user.uid,
            // An update may be pending.
            online: !user.nodes.is_empty() || local.online.contains_key(&user.uid),
            last_seen: user.last_seen,
        });
        Ok(found.collect())
    }

    async fn flush(&self) {
        let settled = || {
            let local = self.local();
            local.pending.is_empty() && !local.writing
        };
        while !settled() {
            sleep(FLUSH_POLL_INTERVAL).await;
        }
    }
}

/// How often [`Presence::flush`] checks whether all is written.
const FLUSH_POLL_INTERVAL: Duration = Duration::from_millis(20);

/// Writes pending updates, one batch at a time.
async fn run(mut handles: RedisHandles, local: Arc<Mutex<Local>>, changed: Arc<Notify>) {
    loop {
        tokio::select! {
            () = changed.notified() => {}
            () = handles.state_lost.notified() => {
                let local = &mut *lock(&local);
                let online = local.online.iter().map(|(uid, since)| (*uid, PresenceUpdate::Online(*since)));
                local.pending.extend(online);
            }
        }
        loop {
            let Ok(connection) = handles
                .connection
                .wait_for(Option::is_some)
                .await
                .map(|w| w.clone())
            else {
                return;
            };
            let Some(mut connection) = connection else {
                continue;
            };
            let batch = take_batch(&local);
            if batch.is_empty() {
                break;
            }
            let written = connection.run(commands(&handles.node, &batch)).await;
            let pause = if let Err(error) = written {
                tracing::debug!(%error, "presence not written yet");
                let pending = &mut lock(&local).pending;
                for (uid, update) in batch {
                    // An update made meanwhile is newer.
                    pending.entry(uid).or_insert(update);
                }
                RETRY
            } else {
                PAUSE
            };
            lock(&local).writing = false;
            changed.notify_one();
            sleep(pause).await;
        }
    }
}

fn take_batch(local: &Mutex<Local>) -> Vec<(UserId, PresenceUpdate)> {
    let mut local = lock(local);
    let mut batch = Vec::new();
    while batch.len() < BATCH
        && let Some(update) = local.pending.pop_first()
    {
        batch.push(update);
    }
    local.writing = !batch.is_empty();
    batch
}

fn commands(node: &str, batch: &[(UserId, PresenceUpdate)]) -> Vec<Cmd> {
    let mut commands = Vec::with_capacity(2 * batch.len());
    for (uid, update) in batch {
        match update {
            PresenceUpdate::Online(since) => {
                let mut online = ::redis::cmd("HSET");
                online.arg(user_key(*uid)).arg(node).arg(*since);
                // Expires even if a dead node wrote it and nobody asks for the user.
                let mut expiry = ::redis::cmd("EXPIRE");
                expiry.arg(user_key(*uid)).arg(RETENTION.as_secs());
                commands.extend([online, expiry]);
            }
            PresenceUpdate::Offline(since) => {
                let mut gone = ::redis::cmd("HDEL");
                gone.arg(user_key(*uid)).arg(node);
                commands.extend([gone, set_last_seen(*uid, *since)]);
            }
        }
    }
    commands
}

fn set_last_seen(uid: UserId, at: i64) -> Cmd {
    let mut seen = ::redis::cmd("SET");
    seen.arg(seen_key(uid)).arg(at);
    seen.arg("EX").arg(RETENTION.as_secs());
    seen
}

/// A user's presence, for operators.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UserPresence {
    /// Who.
    pub uid: UserId,
    /// The live nodes that have a connection of theirs.
    pub nodes: Vec<String>,
    /// When they were last seen, in ms since 1970; on a dead node, its last heartbeat.
    pub last_seen: Option<i64>,
}

/// Reads the presence of users; removes entries of dead nodes on the way.
///
/// # Errors
/// When Redis cannot be reached.
pub async fn read_presence(
    connection: &mut RedisConnection,
    uids: &[UserId],
) -> RedisResult<Vec<UserPresence>> {
    let mut questions = Vec::with_capacity(2 * uids.len());
    for uid in uids {
        let mut nodes = ::redis::cmd("HKEYS");
        nodes.arg(user_key(*uid));
        let mut seen = ::redis::cmd("GET");
        seen.arg(seen_key(*uid));
        questions.extend([nodes, seen]);
    }
    let answers = connection.run(questions).await?;
    let mut users = Vec::with_capacity(uids.len());
    for (uid, answers) in uids.iter().zip(answers.chunks_exact(2)) {
        let nodes = Vec::<String>::from_redis_value(answers[0].clone())?;
        users.push((
            *uid,
            nodes,
            Option::<i64>::from_redis_value(answers[1].clone())?,
        ));
    }
    let names: BTreeSet<String> = users
        .iter()
        .flat_map(|(_, nodes, _)| nodes.clone())
        .collect();
    let liveness = liveness(connection, names).await?;

    let mut stale = Vec::new();
    let mut found = Vec::with_capacity(users.len());
    for (uid, nodes, mut last_seen) in users {
        let (live, dead): (Vec<_>, Vec<_>) = nodes
            .into_iter()
            .partition(|node| liveness.get(node).is_some_and(|(alive, _)| *alive));
        let any_dead = !dead.is_empty();
        for node in dead {
            last_seen = last_seen.max(liveness.get(&node).and_then(|(_, last)| *last));
            let mut gone = ::redis::cmd("HDEL");
            gone.arg(user_key(uid)).arg(node);
            stale.push(gone);
        }
        // Kept, because the removed entry was the only record of it.
        if any_dead && let Some(last) = last_seen {
            stale.push(set_last_seen(uid, last));
        }
        found.push(UserPresence {
            uid,
            nodes: live,
            last_seen,
        });
    }
    if !stale.is_empty() {
        connection.run(stale).await?;
    }
    Ok(found)
}

/// Whether each node is alive, and its last heartbeat.
async fn liveness(
    connection: &mut RedisConnection,
    names: BTreeSet<String>,
) -> RedisResult<HashMap<String, (bool, Option<i64>)>> {
    let mut questions = Vec::with_capacity(2 * names.len());
    for name in &names {
        let mut alive = ::redis::cmd("EXISTS");
        alive.arg(liveness_key(name));
        let mut last = ::redis::cmd("HGET");
        last.arg(HEARTBEATS).arg(name);
        questions.extend([alive, last]);
    }
    if questions.is_empty() {
        return Ok(HashMap::new());
    }
    let answers = connection.run(questions).await?;
    let found = names.into_iter().zip(answers.chunks_exact(2));
    found
        .map(|(name, answers)| {
            let alive = answers[0] == Value::Int(1);
            let last = Option::<i64>::from_redis_value(answers[1].clone())?;
            Ok((name, (alive, last)))
        })
        .collect()
}

fn user_key(uid: UserId) -> String {
    format!("tidings:on:{uid}")
}

fn seen_key(uid: UserId) -> String {
    format!("tidings:seen:{uid}")
}
