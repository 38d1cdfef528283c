//! Starts and stops a node.

mod cluster;

use crate::acceptor::Acceptor;
use crate::admission::{Admission, ConnectionLimiter};
use crate::app::{AppState, Lifecycle, Node};
use crate::auth::{Passwords, Throttle};
use crate::bus::Bus;
use crate::clock;
use crate::config::Config;
use crate::disk::Disk;
use crate::heartbeats::Heartbeats;
use crate::http;
use crate::hub::{Hub, watch_ended_sessions, watch_epoch};
use crate::metrics::Metrics;
use crate::presence::Presence;
use crate::store::{self, Committer, CursorWriter, LastUse, Receipts, Store};
use anyhow::Context;
use cluster::ClusterHandles;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

/// How long connections and requests may take to end after the drain.
const END_LIMIT: Duration = Duration::from_secs(10);
/// HTTP sockets in addition to the connections: those of requests, and those about to be refused.
const HTTP_SOCKETS: usize = 1024;
/// HTTP sockets per connection that an address may have: browsers open up to six.
const SOCKETS_A_CONNECTION: usize = 8;
/// Sockets on the operators' listener.
const OPERATOR_SOCKETS: usize = 64;

/// How long deregistering in Redis may take.
const DEREGISTER_LIMIT: Duration = Duration::from_secs(2);

/// Serves on `listener` until `drain` is cancelled. Then the node is not ready any more and accepts
/// nothing, answers pending requests, closes every connection with 1001, spread over `--drain-ms`,
/// stores every acknowledgement and closes the store.
///
/// # Errors
/// When the listener of `--metrics-listen` or the system's randomness fails.
///
/// Cancelling: dropping the future drops what was not committed; nothing answered is lost.
pub async fn serve(
    config: Config,
    store: Arc<dyn Store>,
    listener: TcpListener,
    drain: CancellationToken,
) -> anyhow::Result<()> {
    let operators = match config.metrics_listen {
        Some(address) => Some(TcpListener::bind(address).await.with_context(|| {
            format!("cannot listen on {address}; set --metrics-listen to another")
        })?),
        None => None,
    };
    let lifecycle = Lifecycle {
        drain: drain.clone(),
        connections: TaskTracker::new(),
    };
    let background = TaskTracker::new();
    let stop = CancellationToken::new();

    let first_id = getrandom::u64().context("no randomness for connection ids")?;
    let ClusterHandles {
        bus,
        presence,
        notices,
        tasks,
    } = ClusterHandles::new(&config)?;
    let metrics = Arc::new(Metrics::new(clock::now_ms(), bus.lag()));
    let per_user = config.max_connections_per_user;
    let (hub, hub_task) = Hub::new(
        Arc::clone(&bus),
        Arc::clone(&presence),
        first_id,
        per_user,
        notices,
    );
    let (committer, committer_task) = Committer::new(
        Arc::clone(&store),
        Arc::clone(&bus),
        Arc::clone(&metrics),
        stop.clone(),
    );
    let (receipts, receipts_task) =
        Receipts::new(Arc::clone(&store), Arc::clone(&bus), stop.clone());
    let (cursors, cursors_task) = CursorWriter::new(
        Arc::clone(&store),
        receipts.clone(),
        Arc::clone(&metrics),
        stop.clone(),
    );
    let (last_use, last_use_task) = LastUse::new(Arc::clone(&store), stop.clone());
    let hub_task = tokio::spawn(hub_task);
    background.spawn(committer_task);
    background.spawn(cursors_task);
    background.spawn(receipts_task);
    background.spawn(last_use_task);

    let file = store::file(&config.store.database_url);
    let (disk, disk_task) = Disk::new(file, config.limits.disk_floor_mb, stop.clone());
    background.spawn(disk_task);

    let app = AppState::new(Node {
        heartbeats: Heartbeats::new(config.heartbeat_bounds()),
        admission: Arc::new(Admission::new(&config)),
        config: Arc::new(config),
        store: Arc::clone(&store),
        bus: Arc::clone(&bus),
        presence: Arc::clone(&presence),
        hub,
        committer,
        cursors,
        receipts,
        last_use,
        passwords: Passwords::new()?,
        throttle: Throttle::default(),
        disk,
        metrics: Arc::clone(&metrics),
        lifecycle: lifecycle.clone(),
    });
    if let Some(listener) = operators {
        tracing::info!(address = %listener.local_addr()?, "operators are served");
        // Serves until the end, so that operators can observe the drain.
        let acceptor = Acceptor {
            router: http::operators(app.clone()),
            sockets: ConnectionLimiter::new(OPERATOR_SOCKETS, 0),
            trusted: Vec::new(),
            keep_alive: app.config.keep_alive(),
            metrics: Arc::clone(&metrics),
            drain: stop.clone(),
            drain_limit: Duration::ZERO,
        };
        background.spawn(acceptor.run(listener));
    }
    watch(&app, &background, &stop);
    background.close();
    serve_until_drained(listener, app).await;
    stop.cancel();
    if tokio::time::timeout(END_LIMIT, background.wait())
        .await
        .is_err()
    {
        tracing::warn!("some writes did not end in time");
    }
    deregister(presence.as_ref(), bus.as_ref()).await;
    hub_task.abort();
    drop(tasks);
    store.close().await;
    tracing::info!("ended");
    Ok(())
}

