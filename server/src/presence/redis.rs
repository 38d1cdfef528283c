//! Presence on many nodes, in Redis.
//!
//! A user's hash names the nodes that have a connection of theirs; a node's word counts while the
//! node lives, which its own key with an expiry says. So the users of a dead node go offline by
//! themselves, and nothing has to be refreshed for each of them.

use super::{Presence, Unknown};
use crate::bus::redis::{BEATS, Wire, life_key};
use crate::clock;
use ::redis::{Cmd, FromRedisValue, RedisResult, Value};
use async_trait::async_trait;
use std::collections::{BTreeSet, HashMap};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tidings_shared::{UserId, api};
use tokio::sync::{Notify, watch};
use tokio::time::sleep;

/// Users written at once, and the pause between: a node that comes back tells of 10,000 users in
/// four seconds.
const SHARE: usize = 250;
const PAUSE: Duration = Duration::from_millis(100);
/// From a failed write to the next attempt.
const RETRY: Duration = Duration::from_secs(1);
/// How long it is remembered when a user was last seen.
const REMEMBERED: Duration = Duration::from_hours(24 * 90);

#[derive(Default)]
struct Local {
    /// Users with a connection here, since when.
    here: HashMap<UserId, i64>,
    /// Users whose state Redis does not know yet.
    untold: BTreeSet<UserId>,
}

/// The node's users in Redis. Bounded by the connections of the node.
pub struct RedisPresence {
    local: Arc<Mutex<Local>>,
    changed: Arc<Notify>,
    wire: watch::Receiver<Option<Wire>>,
}

/// What it needs: this node's name, the connection to Redis, and word that Redis forgot all.
pub struct Ties {
    /// The name whose [`life_key`] says that this node lives.
    pub node: String,
    /// The connection, while there is one.
    pub wire: watch::Receiver<Option<Wire>>,
    /// Told when everything is to be told anew.
    pub forgotten: Arc<Notify>,
}

impl RedisPresence {
    /// Presence and the task that writes it, which ends when it is dropped.
    pub fn new(ties: Ties) -> (Self, impl Future<Output = ()>) {
        let presence = Self {
            local: Arc::default(),
            changed: Arc::default(),
            wire: ties.wire.clone(),
        };
        let (local, changed) = (Arc::clone(&presence.local), Arc::clone(&presence.changed));
        (presence, run(ties, local, changed))
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
    fn arrived(&self, uid: UserId) {
        let mut local = self.local();
        local.here.insert(uid, clock::now_ms());
        local.untold.insert(uid);
        drop(local);
        self.changed.notify_one();
    }

    fn left(&self, uid: UserId) {
        let mut local = self.local();
        local.here.remove(&uid);
        local.untold.insert(uid);
        drop(local);
        self.changed.notify_one();
    }

    async fn lookup(&self, uids: &[UserId]) -> Result<Vec<api::Presence>, Unknown> {
        let Some(mut wire) = self.wire.borrow().clone() else {
            return Err(Unknown);
        };
        let sightings = sightings(&mut wire, uids).await.map_err(|error| {
            tracing::warn!(%error, "presence cannot be read");
            Unknown
        })?;
        let local = self.local();
        let told = sightings.into_iter().map(|sighting| api::Presence {
            uid: sighting.uid,
            // Maybe not told to Redis yet.
            online: !sighting.nodes.is_empty() || local.here.contains_key(&sighting.uid),
            last_seen: sighting.last_seen,
        });
        Ok(told.collect())
    }
}

/// Writes what changed, a share at a time.
async fn run(mut ties: Ties, local: Arc<Mutex<Local>>, changed: Arc<Notify>) {
    loop {
        tokio::select! {
            () = changed.notified() => {}
            () = ties.forgotten.notified() => {
                let mut local = lock(&local);
                let here: Vec<UserId> = local.here.keys().copied().collect();
                local.untold.extend(here);
            }
        }
        loop {
            let share = take(&local);
            if share.is_empty() {
                break;
            }
            let Ok(mut wire) = ties.wire.wait_for(Option::is_some).await.map(|w| w.clone()) else {
                return;
            };
            let Some(wire) = &mut wire else { continue };
            if let Err(error) = wire.run(commands(&ties.node, &share)).await {
                tracing::debug!(%error, "presence not written yet");
                let uids = share.into_iter().map(|(uid, _)| uid);
                lock(&local).untold.extend(uids);
                sleep(RETRY).await;
            } else {
                sleep(PAUSE).await;
            }
        }
    }
}

fn take(local: &Mutex<Local>) -> Vec<(UserId, Option<i64>)> {
    let mut local = lock(local);
    let mut share = Vec::new();
    while share.len() < SHARE
        && let Some(uid) = local.untold.pop_first()
    {
        share.push((uid, local.here.get(&uid).copied()));
    }
    share
}

fn commands(node: &str, share: &[(UserId, Option<i64>)]) -> Vec<Cmd> {
    let mut commands = Vec::with_capacity(2 * share.len());
    for (uid, since) in share {
        if let Some(since) = since {
            let mut here = ::redis::cmd("HSET");
            here.arg(user_key(*uid)).arg(node).arg(*since);
            commands.push(here);
            continue;
        }
        let mut gone = ::redis::cmd("HDEL");
        gone.arg(user_key(*uid)).arg(node);
        let mut seen = ::redis::cmd("SET");
        seen.arg(seen_key(*uid)).arg(clock::now_ms());
        seen.arg("EX").arg(REMEMBERED.as_secs());
        commands.extend([gone, seen]);
    }
    commands
}

/// How a user stands, for operators.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sighting {
    /// Who.
    pub uid: UserId,
    /// The nodes that have a connection of theirs and live.
    pub nodes: Vec<String>,
    /// When they were last seen, in ms since 1970; on a dead node when that last showed life.
    pub last_seen: Option<i64>,
}

