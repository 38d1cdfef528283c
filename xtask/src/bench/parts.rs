//! The measurements.

use std::path::PathBuf;

use anyhow::Result;
use tidings_services::{Postgres, Redis};

use super::Scale;
use super::node::Node;
use super::site::Site;
use super::table::{Row, Runs};
use super::tool::{self, Report};

/// The number of pairs of users, one of which writes to the other.
pub(super) const PAIRS: u32 = 50;
/// Messages of a sender, or round trips of an echo connection, in flight at once: a few, and so
/// many that the server always has a full next batch; with fewer, server and tool wait for each
/// other. The server accepts 64 of a connection.
const IN_FLIGHT: [u32; 2] = [16, 32];
/// Messages per second in the comparison of one and two nodes: far below the throughput, so that
/// queues do not hide the difference.
const CALM_RATE: f64 = 500.0;
/// The probe of the disk: KiB per write, and writes per second. It is little compared to the writes
/// of the server.
const DISK_KIB: u32 = 4;
const DISK_RATE: u32 = 200;
/// The heartbeat interval that a connection starts with, in ms.
const HEARTBEAT_MS: u32 = 45_000;
/// Connections opened per second before a part begins.
const RAMP: u32 = 3000;

/// The programs and the scale.
#[derive(Debug)]
pub(super) struct Bench {
    /// The folder of the release build.
    pub(super) programs: PathBuf,
    /// The sizes and durations.
    pub(super) scale: Scale,
}

/// The maximum throughput with a number of messages in flight on each connection, and that of the
/// echo server as the reference.
struct FlatOut {
    in_flight: u32,
    answered: Runs,
    echoed: Runs,
    ratio: Runs,
    server_us: Runs,
    tool_us: Runs,
}

impl FlatOut {
    fn new(in_flight: u32) -> Self {
        Self {
            in_flight,
            answered: Runs::default(),
            echoed: Runs::default(),
            ratio: Runs::default(),
            server_us: Runs::default(),
            tool_us: Runs::default(),
        }
    }

    fn rows(&self) -> [Row; 5] {
        [
            Row::new(
                format!(
                    "durable one-to-one messages a second, flat out, {} under way",
                    self.in_flight
                ),
                self.answered.summary("", 0),
            ),
            Row::new(
                "round trips a second of a bare axum echo, as many under way",
                self.echoed.summary("", 0),
            ),
            Row::new("messages for each of those", self.ratio.summary("", 2)),
            Row::new(
                "server's processor time a message",
                self.server_us.summary("µs", 1),
            ),
            Row::new(
                "load tool's processor time a message",
                self.tool_us.summary("µs", 1),
            ),
        ]
    }
}

/// Latencies at half of the rate of the first [`FlatOut`], right after each of its runs, because
/// the speed of the machine may change within a minute. The disk is probed meanwhile, because
/// answers wait for it.
#[derive(Default)]
struct Half {
    rate: Runs,
    push_p50: Runs,
    push_p99: Runs,
    answer_p99: Runs,
    disk_p99: Runs,
    /// The p99 of push and disk of each run, as text.
    p99s: Vec<String>,
}

impl Half {
    fn push(&mut self, rate: f64, report: &Report, disk: &Report) -> Result<()> {
        let push_p99 = report.figure("/push/p99_ms")?;
        let disk_p99 = disk.figure("/sync/p99_ms")?;
        self.rate.push(rate);
        self.push_p50.push(report.figure("/push/p50_ms")?);
        self.push_p99.push(push_p99);
        self.answer_p99.push(report.figure("/answer/p99_ms")?);
        self.disk_p99.push(disk_p99);
        self.p99s
            .push(format!("{push_p99:.1} beside {disk_p99:.1}"));
        Ok(())
    }

    fn rows(&self) -> [Row; 6] {
        [
            Row::new(
                "messages a second, set to half of each run of the first, right after it",
                self.rate.summary("", 0),
            ),
            Row::new("send→push then, p50", self.push_p50.summary("ms", 2)),
            Row::new("send→push then, p99", self.push_p99.summary("ms", 2)),
            Row::new("send→answer then, p99", self.answer_p99.summary("ms", 2)),
            Row::new(
                format!(
                    "the disk then: {DISK_KIB} KiB written and synced {DISK_RATE} times a second, p99"
                ),
                self.disk_p99.summary("ms", 2),
            ),
            Row::new(
                "send→push beside the disk, p99 of each run, in ms",
                self.p99s.join(", "),
            ),
        ]
    }
}

impl Bench {
    /// Throughput of echo and pairs, and latencies at half of the first rate with a probe of the
    /// disk: one node on SQLite.
    pub(super) async fn on_sqlite(&self) -> Result<Vec<Row>> {
        let site = Site::on_sqlite(&self.server(), 2 * PAIRS).await?;
        self.throughput(&site).await
    }

