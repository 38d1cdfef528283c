//! Metrics of the process, by Prometheus' names.

use prometheus_client::collector::Collector;
use prometheus_client::encoding::{DescriptorEncoder, EncodeMetric};
use prometheus_client::metrics::counter::ConstCounter;
use prometheus_client::metrics::gauge::ConstGauge;
use rustix::process::{Resource, getrlimit};
use std::fs;

/// Read from `/proc` on every request; without `/proc` only the start time is reported.
#[derive(Debug)]
pub(super) struct Process {
    started_ms: i64,
}

impl Process {
    /// A process that started so many ms after 1970.
    pub(super) const fn new(started_ms: i64) -> Self {
        Self { started_ms }
    }
}

impl Collector for Process {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> Result<(), std::fmt::Error> {
        if let Some(seconds) = cpu_seconds() {
            let counter = ConstCounter::new(seconds);
            let help = "CPU time, user and system";
            let kind = counter.metric_type();
            let metric = encoder.encode_descriptor("process_cpu_seconds", help, None, kind)?;
            counter.encode(metric)?;
        }
        let gauges = [
            (
                "process_resident_memory_bytes",
                "Resident memory",
                resident_bytes(),
            ),
            ("process_open_fds", "Open files and sockets", open_fds()),
            ("process_max_fds", "The limit of open files", max_fds()),
        ];
        for (name, help, value) in gauges {
            if let Some(value) = value {
                let gauge = ConstGauge::new(value);
                let metric = encoder.encode_descriptor(name, help, None, gauge.metric_type())?;
                gauge.encode(metric)?;
            }
        }
        #[expect(clippy::cast_precision_loss, reason = "a figure for people")]
        let started = ConstGauge::new(self.started_ms as f64 / 1e3);
        let (name, help) = ("process_start_time_seconds", "Start, in seconds since 1970");
        let metric = encoder.encode_descriptor(name, help, None, started.metric_type())?;
        started.encode(metric)
    }
}

/// Fields 14 and 15 of `/proc/self/stat`, counted after the name in parentheses (proc(5)).
fn cpu_seconds() -> Option<f64> {
    let stat = fs::read_to_string("/proc/self/stat").ok()?;
    let (_, fields) = stat.rsplit_once(')')?;
    let ticks: u64 = fields
        .split_ascii_whitespace()
        .skip(11)
        .take(2)
        .filter_map(|field| field.parse::<u64>().ok())
        .sum();
    #[expect(clippy::cast_precision_loss, reason = "a figure for people")]
    Some(ticks as f64 / rustix::param::clock_ticks_per_second() as f64)
}

fn resident_bytes() -> Option<i64> {
    let status = fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|l| l.strip_prefix("VmRSS:"))?;
    let kib: i64 = line.split_ascii_whitespace().next()?.parse().ok()?;
    Some(kib * 1024)
}

fn open_fds() -> Option<i64> {
    i64::try_from(fs::read_dir("/proc/self/fd").ok()?.count()).ok()
}

fn max_fds() -> Option<i64> {
    getrlimit(Resource::Nofile)
        .current
        .and_then(|limit| i64::try_from(limit).ok())
}
