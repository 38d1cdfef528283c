//! Runs sessions with Redis, one after the other, for ever: subscribes, publishes, and detects a
//! lost connection.
//!
//! A session has a subscriber connection and a publisher connection; when either is lost, refused
//! or silent, both are dropped and a new session begins. Whatever may have been missed leads to a
//! resync: of this node's connections and, because it is unknown which publications got through, of
//! all other nodes. Nothing here waits for a client's socket.

use super::channel;
use super::connection::{Address, RedisConnection};
use super::outbound::Outbound;
use super::payload::{NodeId, decode, encode};
use super::peers::Peers;
use super::stats::BusStats;
use super::topics::Topics;
use crate::clock;
use crate::domain::{BusEvent, Notice, Publication, Topic};
use redis::{ErrorKind, PushInfo, PushKind, RedisError, RedisResult, Value};
use std::collections::HashSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use tokio::sync::{mpsc, watch};
use tokio::time::{Instant, interval, sleep};

/// Interval of PINGs on both connections.
const PING_EVERY: Duration = Duration::from_secs(2);
/// Pushes from Redis that may wait for the hub; further ones are dropped, followed by a resync.
const PUSH_QUEUE: usize = 8 * 1024;
/// Channels in one command.
const CHANNELS_PER_COMMAND: usize = 500;
/// First and longest backoff.
const BACKOFF: [Duration; 2] = [Duration::from_millis(100), Duration::from_secs(3)];
/// Interval at which this node's connections resync from the store while Redis is down.
const RESYNC_INTERVAL: Duration = Duration::from_secs(5);
/// How long topic changes are collected, to subscribe many with one command.
const SUBSCRIBE_DELAY: Duration = Duration::from_millis(1);

/// State kept across sessions.
pub(super) struct Session {
    pub(super) address: Address,
    pub(super) node: NodeId,
    pub(super) topics: Arc<Topics>,
    pub(super) outbound: Arc<Outbound>,
    pub(super) hub: mpsc::Sender<Notice>,
    pub(super) stats: Arc<BusStats>,
    pub(super) peers: Peers,
    /// The connection for other commands, while there is one.
    pub(super) commands: watch::Sender<Option<RedisConnection>>,
    /// When the connections last resynced because Redis is down.
    pub(super) last_resync: Option<Instant>,
}

/// The queue of pushes from Redis, filled from a callback that must not block.
struct PushQueue {
    queue: mpsc::Sender<PushInfo>,
    /// A push was dropped because the queue was full.
    overflowed: AtomicBool,
    /// The connection, or a part of it, was lost.
    disconnected: watch::Sender<bool>,
    topics: Arc<Topics>,
}

