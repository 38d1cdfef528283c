//! Metrics kept elsewhere, sampled when all are read.

use super::bus::BusFigures;
use super::histogram::Histogram;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::registry::Registry;
use std::sync::atomic::Ordering;

type Labels<const N: usize> = [(&'static str, &'static str); N];

/// Open and idle connections of a pool.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PoolUse {
    /// Which pool.
    pub pool: &'static str,
    /// Open.
    pub open: u32,
    /// Open and not in use.
    pub idle: u32,
}

/// Gauges and counters that are set, not incremented.
#[derive(Debug)]
pub struct Samples {
    /// Sends that wait for a commit.
    pub commit_queue: Gauge,
    /// Pending cursors that wait for the store.
    pub positions_waiting: Gauge,
    /// Passwords being hashed or waiting.
    pub hashes_in_progress: Gauge,
    /// Sockets that speak HTTP, those about to become connections included.
    pub http_sockets: Gauge,
    /// Binds in progress.
    pub binds_in_progress: Gauge,
    /// Binds that wait for a permit.
    pub binds_waiting: Gauge,
    /// 1 while the node drains.
    pub draining: Gauge,
    /// Bytes free on the disk of a SQLite file; 0: not read.
    pub disk_free: Gauge,
    /// 1 while new data is refused because the disk is nearly full.
    pub disk_full: Gauge,
    /// Errors of `accept`, such as too many open files.
    pub accept_errors: Counter,
    hashes_refused: Counter,
    refused: Family<Labels<1>, Counter>,
    pools: Family<Labels<2>, Gauge>,
    bus_connected: Gauge,
    bus: [Counter; 6],
}

impl Samples {
    pub(super) fn new(registry: &mut Registry, bus_lag: Histogram) -> Self {
        let mut gauge = |name: &str, help: &str| {
            let gauge = Gauge::default();
            registry.register(name, help, gauge.clone());
            gauge
        };
        let commit_queue = gauge("commit_queue", "Sends that wait for a commit");
        let positions_waiting = gauge(
            "positions_waiting",
            "Acknowledged positions that wait for the store",
        );
        let hashes_in_progress = gauge(
            "password_hashes_in_progress",
            "Passwords being hashed, and waiting for it",
        );
        let http_sockets = gauge("http_sockets", "Sockets that speak HTTP");
        let binds_in_progress = gauge("binds_in_progress", "Binds in progress");
        let binds_waiting = gauge("binds_waiting", "Binds that wait for their turn");
        let draining = gauge("draining", "1 while the node drains");
        let disk_free = gauge(
            "disk_free_bytes",
            "Bytes free on the disk of a SQLite file; 0: not looked at",
        );
        let disk_full = gauge(
            "disk_full",
            "1 while nothing new is taken because the disk is nearly full",
        );
        let bus_connected = gauge("bus_connected", "1 while events flow");
        registry.register(
            "bus_lag_seconds",
            "From publishing to arrival of another node's events, by two nodes' clocks",
            bus_lag,
        );
        let mut counter = |name: &str, help: &str| {
            let counter = Counter::default();
            registry.register(name, help, counter.clone());
            counter
        };
        let accept_errors = counter(
            "accept_errors",
            "Errors of accept, such as too many open files",
        );
        let hashes_refused = counter(
            "password_hashes_refused",
            "Logins refused because too many waited",
        );
        let bus = [
            counter("bus_published", "Publications that the bus took"),
            counter("bus_dropped", "Publications that it could not take"),
            counter("bus_received", "Events of other nodes that arrived"),
            counter("bus_unreadable", "Payloads that could not be read"),
            counter("bus_gaps", "Gaps that this node's connections were given"),
            counter(
                "bus_losses",
                "Times that the bus was lost or could not be reached",
            ),
        ];
        let refused = Family::default();
        registry.register(
            "connections_refused",
            "Connections refused for want of room",
            refused.clone(),
        );
        for limit in ["node", "address", "sockets"] {
            refused.get_or_create_owned(&[("limit", limit)]);
        }
        let pools = Family::default();
        registry.register(
            "store_connections",
            "Connections to the database",
            pools.clone(),
        );
        Self {
            commit_queue,
            positions_waiting,
            hashes_in_progress,
            http_sockets,
            binds_in_progress,
            binds_waiting,
            draining,
            disk_free,
            disk_full,
            accept_errors,
            hashes_refused,
            refused,
            pools,
            bus_connected,
            bus,
        }
    }

    /// A connection was refused at this limit: `node`, `address` or `sockets`. Rare, so it may
    /// look the counter up.
    pub fn refused(&self, limit: &'static str) {
        self.refused.get_or_create_owned(&[("limit", limit)]).inc();
    }

    /// Logins refused since the start because too many waited.
    pub fn set_hashes_refused(&self, total: u64) {
        set(&self.hashes_refused, total);
    }

    /// The pools of the store.
    pub fn set_pools(&self, pools: &[PoolUse]) {
        for PoolUse { pool, open, idle } in pools {
            let state = |state| {
                self.pools
                    .get_or_create_owned(&[("pool", pool), ("state", state)])
            };
            state("idle").set((*idle).into());
            state("in_use").set(open.saturating_sub(*idle).into());
        }
    }

    /// The bus.
    pub fn set_bus(&self, figures: &BusFigures) {
        self.bus_connected.set(figures.connected.into());
        let totals = [
            figures.published,
            figures.dropped,
            figures.received,
            figures.unreadable,
            figures.resyncs,
            figures.losses,
        ];
        for (counter, total) in self.bus.iter().zip(totals) {
            set(counter, total);
        }
    }
}

/// Sets a counter to a total kept elsewhere.
fn set(counter: &Counter, total: u64) {
    counter.inner().store(total, Ordering::Relaxed);
}