    /// The same on Postgres.
    pub(super) async fn on_postgres(&self) -> Result<Vec<Row>> {
        let postgres = Postgres::start().await?;
        let site = Site::on_postgres(&self.server(), 2 * PAIRS, &postgres, "bench").await?;
        self.throughput(&site).await
    }

    async fn throughput(&self, site: &Site) -> Result<Vec<Row>> {
        let folder = tempfile::tempdir()?;
        let echo = Node::start(&self.programs.join("tidings-echo"), &[], folder.path()).await?;
        let node = site.node(None).await?;
        let mut throughputs = IN_FLIGHT.map(FlatOut::new);
        let mut half = Half::default();
        for _ in 0..self.scale.runs {
            for throughput in &mut throughputs {
                let in_flight = format!("--in-flight {}", throughput.in_flight);
                let arguments = self.timed("echo", &in_flight);
                let report = self.load(arguments, &[&echo], None).await?;
                let echoed = report.figure("/answered_per_second")?;
                let arguments = self.pairs(&in_flight);
                let report = self.load(arguments, &[&node], Some(site)).await?;
                let answered = report.figure("/answered_per_second")?;
                let messages = answered * report.figure("/seconds")?;
                let us = |of: &str| anyhow::Ok(1e6 * report.figure(of)? / messages);
                throughput.echoed.push(echoed);
                throughput.answered.push(answered);
                throughput.ratio.push(answered / echoed);
                throughput.server_us.push(us("/servers/0/cpu_seconds")?);
                throughput.tool_us.push(us("/tool/cpu_seconds")?);
                if throughput.in_flight == IN_FLIGHT[0] {
                    let rate = (answered / 2.0).round();
                    let arguments = self.pairs(&format!("--rate {rate}"));
                    let nodes = [&node];
                    let load = self.load(arguments, &nodes, Some(site));
                    let (load, disk) = tokio::try_join!(load, self.disk())?;
                    half.push(rate, &load, &disk)?;
                }
            }
        }
        node.end().await?;
        echo.end().await?;
        let mut rows: Vec<Row> = throughputs.iter().flat_map(FlatOut::rows).collect();
        rows.extend(half.rows());
        Ok(rows)
    }

    /// The additional latency when the recipient is on the other node.
    pub(super) async fn two_nodes(&self) -> Result<Vec<Row>> {
        let postgres = Postgres::start().await?;
        let redis = Redis::start().await?;
        let site = Site::on_postgres(&self.server(), 2 * PAIRS, &postgres, "bench").await?;
        let url = redis.url();
        let first = site.node(Some(&url)).await?;
        let second = site.node(Some(&url)).await?;
        let (mut same, mut other, mut added) = (Runs::default(), Runs::default(), Runs::default());
        let mut flat = Runs::default();
        for _ in 0..self.scale.runs {
            let arguments = self.pairs(&format!("--rate {CALM_RATE}"));
            let one = self.load(arguments.clone(), &[&first], Some(&site)).await?;
            let two = self
                .load(arguments, &[&first, &second], Some(&site))
                .await?;
            let (one, two) = (one.figure("/push/p50_ms")?, two.figure("/push/p50_ms")?);
            same.push(one);
            other.push(two);
            added.push(two - one);
            let arguments = self.pairs(&format!("--in-flight {}", IN_FLIGHT[0]));
            let report = self
                .load(arguments, &[&first, &second], Some(&site))
                .await?;
            flat.push(report.figure("/answered_per_second")?);
        }
        second.end().await?;
        first.end().await?;
        let title = format!("send→push at {CALM_RATE:.0} a second, both on one node, p50");
        Ok(vec![
            Row::new(title, same.summary("ms", 2)),
            Row::new("the same, on different nodes, p50", other.summary("ms", 2)),
            Row::new("added by the other node, p50", added.summary("ms", 2)),
            Row::new(
                "messages a second, flat out, all from one node to the other",
                flat.summary("", 0),
            ),
        ])
    }

    /// Memory and processor time of idle connections.
    pub(super) async fn idle(&self) -> Result<Vec<Row>> {
        let Scale {
            idle, idle_time, ..
        } = self.scale;
        let (site, node) = self.site().await?;
        let seconds = idle_time.as_secs();
        let arguments = format!(
            "idle --connections {idle} --ramp {RAMP} --seconds {seconds} --heartbeat-ms {HEARTBEAT_MS}"
        );
        let report = self
            .load(arguments_of(&arguments), &[&node], Some(&site))
            .await?;
        node.end().await?;
        let each = report.figure("/figures/bytes_each")? / 1024.0;
        let cpu = report.figure("/servers/0/cpu_percent")?;
        let heartbeats = report.figure("/tally/heartbeats")?;
        Ok(vec![
            Row::new("connections, one node on SQLite", idle.to_string()),
            Row::new(
                "server's memory for each, heartbeats included",
                format!("{each:.1} KiB"),
            ),
            Row::new(
                format!(
                    "server's processor, a heartbeat every {} s",
                    HEARTBEAT_MS / 1000
                ),
                format!("{cpu:.1} % of a core ({heartbeats:.0} heartbeats in {seconds} s)"),
            ),
        ])
    }

