//! The disk baseline: synced writes, like those of a server's WAL.
//!
//! Every answer waits for such a write: if one in a hundred takes 50 ms, the p99 of a server on the
//! same disk is at least that.

use crate::latency::{Latency, Percentiles};
use anyhow::{Context as _, Result};
use clap::Args;
use serde::Serialize;
use std::fmt;
use std::fs::File;
use std::os::unix::fs::FileExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;
use tokio::task::spawn_blocking;
use tokio::time::{Instant, MissedTickBehavior, interval_at};
use tokio_util::sync::CancellationToken;

/// Bytes of the file, which is overwritten in a cycle: 16 MiB, like SQLite's WAL.
const FILE_BYTES: u64 = 16 << 20;

/// Write to a file at a rate and sync each write
#[derive(Debug, Clone, Args)]
pub struct Disk {
    /// Where: the folder that the database is in, or will be; the file, of 16 MiB, is gone afterwards
    #[arg(long, value_name = "FOLDER", default_value = ".")]
    pub folder: PathBuf,
    /// Writes a second; with the default and that of --kib it is little beside a server in use
    #[arg(long, value_name = "N", default_value_t = 200, value_parser = clap::value_parser!(u32).range(1..=10_000))]
    pub rate: u32,
    /// KiB of a write
    #[arg(long, value_name = "KIB", default_value_t = 4, value_parser = clap::value_parser!(u16).range(1..=4096))]
    pub kib: u16,
    /// How long to measure, in s
    #[arg(long, value_name = "S", default_value_t = 10, value_parser = clap::value_parser!(u64).range(1..=86_400))]
    pub seconds: u64,
    /// How long to write before measuring, in s
    #[arg(long, value_name = "S", default_value_t = 2, value_parser = clap::value_parser!(u64).range(..=86_400))]
    pub warm_up_s: u64,
    /// Write the report as JSON to this file as well
    #[arg(long, value_name = "FILE")]
    pub json: Option<PathBuf>,
}

/// The report of a run.
#[derive(Debug, Clone, Copy, Serialize)]
pub struct DiskReport {
    /// The size of a write, in KiB.
    pub kib: u16,
    /// Writes due per second.
    pub rate: u32,
    /// From when a write was due, by a timer that is up to 1 ms late, until it was synced.
    pub sync: Percentiles,
    /// Writes that were due and had not started at the end: the disk cannot keep up.
    pub behind: u64,
}

impl fmt::Display for DiskReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            kib,
            rate,
            sync: p,
            behind,
        } = self;
        writeln!(
            f,
            "disk: {} writes of {kib} KiB, {rate} a second, from when one was due until it was synced:",
            p.count
        )?;
        writeln!(
            f,
            "  p50 {:.2} ms, p99 {:.2} ms, p99.9 {:.2} ms, max {:.1} ms",
            p.p50_ms, p.p99_ms, p.p999_ms, p.max_ms
        )?;
        if *behind > 0 {
            writeln!(
                f,
                "  {behind} more were due and had not begun: it cannot keep up"
            )?;
        }
        Ok(())
    }
}

/// Runs it, on at most 16 MiB; `stop` ends it early.
///
/// # Errors
/// When the folder cannot be written to, or nothing was synced in time.
pub async fn run(options: &Disk, stop: &CancellationToken) -> Result<DiskReport> {
    let (folder, size) = (options.folder.clone(), u64::from(options.kib) << 10);
    let block: Arc<[u8]> = (0..size).map(|at| at.to_le_bytes()[0]).collect();
    let file_bytes = FILE_BYTES / size * size;
    let new = Arc::clone(&block);
    let file = spawn_blocking(move || allocated_file(&folder, file_bytes, &new)).await?;
    let folder = options.folder.display();
    let file = Arc::new(file.with_context(|| format!("cannot write in {folder}"))?);

    let mut latency = Latency::default();
    let mut behind = 0;
    let begin = Instant::now();
    let measured = begin + Duration::from_secs(options.warm_up_s);
    let end = measured + Duration::from_secs(options.seconds);
    let mut due = interval_at(begin, Duration::from_secs(1) / options.rate);
    // The latency of a write that became due during a longer one includes the wait.
    due.set_missed_tick_behavior(MissedTickBehavior::Burst);
    let mut at = 0;
    while !stop.is_cancelled() {
        let due = due.tick().await;
        if due >= end {
            break;
        }
        if Instant::now() >= end {
            behind += 1;
            continue;
        }
        let (file, block) = (Arc::clone(&file), Arc::clone(&block));
        spawn_blocking(move || {
            file.write_all_at(&block, at)?;
            file.sync_data()
        })
        .await?
        .with_context(|| format!("cannot write in {folder}"))?;
        if due >= measured {
            latency.record(due.elapsed());
        }
        at = (at + size) % file_bytes;
    }
    Ok(DiskReport {
        kib: options.kib,
        rate: options.rate,
        sync: latency
            .percentiles()
            .context("nothing was synced while it was measured")?,
        behind,
    })
}

/// A fully allocated temporary file, without a name where the system supports that.
fn allocated_file(folder: &Path, file_bytes: u64, block: &[u8]) -> std::io::Result<File> {
    let file = tempfile::tempfile_in(folder)?;
    let mut at = 0;
    while at < file_bytes {
        file.write_all_at(block, at)?;
        at += block.len() as u64;
    }
    file.sync_all()?;
    Ok(file)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn options(folder: &Path) -> Disk {
        Disk {
            folder: folder.to_owned(),
            rate: 100,
            kib: 4,
            seconds: 1,
            warm_up_s: 0,
            json: None,
        }
    }

    #[tokio::test]
    async fn every_due_write_is_timed_and_no_file_is_left() -> Result<()> {
        let folder = tempfile::tempdir()?;
        let report = run(&options(folder.path()), &CancellationToken::new()).await?;
        assert_eq!(report.sync.count + report.behind, 100, "{report}");
        assert!(report.sync.p50_ms > 0.0 && report.sync.p50_ms <= report.sync.max_ms);
        assert_eq!(std::fs::read_dir(folder.path())?.count(), 0);
        Ok(())
    }

    #[tokio::test]
    async fn a_disk_that_cannot_keep_up_is_reported_and_ends_in_time() -> Result<()> {
        let folder = tempfile::tempdir()?;
        // Some 40 GiB a second.
        let options = Disk {
            rate: 10_000,
            kib: 4096,
            ..options(folder.path())
        };
        let report = run(&options, &CancellationToken::new()).await?;
        assert!(report.behind > 0, "{report}");
        assert_eq!(report.sync.count + report.behind, 10_000, "{report}");
        assert!(report.to_string().contains("cannot keep up"), "{report}");
        Ok(())
    }

    #[tokio::test]
    async fn a_missing_folder_is_named_in_the_error() {
        let missing = Path::new("no/such/folder");
        let error = run(&options(missing), &CancellationToken::new()).await;
        let message = error.expect_err("nowhere to write").to_string();
        assert_eq!(message, "cannot write in no/such/folder");
    }
}
