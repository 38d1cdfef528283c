//! A node from its first to its last moment.

use crate::app::AppState;
use crate::auth::{Passwords, Throttle};
use crate::bus::{Bus, MemoryBus, Notice, RedisBus, redis};
use crate::config::Config;
use crate::gateway::{Heartbeats, Hub};
use crate::http;
use crate::presence::{self, MemoryPresence, Presence, RedisPresence};
use crate::store::{Committer, Positions, Store};
use anyhow::Context;
use axum::serve::ListenerExt;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

/// How long connections and requests may take to end after the drain began.
const DRAIN_LIMIT: Duration = Duration::from_secs(10);

/// How long other nodes may take to be told of the end.
const FAREWELL_LIMIT: Duration = Duration::from_secs(2);

/// What ends a node: `drain` asks everything to finish and say goodbye. axum does not wait for
/// upgraded sockets, so `connections` does.
#[derive(Clone, Default)]
pub struct Lifecycle {
    /// Cancelled when the node is to end.
    pub drain: CancellationToken,
    /// Every open connection.
    pub connections: TaskTracker,
}

/// Serves on `listener` until `drain` is cancelled, then answers what was asked, closes every
/// connection with 1001, stores every acknowledgement and closes the store.
///
/// # Errors
/// When the listener or the system's randomness fails.
///
/// Cancelling: dropping the future drops what was not committed; nothing answered is lost.
pub async fn serve(
    config: Config,
    store: Arc<dyn Store>,
    listener: TcpListener,
    drain: CancellationToken,
) -> anyhow::Result<()> {
    let lifecycle = Lifecycle {
        drain: drain.clone(),
        connections: TaskTracker::new(),
    };
    let background = TaskTracker::new();
    let stop = CancellationToken::new();

    let first_id = getrandom::u64().context("no randomness for connection ids")?;
    let Links {
        bus,
        presence,
        notices,
        tasks,
    } = Links::new(&config)?;
    let (hub, hub_task) = Hub::new(Arc::clone(&bus), Arc::clone(&presence), first_id, notices);
    let (committer, committer_task) =
        Committer::new(Arc::clone(&store), Arc::clone(&bus), stop.clone());
    let (positions, positions_task) = Positions::new(Arc::clone(&store), stop.clone());
    let hub_task = tokio::spawn(hub_task);
    background.spawn(committer_task);
    background.spawn(positions_task);
    background.close();

    let app = AppState {
        heartbeats: Heartbeats::new(config.heartbeat_bounds()),
        config: Arc::new(config),
        store: Arc::clone(&store),
        bus: Arc::clone(&bus),
        presence: Arc::clone(&presence),
        hub,
        committer,
        positions,
        passwords: Passwords::new()?,
        throttle: Throttle::default(),
        lifecycle: lifecycle.clone(),
    };
    serve_until_drained(listener, http::router(app), &lifecycle).await?;
    stop.cancel();
    if tokio::time::timeout(DRAIN_LIMIT, background.wait())
        .await
        .is_err()
    {
        tracing::warn!("some writes did not end in time");
    }
    let farewell = async {
        presence.settle().await;
        bus.retire().await;
    };
    if tokio::time::timeout(FAREWELL_LIMIT, farewell)
        .await
        .is_err()
    {
        tracing::debug!("Redis was not told of the end; it will notice");
    }
    hub_task.abort();
    drop(tasks);
    store.close().await;
    tracing::info!("ended");
    Ok(())
}

/// What ties this node to others, or to itself alone.
struct Links {
    bus: Arc<dyn Bus>,
    presence: Arc<dyn Presence>,
    notices: mpsc::Receiver<Notice>,
    /// Ended when dropped.
    tasks: JoinSet<()>,
}

impl Links {
    fn new(config: &Config) -> anyhow::Result<Self> {
        let mut tasks = JoinSet::new();
        let Some(url) = &config.redis_url else {
            let (bus, notices) = MemoryBus::new();
            return Ok(Self {
                bus: Arc::new(bus),
                presence: Arc::new(MemoryPresence::default()),
                notices,
                tasks,
            });
        };
        let address = redis::Address::parse(url)?;
        let node = redis::Node::new(address, config.node_name.as_deref())?;
        let name = node.name.clone();
        let (bus, notices, session) = RedisBus::new(node);
        let ties = presence::Ties {
            node: name.clone(),
            wire: bus.commands(),
            forgotten: bus.forgotten(),
        };
        let (presence, writing) = RedisPresence::new(ties);
        tasks.spawn(session);
        tasks.spawn(writing);
        tracing::info!(node = name, "one of many nodes");
        Ok(Self {
            bus: Arc::new(bus),
            presence: Arc::new(presence),
            notices,
            tasks,
        })
    }
}

async fn serve_until_drained(
    listener: TcpListener,
    router: axum::Router,
    lifecycle: &Lifecycle,
) -> anyhow::Result<()> {
    let drain = &lifecycle.drain;
    // Without this a second small frame waits for the acknowledgement of the first, some 40 ms
    // (Nagle's algorithm against delayed acknowledgements, RFC 9293 §3.7.4).
    let listener = listener.tap_io(|stream| {
        if let Err(error) = stream.set_nodelay(true) {
            tracing::debug!(%error, "no TCP_NODELAY");
        }
    });
    let service = router.into_make_service_with_connect_info::<SocketAddr>();
    let serving =
        axum::serve(listener, service).with_graceful_shutdown(drain.clone().cancelled_owned());
    let mut serving = std::pin::pin!(serving.into_future());
    tokio::select! {
        result = &mut serving => return result.context("the listener failed"),
        () = drain.cancelled() => {}
    }
    tracing::info!(connections = lifecycle.connections.len(), "draining");
    lifecycle.connections.close();
    let ended = async {
        lifecycle.connections.wait().await;
        serving.await
    };
    if let Ok(result) = tokio::time::timeout(DRAIN_LIMIT, ended).await {
        return result.context("the listener failed");
    }
    tracing::warn!("some requests did not end in time");
    Ok(())
}