/// Starts the periodic tasks, which run until `stop`: for ended logins, a new epoch of the store, clock jumps, and the
/// eviction of replenished rate limits.
fn watch(app: &AppState, background: &TaskTracker, stop: &CancellationToken) {
    let ended_sessions =
        watch_ended_sessions(app.hub.clone(), Arc::clone(&app.store), stop.clone());
    background.spawn(ended_sessions);
    let epoch = watch_epoch(app.hub.clone(), Arc::clone(&app.store), stop.clone());
    background.spawn(epoch);
    background.spawn(stop.clone().run_until_cancelled_owned(clock::watch()));
    let app = app.clone();
    let evict = async move { app.admission.rate_limits.evict_idle().await };
    background.spawn(stop.clone().run_until_cancelled_owned(evict));
}

/// Deregisters this node in Redis. Otherwise the other nodes notice after its liveness key expires.
async fn deregister(presence: &dyn Presence, bus: &dyn Bus) {
    let deregistered = async {
        presence.flush().await;
        bus.deregister().await;
    };
    if tokio::time::timeout(DEREGISTER_LIMIT, deregistered)
        .await
        .is_err()
    {
        tracing::debug!("Redis was not told of the end; it will notice");
    }
}

/// The limit of HTTP sockets. A socket that becomes a connection gives its permit back.
fn socket_limiter(config: &Config) -> ConnectionLimiter {
    let max = config.max_connections + HTTP_SOCKETS;
    let each = config.max_connections_per_address * SOCKETS_A_CONNECTION;
    ConnectionLimiter::new(max, each)
}

async fn serve_until_drained(listener: TcpListener, app: AppState) {
    let Lifecycle { drain, connections } = app.lifecycle.clone();
    let limit = app.config.drain() + END_LIMIT;
    let acceptor = Acceptor {
        drain_limit: app.config.drain(),
        sockets: socket_limiter(&app.config),
        trusted: app.config.trusted_proxies.clone(),
        keep_alive: app.config.keep_alive(),
        metrics: Arc::clone(&app.metrics),
        router: http::router(app),
        drain: drain.clone(),
    };
    let accepting = tokio::spawn(acceptor.run(listener));
    drain.cancelled().await;
    tracing::info!(connections = connections.len(), "draining");
    connections.close();
    let ended = async {
        let accepted = accepting.await;
        connections.wait().await;
        accepted
    };
    match tokio::time::timeout(limit, ended).await {
        Ok(Ok(())) => {}
        Ok(Err(error)) => tracing::error!(%error, "the listener failed"),
        Err(_) => tracing::warn!("some requests did not end in time"),
    }
}