impl PushQueue {
    fn push(&self, info: PushInfo) {
        // A cluster that moves a slot unsubscribes its channels unasked.
        let is_wanted = || {
            let name = match info.data.first() {
                Some(Value::BulkString(name)) => channel::topic(name),
                _ => None,
            };
            name.is_some_and(|topic| self.topics.is_subscribed(topic))
        };
        if info.kind == PushKind::Disconnection
            || (info.kind == PushKind::SUnsubscribe && is_wanted())
        {
            self.disconnected.send_replace(true);
        }
        let is_message = matches!(info.kind, PushKind::Message | PushKind::SMessage);
        if is_message && self.queue.try_send(info).is_err() {
            self.overflowed.store(true, Ordering::Release);
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
            // Logged once per outage, not per attempt.
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

    /// Waits for the next attempt. Meanwhile this node's connections resync periodically: other
    /// nodes may have committed messages for them.
    async fn wait(&mut self, time: Duration) {
        if self
            .last_resync
            .is_none_or(|at| at.elapsed() >= RESYNC_INTERVAL)
        {
            self.last_resync = Some(Instant::now());
            resync(&self.hub, &self.stats);
        }
        sleep(time).await;
    }

    /// Runs one session; returns why it ended.
    async fn serve(&mut self) -> RedisResult<std::convert::Infallible> {
        let (queue, push_receiver) = mpsc::channel(PUSH_QUEUE);
        let (disconnected, mut is_disconnected) = watch::channel(false);
        let pushes = Arc::new(PushQueue {
            queue,
            overflowed: AtomicBool::new(false),
            disconnected,
            topics: Arc::clone(&self.topics),
        });
        let push_sink = Arc::clone(&pushes);
        let mut subscriber = self
            .address
            .connect(move |info| push_sink.push(info))
            .await?;
        let mut publisher = self.address.open().await?;

        let mut known: HashSet<Topic> = self.topics.open().into_iter().collect();
        subscriber.subscribe(&[channel::NODES.to_owned()]).await?;
        let names: Vec<String> = known.iter().copied().map(channel::name).collect();
        for names in names.chunks(CHANNELS_PER_COMMAND) {
            subscriber.subscribe(names).await?;
        }
        self.outbound.open();
        let resync_payload = encode(self.node, clock::now_ms(), &BusEvent::Resync);
        publisher
            .publish(&[(channel::NODES.to_owned(), resync_payload)])
            .await?;
        self.peers.send_heartbeat(&mut publisher).await?;
        self.commands.send_replace(Some(publisher.clone()));
        self.stats.connected.store(true, Ordering::Release);
        resync(&self.hub, &self.stats);
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
            error = forward_pushes(*node, push_receiver, &pushes, hub, stats) => Err(error),
            _ = is_disconnected.wait_for(|disconnected| *disconnected) => Err(connection_lost("the connection is gone")),
        }
    }
}

/// Subscribes and unsubscribes topics at Redis as the set changes.
async fn keep_topics(
    topics: &Topics,
    mut connection: RedisConnection,
    known: &mut HashSet<Topic>,
) -> RedisError {
    loop {
        topics.changed().await;
        sleep(SUBSCRIBE_DELAY).await;
        let changes = topics.changes(known);
        let names = |topics: Vec<Topic>| topics.into_iter().map(channel::name).collect::<Vec<_>>();
        for names in names(changes.remove).chunks(CHANNELS_PER_COMMAND) {
            if let Err(error) = connection.unsubscribe(names).await {
                return error;
            }
        }
        for names in names(changes.add).chunks(CHANNELS_PER_COMMAND) {
            if let Err(error) = connection.subscribe(names).await {
                return error;
            }
        }
        for confirm in changes.waiters {
            // A waiter that was cancelled is ignored.
            let _ = confirm.send(());
        }
    }
}

/// Publishes what is queued, a batch at a time.
async fn publish(
    node: NodeId,
    outbound: &Outbound,
    stats: &BusStats,
    mut connection: RedisConnection,
) -> RedisError {
    loop {
        let mut batch = outbound.next().await;
        if batch.overflowed {
            let resync_payload = encode(node, clock::now_ms(), &BusEvent::Resync);
            batch
                .items
                .push((channel::NODES.to_owned(), resync_payload));
        }
        if let Err(error) = connection.publish(&batch.items).await {
            BusStats::add(&stats.dropped, batch.items.len());
            return error;
        }
        BusStats::add(&stats.published, batch.items.len());
    }
}

/// Pings both connections: a stopped Redis keeps them open but does not reply.
async fn ping(mut connections: [RedisConnection; 2]) -> RedisError {
    let mut ticks = interval(PING_EVERY);
    loop {
        ticks.tick().await;
        for connection in &mut connections {
            if let Err(error) = redis::cmd("PING").query_async::<Value>(connection).await {
                return error;
            }
        }
    }
}

/// Forwards pushes to the hub.
async fn forward_pushes(
    node: NodeId,
    mut push_receiver: mpsc::Receiver<PushInfo>,
    pushes: &PushQueue,
    hub: &mpsc::Sender<Notice>,
    stats: &BusStats,
) -> RedisError {
    while let Some(info) = push_receiver.recv().await {
        let notice = notice(node, &info, stats);
        if pushes.overflowed.swap(false, Ordering::AcqRel) {
            BusStats::count(&stats.resyncs);
            if hub.send(Notice::Resync).await.is_err() {
                break;
            }
        }
        if let Some(notice) = notice
            && hub.send(notice).await.is_err()
        {
            break;
        }
    }
    connection_lost("the hub has ended")
}

/// Decodes a push; `None` if it is of another kind or was published by this node.
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
        (None, BusEvent::Resync) => {
            BusStats::count(&stats.resyncs);
            Some(Notice::Resync)
        }
        (None, _) => None,
        (Some(topic), event) => Some(Notice::Events(vec![Publication {
            topics: vec![topic],
            event: Arc::new(event),
        }])),
    }
}

/// Makes this node's connections resync from the store. Skipped when the hub's queue is full: it
/// holds events, and the next resync follows.
pub(super) fn resync(hub: &mpsc::Sender<Notice>, stats: &BusStats) {
    BusStats::count(&stats.resyncs);
    let _ = hub.try_send(Notice::Resync);
}

fn backoff(attempts: u32) -> Duration {
    let [first, longest] = BACKOFF;
    let bound = first.saturating_mul(1 << attempts.min(10)).min(longest);
    // Half fixed, half random jitter, so that nodes do not reconnect at once.
    let chance = getrandom::u32().unwrap_or(u32::MAX / 2);
    bound / 2 + bound.mul_f64(f64::from(chance) / f64::from(u32::MAX) / 2.0)
}

fn connection_lost(reason: &'static str) -> RedisError {
    RedisError::from((ErrorKind::Io, reason))
}