/// How users stand; the words of dead nodes are removed by the way.
///
/// # Errors
/// When Redis cannot be reached.
pub async fn sightings(wire: &mut Wire, uids: &[UserId]) -> RedisResult<Vec<Sighting>> {
    let mut questions = Vec::with_capacity(2 * uids.len());
    for uid in uids {
        let mut nodes = ::redis::cmd("HKEYS");
        nodes.arg(user_key(*uid));
        let mut seen = ::redis::cmd("GET");
        seen.arg(seen_key(*uid));
        questions.extend([nodes, seen]);
    }
    let answers = wire.run(questions).await?;
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
    let beats = beats(wire, names).await?;

    let mut stale = Vec::new();
    let mut sightings = Vec::with_capacity(users.len());
    for (uid, nodes, mut last_seen) in users {
        let (live, dead): (Vec<_>, Vec<_>) = nodes
            .into_iter()
            .partition(|node| beats.get(node).is_some_and(|(alive, _)| *alive));
        for node in dead {
            last_seen = last_seen.max(beats.get(&node).and_then(|(_, last)| *last));
            let mut gone = ::redis::cmd("HDEL");
            gone.arg(user_key(uid)).arg(node);
            stale.push(gone);
        }
        // Kept, because the node's word that is removed below is all that told of it.
        if live.is_empty()
            && !stale.is_empty()
            && let Some(last) = last_seen
        {
            let mut seen = ::redis::cmd("SET");
            seen.arg(seen_key(uid)).arg(last);
            seen.arg("EX").arg(REMEMBERED.as_secs());
            stale.push(seen);
        }
        sightings.push(Sighting {
            uid,
            nodes: live,
            last_seen,
        });
    }
    if !stale.is_empty() {
        wire.run(stale).await?;
    }
    Ok(sightings)
}

/// Whether each node lives, and when it last showed it.
async fn beats(
    wire: &mut Wire,
    names: BTreeSet<String>,
) -> RedisResult<HashMap<String, (bool, Option<i64>)>> {
    let mut questions = Vec::with_capacity(2 * names.len());
    for name in &names {
        let mut alive = ::redis::cmd("EXISTS");
        alive.arg(life_key(name));
        let mut last = ::redis::cmd("HGET");
        last.arg(BEATS).arg(name);
        questions.extend([alive, last]);
    }
    if questions.is_empty() {
        return Ok(HashMap::new());
    }
    let answers = wire.run(questions).await?;
    let told = names.into_iter().zip(answers.chunks_exact(2));
    told.map(|(name, answers)| {
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
