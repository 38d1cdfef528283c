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
use std::collections::{BTreeMap, BTreeSet, HashMap};
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
/// How long it is remembered when a user was last seen, and which nodes they are on; no connection
/// lives so long, for its login ends before.
const REMEMBERED: Duration = Duration::from_hours(24 * 90);

/// Users whose leaving is remembered while Redis is away; of those beyond, Redis learns when the
/// node's own key expires.
const UNTOLD_MAX: usize = 1_000_000;

/// What Redis is to be told of a user.
#[derive(Debug, Clone, Copy)]
enum Word {
    /// Here since then, in ms since 1970.
    Here(i64),
    /// Gone since then.
    Gone(i64),
}

#[derive(Default)]
struct Local {
    /// Users with a connection here, since when.
    here: HashMap<UserId, i64>,
    /// What Redis does not know yet.
    untold: BTreeMap<UserId, Word>,
    /// Something is being written.
    writing: bool,
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
        let now = clock::now_ms();
        let mut local = self.local();
        local.here.insert(uid, now);
        local.untold.insert(uid, Word::Here(now));
        drop(local);
        self.changed.notify_one();
    }

    fn left(&self, uid: UserId) {
        let mut local = self.local();
        local.here.remove(&uid);
        if local.untold.len() < UNTOLD_MAX || local.untold.contains_key(&uid) {
            local.untold.insert(uid, Word::Gone(clock::now_ms()));
        }
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

    async fn settle(&self) {
        let settled = || {
            let local = self.local();
            local.untold.is_empty() && !local.writing
        };
        while !settled() {
            sleep(SETTLED_EVERY).await;
        }
    }
}

/// How often is looked whether all is written, by who waits for the end.
const SETTLED_EVERY: Duration = Duration::from_millis(20);

/// Writes what changed, a share at a time.
async fn run(mut ties: Ties, local: Arc<Mutex<Local>>, changed: Arc<Notify>) {
    loop {
        tokio::select! {
            () = changed.notified() => {}
            () = ties.forgotten.notified() => {
                let local = &mut *lock(&local);
                let here = local.here.iter().map(|(uid, since)| (*uid, Word::Here(*since)));
                local.untold.extend(here);
            }
        }
        loop {
            let Ok(wire) = ties.wire.wait_for(Option::is_some).await.map(|w| w.clone()) else {
                return;
            };
            let Some(mut wire) = wire else { continue };
            let share = take(&local);
            if share.is_empty() {
                break;
            }
            let written = wire.run(commands(&ties.node, &share)).await;
            let pause = if let Err(error) = written {
                tracing::debug!(%error, "presence not written yet");
                let untold = &mut lock(&local).untold;
                for (uid, word) in share {
                    // What happened meanwhile is the newer word.
                    untold.entry(uid).or_insert(word);
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

fn take(local: &Mutex<Local>) -> Vec<(UserId, Word)> {
    let mut local = lock(local);
    let mut share = Vec::new();
    while share.len() < SHARE
        && let Some(word) = local.untold.pop_first()
    {
        share.push(word);
    }
    local.writing = !share.is_empty();
    share
}

fn commands(node: &str, share: &[(UserId, Word)]) -> Vec<Cmd> {
    let mut commands = Vec::with_capacity(2 * share.len());
    for (uid, word) in share {
        match word {
            Word::Here(since) => {
                let mut here = ::redis::cmd("HSET");
                here.arg(user_key(*uid)).arg(node).arg(*since);
                // What a dead node said goes one day, though nobody asks for it.
                let mut expiry = ::redis::cmd("EXPIRE");
                expiry.arg(user_key(*uid)).arg(REMEMBERED.as_secs());
                commands.extend([here, expiry]);
            }
            Word::Gone(since) => {
                let mut gone = ::redis::cmd("HDEL");
                gone.arg(user_key(*uid)).arg(node);
                commands.extend([gone, saw(*uid, *since)]);
            }
        }
    }
    commands
}

fn saw(uid: UserId, at: i64) -> Cmd {
    let mut seen = ::redis::cmd("SET");
    seen.arg(seen_key(uid)).arg(at);
    seen.arg("EX").arg(REMEMBERED.as_secs());
    seen
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
        let any_dead = !dead.is_empty();
        for node in dead {
            last_seen = last_seen.max(beats.get(&node).and_then(|(_, last)| *last));
            let mut gone = ::redis::cmd("HDEL");
            gone.arg(user_key(uid)).arg(node);
            stale.push(gone);
        }
        // Kept, because the node's word that is removed below is all that told of it.
        if any_dead && let Some(last) = last_seen {
            stale.push(saw(uid, last));
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
