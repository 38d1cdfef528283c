//! Metrics of connections and their frames.

use super::Metrics;
use super::histogram::Histogram;
use super::table::counters;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::registry::Registry;
use std::sync::Arc;
use std::time::Duration;
use tidings_shared::ErrorCode;
use tidings_shared::close::CloseCode;
use tidings_shared::frame::kind;

/// Frame types with a counter of their own: 0 to this one.
const LAST_KIND: u64 = kind::ALL[kind::ALL.len() - 1].0;

/// Counters updated by connections.
#[derive(Debug)]
pub struct GatewayMetrics {
    /// Connections that have not bound yet.
    pub unbound: Gauge,
    /// Connections that have.
    pub bound: Gauge,
    /// From the arrival of a valid send to its answer being queued for the wire.
    pub send_answer: Histogram,
    /// From a message's receipt by the committer to its push being written, for live pushes of
    /// messages received by this node.
    pub send_push: Histogram,
    /// Unacknowledged pushes of a connection, sampled with every sixteenth push.
    pub window: Histogram,
    /// Repeated pushes.
    pub repushes: Counter,
    bind_seconds: Histogram,
    frames_in: Box<[Counter]>,
    frames_out: Box<[Counter]>,
    errors: Box<[Counter]>,
    /// By [`CloseCode::ALL`]; the last is for connections that were gone.
    closes: Box<[Counter]>,
    /// The first is for success, the others by [`ErrorCode::ALL`].
    binds: Box<[Counter]>,
}

impl GatewayMetrics {
    pub(super) fn new(registry: &mut Registry) -> Self {
        let connections = Family::<[(&'static str, &'static str); 1], Gauge>::default();
        registry.register("connections", "Open WebSockets", connections.clone());
        let state = |state| connections.get_or_create_owned(&[("state", state)]);
        let mut times = |name: &str, help: &str| {
            let histogram = Histogram::times();
            registry.register(name, help, histogram.clone());
            histogram
        };
        let send_answer = times(
            "send_answer_seconds",
            "From a valid send's arrival to its answer being queued for the wire",
        );
        let send_push = times(
            "send_push_seconds",
            "From a message's intake to its push being written, live and on one node",
        );
        let bind_seconds = times(
            "bind_seconds",
            "From a bind's arrival to its answer, the wait for a turn included",
        );
        let window = Histogram::counts();
        registry.register(
            "window_pushes",
            "Unacknowledged pushes of a connection, looked at with every 16th push",
            window.clone(),
        );
        let repushes = Counter::default();
        registry.register("repushes", "Pushes made again", repushes.clone());
        let kinds = || {
            (0..=LAST_KIND)
                .map(|kind| kind.to_string())
                .chain(["other".into()])
        };
        let codes = || ErrorCode::ALL.into_iter().map(name);
        Self {
            unbound: state("unbound"),
            bound: state("bound"),
            send_answer,
            send_push,
            window,
            repushes,
            bind_seconds,
            frames_in: counters(
                registry,
                "frames_in",
                "Frames from clients",
                "type",
                kinds(),
            ),
            frames_out: counters(registry, "frames_out", "Frames to clients", "type", kinds()),
            errors: counters(
                registry,
                "errors",
                "Errors answered, refused binds among them",
                "code",
                codes(),
            ),
            closes: counters(
                registry,
                "closes",
                "Connections that ended, by the close code sent",
                "code",
                CloseCode::ALL
                    .iter()
                    .map(|code| code.code().to_string())
                    .chain(["gone".into()]),
            ),
            binds: counters(
                registry,
                "binds",
                "Binds answered",
                "outcome",
                std::iter::once("ok".into()).chain(codes()),
            ),
        }
    }

    /// A frame of this type was received; any other number for an invalid frame.
    pub fn frame_in(&self, kind: u64) {
        self.frames_in[slot(kind)].inc();
    }

    /// A frame of this type was written.
    pub fn frame_out(&self, kind: u64) {
        self.frames_out[slot(kind)].inc();
    }

    /// An error was sent to a client.
    pub fn error(&self, code: ErrorCode) {
        self.errors[code as usize].inc();
    }

    /// A connection ended: closed with a code, or lost.
    pub fn closed(&self, code: Option<CloseCode>) {
        let slot = code.map_or(CloseCode::ALL.len(), |code| code as usize);
        self.closes[slot].inc();
    }

    /// A bind was answered after so long.
    pub fn bound(&self, outcome: Result<(), ErrorCode>, time: Duration) {
        self.bind_seconds.time(time);
        let slot = outcome.map_or_else(|code| 1 + code as usize, |()| 0);
        self.binds[slot].inc();
    }
}

/// Counts a connection as open until dropped.
#[derive(Debug)]
pub struct Open {
    metrics: Arc<Metrics>,
    bound: bool,
}

impl Open {
    /// Open and not bound.
    pub fn new(metrics: Arc<Metrics>) -> Self {
        metrics.gateway.unbound.inc();
        Self {
            metrics,
            bound: false,
        }
    }

    /// The connection was bound.
    pub fn bound(&mut self) {
        if !self.bound {
            self.bound = true;
            self.metrics.gateway.unbound.dec();
            self.metrics.gateway.bound.inc();
        }
    }
}

impl Drop for Open {
    fn drop(&mut self) {
        let gateway = &self.metrics.gateway;
        if self.bound {
            gateway.bound.dec();
        } else {
            gateway.unbound.dec();
        }
    }
}

fn slot(kind: u64) -> usize {
    usize::try_from(kind.min(LAST_KIND + 1)).unwrap_or_default()
}

/// The wire name of a code.
fn name(code: ErrorCode) -> String {
    let json = serde_json::to_string(&code).expect("a unit variant serializes");
    json.trim_matches('"').to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_equals_its_index_in_all() {
        for (index, code) in ErrorCode::ALL.into_iter().enumerate() {
            assert_eq!(code as usize, index, "{code:?}");
        }
        for (index, code) in CloseCode::ALL.into_iter().enumerate() {
            assert_eq!(code as usize, index, "{code:?}");
        }
    }
}
