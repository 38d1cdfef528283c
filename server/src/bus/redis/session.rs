//! One connection to Redis after the other, for ever: subscribe, publish, and notice when it is
//! gone.
//!
//! A session has a connection that subscribes and one that publishes; when either is lost, refused
//! or silent, both are dropped and a new session begins. Whatever may have been missed is a gap,
//! for this node's connections and, because nobody knows what of ours was published, for all other
//! nodes. Nothing here waits for a client's socket.

use super::channel;
use super::outbound::Outbound;
use super::payload::{NodeId, decode, encode};
use super::peers::Peers;
use super::stats::BusStats;
use super::topics::Topics;
use super::wire::{Address, Wire};
use crate::bus::{Event, Notice, Publication, Topic};
use crate::clock;
use redis::{ErrorKind, PushInfo, PushKind, RedisError, RedisResult, Value};
use std::collections::HashSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use tokio::sync::{mpsc, watch};
use tokio::time::{Instant, interval, sleep};

/// From one sign of life asked of both connections to the next.
const PING_EVERY: Duration = Duration::from_secs(2);
/// Pushes of Redis that may wait to be handed to the hub; beyond this they are lost, and a gap is
/// noticed.
const ARRIVALS: usize = 8 * 1024;
/// Channels in one command.
const CHANNELS: usize = 500;
/// The first and the longest wait before the next attempt.
const BACKOFF: [Duration; 2] = [Duration::from_millis(100), Duration::from_secs(3)];
/// While Redis is away, this node's connections look into the store so often.
const LOOK_EVERY: Duration = Duration::from_secs(5);
/// Changes of topics are gathered for so long, which spares a command for each of a crowd.
const GATHER: Duration = Duration::from_millis(1);

/// What a session needs and leaves to the next one.
pub(super) struct Session {
    pub(super) address: Address,
    pub(super) node: NodeId,
    pub(super) topics: Arc<Topics>,
    pub(super) outbound: Arc<Outbound>,
    pub(super) hub: mpsc::Sender<Notice>,
    pub(super) stats: Arc<BusStats>,
    pub(super) peers: Peers,
    /// The connection for other commands, while there is one.
    pub(super) commands: watch::Sender<Option<Wire>>,
    /// When the connections looked into the store last because Redis is away.
    pub(super) looked: Option<Instant>,
}

/// What Redis pushed, gathered where nothing may block.
struct Arrivals {
    queue: mpsc::Sender<PushInfo>,
    /// Something found no room.
    missed: AtomicBool,
    /// The connection, or a part of it, is gone.
    gone: watch::Sender<bool>,
    topics: Arc<Topics>,
}

impl Arrivals {
    fn push(&self, info: PushInfo) {
        // A cluster that moves a slot unsubscribes from its channels unasked.
        let unasked = || {
            let name = match info.data.first() {
                Some(Value::BulkString(name)) => channel::topic(name),
                _ => None,
            };
            name.is_some_and(|topic| self.topics.wants(topic))
        };
        if info.kind == PushKind::Disconnection
            || (info.kind == PushKind::SUnsubscribe && unasked())
        {
            self.gone.send_replace(true);
        }
        let carries = matches!(info.kind, PushKind::Message | PushKind::SMessage);
        if carries && self.queue.try_send(info).is_err() {
            self.missed.store(true, Ordering::Release);
        }
    }
}

impl Session {
    /// Runs sessions until dropped.
    pub(super) async fn run(mut self) {
        let mut failures = 0_u32;
        loop {
            let error = match self.serve().await {
                Ok(never) => match never {},
                Err(error) => error,
            };
            let was_connected = self.stats.connected.swap(false, Ordering::AcqRel);
            self.commands.send_replace(None);
            self.outbound.close();
            self.topics.close();
            BusStats::count(&self.stats.losses);
            // Once an outage, not once an attempt.
            if was_connected || failures == 0 {
                tracing::warn!(%error, "cut off from Redis; other nodes' messages arrive late");
            }
            failures = if was_connected {
                1
            } else {
                failures.saturating_add(1)
            };
            self.wait(backoff(failures)).await;
        }
    }

    /// Waits for the next attempt. Meanwhile this node's connections look into the store now and
    /// then: other nodes may have committed something for them.
    async fn wait(&mut self, time: Duration) {
        if self.looked.is_none_or(|at| at.elapsed() >= LOOK_EVERY) {
            self.looked = Some(Instant::now());
            gap(&self.hub, &self.stats);
        }
        sleep(time).await;
    }

    /// One session; returns why it ended.
    async fn serve(&mut self) -> RedisResult<std::convert::Infallible> {
        let (queue, arrived) = mpsc::channel(ARRIVALS);
        let (gone, mut is_gone) = watch::channel(false);
        let arrivals = Arc::new(Arrivals {
            queue,
            missed: AtomicBool::new(false),
            gone,
            topics: Arc::clone(&self.topics),
        });
        let for_pushes = Arc::clone(&arrivals);
        let mut subscriber = self
            .address
            .connect(move |info| for_pushes.push(info))
            .await?;
        let mut publisher = self.address.open().await?;

        let mut known: HashSet<Topic> = self.topics.open().into_iter().collect();
        subscriber.subscribe(&[channel::NODES.to_owned()]).await?;
        let names: Vec<String> = known.iter().copied().map(channel::name).collect();
        for names in names.chunks(CHANNELS) {
            subscriber.subscribe(names).await?;
        }
        self.outbound.open();
        let for_all = encode(self.node, clock::now_ms(), &Event::Gap);
        publisher
            .publish(&[(channel::NODES.to_owned(), for_all)])
            .await?;
        self.peers.beat(&mut publisher).await?;
        self.commands.send_replace(Some(publisher.clone()));
        self.stats.connected.store(true, Ordering::Release);
        gap(&self.hub, &self.stats);
        tracing::info!(topics = known.len(), "connected to Redis");

        let Self {
            node,
            topics,
            outbound,
            hub,
            stats,
            peers,
            ..
        } = self;
        tokio::select! {
            error = keep_topics(topics, subscriber.clone(), &mut known) => Err(error),
            error = publish(*node, outbound, stats, publisher.clone()) => Err(error),
            error = ping([subscriber, publisher.clone()]) => Err(error),
            error = peers.watch(publisher, hub, stats) => Err(error),
            error = hand_on(*node, arrived, &arrivals, hub, stats) => Err(error),
            _ = is_gone.wait_for(|gone| *gone) => Err(lost("the connection is gone")),
        }
    }
}

