//! CPU and memory of a process, from `/proc`.

use anyhow::{Context, Result};
use serde::Serialize;
use std::time::{Duration, Instant};

/// One sample of a process.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sample {
    /// CPU time since it started, user and system.
    pub cpu: Duration,
    /// Resident memory, in bytes.
    pub rss: u64,
}

/// Samples a process.
///
/// # Errors
/// When there is none with this id.
pub fn sample(pid: u32) -> Result<Sample> {
    let read = |file: &str| {
        std::fs::read_to_string(format!("/proc/{pid}/{file}"))
            .with_context(|| format!("no process {pid}"))
    };
    let cpu = cpu_ticks(&read("stat")?).context("/proc/PID/stat of another form")?;
    let rss = rss_kib(&read("status")?).context("/proc/PID/status without VmRSS")? * 1024;
    let ticks_per_second = rustix::param::clock_ticks_per_second();
    let cpu = Duration::from_millis(cpu * 1000 / ticks_per_second.max(1));
    Ok(Sample { cpu, rss })
}

/// utime and stime, fields 14 and 15 of `/proc/PID/stat`; the name, field 2, may contain spaces.
fn cpu_ticks(stat: &str) -> Option<u64> {
    let (_, rest) = stat.rsplit_once(')')?;
    let mut fields = rest.split_ascii_whitespace().skip(11);
    let user: u64 = fields.next()?.parse().ok()?;
    let system: u64 = fields.next()?.parse().ok()?;
    Some(user + system)
}

fn rss_kib(status: &str) -> Option<u64> {
    let line = status
        .lines()
        .find_map(|line| line.strip_prefix("VmRSS:"))?;
    line.trim().strip_suffix("kB")?.trim().parse().ok()
}

/// The figures of a process for the report.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Usage {
    /// The process id.
    pub pid: u32,
    /// CPU while measured, in percent of one core.
    pub cpu_percent: f64,
    /// CPU time while measured, in seconds.
    pub cpu_seconds: f64,
    /// Resident memory before the first connection, in bytes.
    pub rss_start: u64,
    /// The highest sample of resident memory, in bytes.
    pub rss_peak: u64,
    /// Resident memory at the end, in bytes.
    pub rss_end: u64,
}

/// Watches a process over a run. A process that ends keeps its last figures.
#[derive(Debug)]
pub struct ProcessWatch {
    pid: u32,
    start: Sample,
    /// The sample at the start of the measured time.
    begin: (Instant, Sample),
    last: (Instant, Sample),
    /// The sample at the end of the measured time.
    end: Option<(Instant, Sample)>,
    peak: u64,
}

impl ProcessWatch {
    /// Starts to watch.
    ///
    /// # Errors
    /// When there is no such process.
    pub fn new(pid: u32) -> Result<Self> {
        let sample = sample(pid)?;
        let now = (Instant::now(), sample);
        Ok(Self {
            pid,
            start: sample,
            begin: now,
            last: now,
            end: None,
            peak: sample.rss,
        })
    }

    /// Takes another sample; returns CPU since the last one, in percent of a core, and memory in
    /// bytes.
    pub fn refresh(&mut self) -> (f64, u64) {
        let Ok(sample) = sample(self.pid) else {
            return (0.0, 0);
        };
        let now = (Instant::now(), sample);
        let percent = percent(self.last, now);
        self.last = now;
        self.peak = self.peak.max(sample.rss);
        (percent, sample.rss)
    }

    /// The measured time begins now.
    pub fn begin(&mut self) {
        self.refresh();
        self.begin = self.last;
        self.end = None;
    }

    /// The measured time ends now.
    pub fn end(&mut self) {
        self.refresh();
        self.end = Some(self.last);
    }

    /// The figures.
    pub fn usage(&self) -> Usage {
        let end = self.end.unwrap_or(self.last);
        Usage {
            pid: self.pid,
            cpu_percent: percent(self.begin, end),
            cpu_seconds: end.1.cpu.saturating_sub(self.begin.1.cpu).as_secs_f64(),
            rss_start: self.start.rss,
            rss_peak: self.peak,
            rss_end: self.last.1.rss,
        }
    }
}

fn percent(from: (Instant, Sample), to: (Instant, Sample)) -> f64 {
    let time = (to.0 - from.0).as_secs_f64();
    let cpu = to.1.cpu.saturating_sub(from.1.cpu).as_secs_f64();
    if time > 0.0 { 100.0 * cpu / time } else { 0.0 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn proc_stat_is_parsed_behind_a_name_with_spaces_and_brackets() {
        let stat = "7 (a) b (c) S 1 7 7 0 -1 4194304 100 0 0 0 150 50 0 0 20 0 1 0 100 0 0";
        assert_eq!(cpu_ticks(stat), Some(200));
        assert_eq!(rss_kib("Name:\tx\nVmRSS:\t   123 kB\n"), Some(123));
    }

    #[test]
    fn a_working_process_has_memory_and_cpu_time() {
        let mut watch = ProcessWatch::new(std::process::id()).expect("runs");
        watch.begin();
        let started = Instant::now();
        let mut work = 0_u64;
        while started.elapsed() < Duration::from_millis(200) {
            work = std::hint::black_box(work.wrapping_add(1));
        }
        watch.end();
        let usage = watch.usage();
        assert!(usage.rss_start > 0 && usage.rss_peak >= usage.rss_end);
        assert!(usage.cpu_seconds > 0.0, "{usage:?}");
        assert!(ProcessWatch::new(0).is_err());
    }
}