    /// The time from the answer to a message to the last member's push.
    pub(super) async fn group(&self) -> Result<Vec<Row>> {
        let Scale {
            members, messages, ..
        } = self.scale;
        let (site, node) = self.site().await?;
        let group = site.group(&node, members)?;
        let scenario = format!(
            "group --group {group} --members {members} --messages {messages} --ramp {RAMP} --every-ms"
        );
        let calm = arguments_of(&format!("{scenario} 1000"));
        let calm = self.load(calm, &[&node], Some(&site)).await?.reached_ms()?;
        let (mut last, mut push) = (Runs::default(), Runs::default());
        for _ in 0..self.scale.runs {
            let burst = arguments_of(&format!("{scenario} 0"));
            let burst = self.load(burst, &[&node], Some(&site)).await?;
            last.push(burst.reached_ms()?.into_iter().fold(0.0, f64::max));
            push.push(burst.figure("/push/p50_ms")?);
        }
        node.end().await?;
        let longest = calm.iter().copied().fold(0.0, f64::max);
        let calm: Runs = calm.into_iter().collect();
        Ok(vec![
            Row::new("members online, one node on SQLite", members.to_string()),
            Row::new(
                format!("from the answer to the last push, of {messages} messages a second apart"),
                calm.summary("ms", 1),
            ),
            Row::new("the longest of those", format!("{longest:.1} ms")),
            Row::new(
                format!("a burst of {messages}: the longest from an answer to the last push"),
                last.summary("ms", 0),
            ),
            Row::new("a burst: send→push, p50", push.summary("ms", 0)),
        ])
    }

    /// The time until all clients are connected again after a cut.
    pub(super) async fn storm(&self) -> Result<Vec<Row>> {
        let storm = self.scale.storm;
        let (mut bound, mut in_step, mut p50) = (Runs::default(), Runs::default(), Runs::default());
        for _ in 0..self.scale.runs.min(3) {
            // A new node for each run: the ports of earlier connections are in TIME_WAIT for a
            // minute.
            let (site, node) = self.site().await?;
            let arguments = arguments_of(&format!("storm --connections {storm} --ramp {RAMP}"));
            let report = self.load(arguments, &[&node], Some(&site)).await?;
            node.end().await?;
            bound.push(report.figure("/figures/all_bound_s")?);
            in_step.push(report.figure("/figures/in_step_s")?);
            p50.push(report.figure("/back/p50_ms")? / 1000.0);
        }
        Ok(vec![
            Row::new("connections cut off, one node on SQLite", storm.to_string()),
            Row::new("until half of them are bound", p50.summary("s", 1)),
            Row::new("until all are bound", bound.summary("s", 1)),
            Row::new(
                "until all have what was written to each meanwhile",
                in_step.summary("s", 1),
            ),
            Row::new("errors that a person would have seen", "0"),
        ])
    }

    /// Starts a node on SQLite with all users.
    async fn site(&self) -> Result<(Site, Node)> {
        let site = Site::on_sqlite(&self.server(), self.scale.users()).await?;
        let node = site.node(None).await?;
        Ok((site, node))
    }

    fn server(&self) -> PathBuf {
        self.programs.join("tidings")
    }

    fn pairs(&self, more: &str) -> Vec<String> {
        self.timed("pairs", &format!("--pairs {PAIRS} {more}"))
    }

    fn timed(&self, scenario: &str, more: &str) -> Vec<String> {
        let seconds = self.scale.time.as_secs();
        arguments_of(&format!("{scenario} --seconds {seconds} {more}"))
    }

    /// Probes the disk with the temporary folder, which all databases here are on.
    async fn disk(&self) -> Result<Report> {
        let written = format!("--kib {DISK_KIB} --rate {DISK_RATE}");
        let mut arguments = self.timed("disk", &written);
        arguments.push("--folder".into());
        arguments.push(std::env::temp_dir().display().to_string());
        self.load(arguments, &[], None).await
    }

    async fn load(
        &self,
        arguments: Vec<String>,
        nodes: &[&Node],
        site: Option<&Site>,
    ) -> Result<Report> {
        println!("    $ tidings-load {}", arguments.join(" "));
        tool::run(&self.programs.join("tidings-load"), &arguments, nodes, site).await
    }
}

fn arguments_of(arguments: &str) -> Vec<String> {
    arguments.split_whitespace().map(str::to_owned).collect()
}
