//! One user floods the server; the latencies of an unrelated user are measured.

use super::Run;
use crate::latency::{Latency, Percentiles};
use crate::login::{self, Login};
use crate::options::Common;
use crate::report::Report;
use crate::run_state::{Phase, RunState};
use crate::socket::{Socket, SocketError};
use crate::target::Route;
use crate::wire;
use anyhow::{Context, Result, ensure};
use clap::{Args, ValueEnum};
use serde::Deserialize;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};
use tokio::task::JoinSet;
use tokio::time::{interval, sleep};
use tokio_util::sync::CancellationToken;

/// Frames between two heartbeats; the answer to the heartbeat shows that the server has handled
/// them.
const BATCH: usize = 32;
/// From one probe (a send, a query and a bind) of the other user to the next.
const PROBE_INTERVAL: Duration = Duration::from_millis(20);
/// The wait before a closed flooding connection reconnects.
const RECONNECT_AFTER: Duration = Duration::from_millis(100);

/// One user floods the server on some connections, while another sends, queries and binds; needs three
/// users
#[derive(Debug, Clone, Args)]
pub struct Flood {
    /// With what
    #[arg(long, value_enum, default_value_t = Kind::Sends)]
    pub with: Kind,
    /// Connections that flood
    #[arg(long, value_name = "N", default_value_t = 8)]
    pub connections: usize,
    /// How long to measure, in s, before the flood and again during it
    #[arg(long, value_name = "S", default_value_t = 10)]
    pub seconds: u64,
}

/// A kind of frame.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Kind {
    /// Type 3, texts of 8 KiB
    Sends,
    /// Type 2, pages of 200
    Queries,
    /// Type 5
    Totals,
    /// Type 8
    Lists,
    /// Type 9
    Reads,
    /// Type 11, of 200 users
    Watches,
}

