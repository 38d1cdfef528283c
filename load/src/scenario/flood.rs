//! One user asks for as much as it can; what does another notice, who has nothing to do with it?

use super::Run;
use crate::board::{Board, Phase};
use crate::latency::{Latency, Percentiles};
use crate::login::{self, Login};
use crate::options::Common;
use crate::report::Report;
use crate::socket::{Lost, Socket};
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

/// Frames between two heartbeats, whose answers say that the server has come so far.
const ROUND: usize = 32;
/// How often the other user does each of its three things.
const EVERY: Duration = Duration::from_millis(20);
/// After how long a flooding connection comes back that was closed.
const BACK_AFTER: Duration = Duration::from_millis(100);

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

/// What is read of a frame: `data` is not, for a query's is a list.
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

/// What the other user waits for.
#[derive(Default)]
struct Noticed {
    sends: Latency,
    queries: Latency,
    binds: Latency,
}

/// What the flooding connections did.
#[derive(Default)]
struct Flooded {
    frames: AtomicU64,
    refused: AtomicU64,
    closes: AtomicU64,
}

/// Runs it. The figures are the other user's, in ms, `quiet_` and `flood_`, and how much of the flood
/// was taken and refused.
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
    let run = Run::new(common, stop, options.connections + 2, Board::new(0, 1))?;
    let time = Duration::from_secs(options.seconds);
    let route = run.route(0, 0);
    let quiet = watched(&route, (other, third), time).await?;

    let flooded = Arc::new(Flooded::default());
    let mut flood = JoinSet::new();
    for number in 0..options.connections {
        flood.spawn(flood_on(
            run.route(number, 0),
            (attacker.clone(), third.uid),
            options.with,
            Arc::clone(&flooded),
        ));
    }
    sleep(time / 4).await;
    let mut during = Ok(Noticed::default());
    let measured = async { during = watched(&route, (other, third), time).await };
    let name = format!("flood of {:?}", options.with).to_lowercase();
    let mut report = run.measure(&name, measured).await;
    flood.shutdown().await;
    for (when, noticed) in [("quiet", quiet), ("flood", during?)] {
        let all = [
            ("send", noticed.sends),
            ("query", noticed.queries),
            ("bind", noticed.binds),
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
        ("flood_frames", &flooded.frames),
        ("flood_refused", &flooded.refused),
        ("flood_closes", &flooded.closes),
    ] {
        let count = count.load(Ordering::Relaxed) as f64;
        report.figures.insert(name.into(), count);
    }
    report.connections = options.connections + 1;
    run.board.go(Phase::Over);
    Ok(run.finish(report).await)
}

/// Sends, queries and binds for so long, one after the other.
async fn watched(route: &Route, (me, other): (&Login, &Login), time: Duration) -> Result<Noticed> {
    let mut noticed = Noticed::default();
    let mut socket = bound(route, me).await?;
    let mut ticks = interval(EVERY);
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
        ask(&mut socket, send.clone(), 3).await?;
        noticed.sends.record(start.elapsed());
        let start = Instant::now();
        ask(&mut socket, query.clone(), 2).await?;
        noticed.queries.record(start.elapsed());
        let start = Instant::now();
        drop(bound(route, other).await?);
        noticed.binds.record(start.elapsed());
    }
    Ok(noticed)
}

async fn bound(route: &Route, login: &Login) -> Result<Socket> {
    let mut socket = Socket::open(route, 0, Some(&login.token)).await?;
    ask(&mut socket, wire::bind(login.uid), 1).await?;
    Ok(socket)
}

/// Sends a frame and waits for one of this type; pushes in between are acknowledged.
async fn ask(socket: &mut Socket, frame: String, wanted: u32) -> Result<()> {
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

/// Floods until it is dropped, and comes back when it is closed.
async fn flood_on(route: Route, (me, other): (Login, i64), kind: Kind, flooded: Arc<Flooded>) {
    loop {
        let lost = rounds(&route, (&me, other), kind, &flooded).await;
        if lost.is_err() {
            flooded.closes.fetch_add(1, Ordering::Relaxed);
        }
        sleep(BACK_AFTER).await;
    }
}

async fn rounds(
    route: &Route,
    (me, other): (&Login, i64),
    kind: Kind,
    flooded: &Flooded,
) -> Result<(), Lost> {
    let mut socket = Socket::open(route, 0, Some(&me.token)).await?;
    socket.queue(wire::bind(me.uid))?;
    for number in 0.. {
        for _ in 0..ROUND {
            socket.queue(kind.frame(me.uid, other, number))?;
        }
        socket.queue(wire::heartbeat(me.uid, 1000))?;
        flooded.frames.fetch_add(ROUND as u64, Ordering::Relaxed);
        loop {
            let text = socket.next().await?;
            let frame = Head::parse(&text).map_err(|e| Lost::Protocol(e.to_string()))?;
            let refused = frame.kind == 7;
            if refused {
                flooded.refused.fetch_add(1, Ordering::Relaxed);
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