/// Tells Redis what topics are wanted, as that changes.
async fn keep_topics(topics: &Topics, mut wire: Wire, known: &mut HashSet<Topic>) -> RedisError {
    loop {
        topics.changed().await;
        sleep(GATHER).await;
        let changes = topics.changes(known);
        let names = |topics: Vec<Topic>| topics.into_iter().map(channel::name).collect::<Vec<_>>();
        for names in names(changes.remove).chunks(CHANNELS) {
            if let Err(error) = wire.unsubscribe(names).await {
                return error;
            }
        }
        for names in names(changes.add).chunks(CHANNELS) {
            if let Err(error) = wire.subscribe(names).await {
                return error;
            }
        }
        for told in changes.waiting {
            // Who gave up waiting needs no answer.
            let _ = told.send(());
        }
    }
}

/// Publishes what is queued, a batch at a time.
async fn publish(
    node: NodeId,
    outbound: &Outbound,
    stats: &BusStats,
    mut wire: Wire,
) -> RedisError {
    loop {
        let mut batch = outbound.next().await;
        if batch.overflown {
            let for_all = encode(node, clock::now_ms(), &Event::Gap);
            batch.items.push((channel::NODES.to_owned(), for_all));
        }
        if let Err(error) = wire.publish(&batch.items).await {
            BusStats::add(&stats.dropped, batch.items.len());
            return error;
        }
        BusStats::add(&stats.published, batch.items.len());
    }
}

/// Asks both connections for a sign of life; a Redis that is stopped answers nothing.
async fn ping(mut wires: [Wire; 2]) -> RedisError {
    let mut ticks = interval(PING_EVERY);
    loop {
        ticks.tick().await;
        for wire in &mut wires {
            if let Err(error) = redis::cmd("PING").query_async::<Value>(wire).await {
                return error;
            }
        }
    }
}

/// Hands what arrived to the hub.
async fn hand_on(
    node: NodeId,
    mut arrived: mpsc::Receiver<PushInfo>,
    arrivals: &Arrivals,
    hub: &mpsc::Sender<Notice>,
    stats: &BusStats,
) -> RedisError {
    while let Some(info) = arrived.recv().await {
        let notice = notice(node, &info, stats);
        if arrivals.missed.swap(false, Ordering::AcqRel) {
            BusStats::count(&stats.gaps);
            if hub.send(Notice::Gap).await.is_err() {
                break;
            }
        }
        if let Some(notice) = notice
            && hub.send(notice).await.is_err()
        {
            break;
        }
    }
    lost("the hub has ended")
}

/// What a push of Redis means; `None`: nothing, or what this node published itself.
fn notice(node: NodeId, info: &PushInfo, stats: &BusStats) -> Option<Notice> {
    let [Value::BulkString(name), Value::BulkString(payload)] = &info.data[..] else {
        return None;
    };
    let received = match decode(payload) {
        Ok(received) if received.node == node => return None,
        Ok(received) => received,
        Err(error) => {
            BusStats::count(&stats.unreadable);
            tracing::debug!(%error, "an unreadable payload");
            return None;
        }
    };
    BusStats::count(&stats.received);
    let lag = clock::now_ms().saturating_sub(received.published_at);
    let lag = u64::try_from(lag).unwrap_or_default();
    stats.lag.time(Duration::from_millis(lag));
    match (channel::topic(name), received.event) {
        (None, Event::Gap) => {
            BusStats::count(&stats.gaps);
            Some(Notice::Gap)
        }
        (None, _) => None,
        (Some(topic), event) => Some(Notice::Events(vec![Publication {
            topics: vec![topic],
            event: Arc::new(event),
        }])),
    }
}

/// Has this node's connections look into the store. A full queue is left alone: what fills it are
/// events, and the next look comes.
pub(super) fn gap(hub: &mpsc::Sender<Notice>, stats: &BusStats) {
    BusStats::count(&stats.gaps);
    let _ = hub.try_send(Notice::Gap);
}

fn backoff(attempts: u32) -> Duration {
    let [first, longest] = BACKOFF;
    let bound = first.saturating_mul(1 << attempts.min(10)).min(longest);
    // Half of it for sure, the other half spread by chance, so that nodes come back one by one.
    let chance = getrandom::u32().unwrap_or(u32::MAX / 2);
    bound / 2 + bound.mul_f64(f64::from(chance) / f64::from(u32::MAX) / 2.0)
}

fn lost(words: &'static str) -> RedisError {
    RedisError::from((ErrorKind::Io, words))
}