impl Kind {
    fn frame(self, me: i64, other: i64, number: u64) -> String {
        match self {
            Self::Sends => {
                let text = "f".repeat(8 * 1024);
                format!(
                    r#"{{"type":3,"data":{{"senderUid":{me},"recipientUid":{other},"msgType":1,"content":"{text}"}}}}"#
                )
            }
            Self::Queries => {
                format!(r#"{{"type":2,"data":{{"ownerUid":{me},"otherUid":{other},"limit":200}}}}"#)
            }
            Self::Totals => format!(r#"{{"type":5,"data":{{"uid":{me}}}}}"#),
            Self::Lists => r#"{"type":8,"data":{}}"#.to_owned(),
            Self::Reads => {
                format!(r#"{{"type":9,"data":{{"otherUid":{other},"seq":{number}}}}}"#)
            }
            Self::Watches => {
                let uids: Vec<String> = (1000..1200).map(|uid: i64| uid.to_string()).collect();
                format!(r#"{{"type":11,"data":{{"uids":[{}]}}}}"#, uids.join(","))
            }
        }
    }
}

/// The fields read of a frame; not `data`, which is a list in the answer to a query.
#[derive(Debug, Deserialize)]
struct Head {
    #[serde(rename = "type")]
    kind: u32,
    /// Of a push.
    #[serde(default)]
    tid: u64,
}

impl Head {
    fn parse(text: &str) -> serde_json::Result<Self> {
        serde_json::from_str(text)
    }
}

/// The latencies of the other user.
#[derive(Default)]
struct ProbeLatencies {
    sends: Latency,
    queries: Latency,
    binds: Latency,
}

/// The counts of the flooding connections.
#[derive(Default)]
struct FloodCounts {
    frames: AtomicU64,
    refused: AtomicU64,
    closes: AtomicU64,
}

/// Runs it. The figures are the latencies of the other user in ms, without (`quiet_`) and during
/// (`flood_`) the flood, and the counts of the flood.
///
/// # Errors
/// When connections cannot be opened, or the other user is not answered.
pub async fn run(
    common: &Common,
    logins: &[Login],
    options: &Flood,
    stop: &CancellationToken,
) -> Result<Report> {
    let logins = login::first(logins, 3)?;
    let [attacker, other, third] = logins else {
        anyhow::bail!("a flood needs three users");
    };
    ensure!(options.seconds > 0, "nothing is measured in no time");
    let run = Run::new(common, stop, options.connections + 2, RunState::new(0, 1))?;
    let time = Duration::from_secs(options.seconds);
    let route = run.route(0, 0);
    let quiet = probe(&route, (other, third), time).await?;

    let counts = Arc::new(FloodCounts::default());
    let mut flood = JoinSet::new();
    for number in 0..options.connections {
        flood.spawn(flood_forever(
            run.route(number, 0),
            (attacker.clone(), third.uid),
            options.with,
            Arc::clone(&counts),
        ));
    }
    sleep(time / 4).await;
    let mut during = Ok(ProbeLatencies::default());
    let measured = async { during = probe(&route, (other, third), time).await };
    let name = format!("flood of {:?}", options.with).to_lowercase();
    let mut report = run.measure(&name, measured).await;
    flood.shutdown().await;
    for (when, latencies) in [("quiet", quiet), ("flood", during?)] {
        let all = [
            ("send", latencies.sends),
            ("query", latencies.queries),
            ("bind", latencies.binds),
        ];
        for (what, latency) in all {
            let Percentiles { p50_ms, p99_ms, .. } =
                latency.percentiles().context("nothing was measured")?;
            let figures = &mut report.figures;
            figures.insert(format!("{what}_{when}_p50_ms"), p50_ms);
            figures.insert(format!("{what}_{when}_p99_ms"), p99_ms);
        }
    }
    #[expect(clippy::cast_precision_loss, reason = "counts far below 2^52")]
    for (name, count) in [
        ("flood_frames", &counts.frames),
        ("flood_refused", &counts.refused),
        ("flood_closes", &counts.closes),
    ] {
        let count = count.load(Ordering::Relaxed) as f64;
        report.figures.insert(name.into(), count);
    }
    report.connections = options.connections + 1;
    run.state.set_phase(Phase::Finished);
    Ok(run.finish(report).await)
}

/// Sends, queries and binds in turn for this time, and measures each.
async fn probe(
    route: &Route,
    (me, other): (&Login, &Login),
    time: Duration,
) -> Result<ProbeLatencies> {
    let mut latencies = ProbeLatencies::default();
    let mut socket = connect(route, me).await?;
    let mut ticks = interval(PROBE_INTERVAL);
    let end = Instant::now() + time;
    let send = format!(
        r#"{{"type":3,"data":{{"senderUid":{},"recipientUid":{},"msgType":1,"content":"hello"}}}}"#,
        me.uid, other.uid
    );
    let query = format!(
        r#"{{"type":2,"data":{{"ownerUid":{},"otherUid":{},"limit":50}}}}"#,
        me.uid, other.uid
    );
    while Instant::now() < end {
        ticks.tick().await;
        let start = Instant::now();
        request(&mut socket, send.clone(), 3).await?;
        latencies.sends.record(start.elapsed());
        let start = Instant::now();
        request(&mut socket, query.clone(), 2).await?;
        latencies.queries.record(start.elapsed());
        let start = Instant::now();
        drop(connect(route, other).await?);
        latencies.binds.record(start.elapsed());
    }
    Ok(latencies)
}

async fn connect(route: &Route, login: &Login) -> Result<Socket> {
    let mut socket = Socket::open(route, 0, Some(&login.token)).await?;
    request(&mut socket, wire::bind(login.uid), 1).await?;
    Ok(socket)
}

/// Sends a frame and waits for the next one of this type; acknowledges pushes in between.
async fn request(socket: &mut Socket, frame: String, wanted: u32) -> Result<()> {
    socket.queue(frame)?;
    loop {
        let text = socket.next().await?;
        let frame = Head::parse(&text)?;
        match frame.kind {
            kind if kind == wanted => return Ok(()),
            7 => anyhow::bail!("the other user was refused: {text}"),
            4 => socket.queue(format!(r#"{{"type":6,"data":{{"tid":{}}}}}"#, frame.tid))?,
            _ => {}
        }
    }
}

/// Floods until it is dropped, and reconnects when it is closed.
async fn flood_forever(
    route: Route,
    (me, other): (Login, i64),
    kind: Kind,
    counts: Arc<FloodCounts>,
) {
    loop {
        let ended = flood_connection(&route, (&me, other), kind, &counts).await;
        if ended.is_err() {
            counts.closes.fetch_add(1, Ordering::Relaxed);
        }
        sleep(RECONNECT_AFTER).await;
    }
}

async fn flood_connection(
    route: &Route,
    (me, other): (&Login, i64),
    kind: Kind,
    counts: &FloodCounts,
) -> Result<(), SocketError> {
    let mut socket = Socket::open(route, 0, Some(&me.token)).await?;
    socket.queue(wire::bind(me.uid))?;
    for number in 0.. {
        for _ in 0..BATCH {
            socket.queue(kind.frame(me.uid, other, number))?;
        }
        socket.queue(wire::heartbeat(me.uid, 1000))?;
        counts.frames.fetch_add(BATCH as u64, Ordering::Relaxed);
        loop {
            let text = socket.next().await?;
            let frame = Head::parse(&text).map_err(|e| SocketError::Protocol(e.to_string()))?;
            let refused = frame.kind == 7;
            if refused {
                counts.refused.fetch_add(1, Ordering::Relaxed);
            }
            if frame.kind == 4 {
                socket.queue(format!(r#"{{"type":6,"data":{{"tid":{}}}}}"#, frame.tid))?;
            }
            if frame.kind == 0 || (refused && text.contains(r#""re":0"#)) {
                break;
            }
        }
    }
    Ok(())
}
