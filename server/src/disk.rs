//! Free space on the disk of a SQLite file.
//!
//! Below `--disk-floor-mb` new data is refused. SQLite would fail soon after, and then every write
//! fails, including logging out.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;
use tokio_util::sync::CancellationToken;

/// How often the free space is read: a disk that fills by 100 MB/s loses less than the default
/// floor in between.
const CHECK_INTERVAL: Duration = Duration::from_secs(2);

/// The last reading; cheap to clone.
#[derive(Debug, Clone, Default)]
pub struct Disk(Arc<DiskState>);

#[derive(Debug, Default)]
struct DiskState {
    is_full: AtomicBool,
    /// In bytes; 0: not read.
    free: AtomicU64,
}

impl Disk {
    /// The disk of this file, read once, and the task that keeps reading it until `stop` is
    /// cancelled. Without a file or a floor there is always capacity.
    pub fn new(
        file: Option<PathBuf>,
        floor_mb: u64,
        stop: CancellationToken,
    ) -> (Self, impl Future<Output = ()>) {
        let disk = Self::default();
        let floor = floor_mb.saturating_mul(1_000_000);
        let watched = file.filter(|_| floor > 0);
        if let Some(file) = &watched {
            disk.refresh(file, floor);
        }
        let state = disk.clone();
        let watching = async move {
            while let Some(file) = &watched {
                tokio::select! {
                    () = stop.cancelled() => return,
                    () = tokio::time::sleep(CHECK_INTERVAL) => state.refresh(file, floor),
                }
            }
        };
        (disk, watching)
    }

    /// Whether new data is refused.
    pub fn is_full(&self) -> bool {
        self.0.is_full.load(Ordering::Relaxed)
    }

    /// Free bytes; 0 if they are not read.
    pub fn free(&self) -> u64 {
        self.0.free.load(Ordering::Relaxed)
    }

    fn refresh(&self, file: &Path, floor: u64) {
        let folder = match file.parent() {
            Some(folder) if !folder.as_os_str().is_empty() => folder,
            _ => Path::new("."),
        };
        let free = match rustix::fs::statvfs(folder) {
            Ok(disk) => disk.f_bavail.saturating_mul(disk.f_frsize),
            Err(error) => {
                tracing::debug!(%error, "cannot see how much room the disk has");
                return;
            }
        };
        self.0.free.store(free, Ordering::Relaxed);
        let is_full = free < floor;
        if self.0.is_full.swap(is_full, Ordering::Relaxed) == is_full {
            return;
        }
        if is_full {
            tracing::error!(free, floor, "the disk is nearly full: nothing new is taken");
        } else {
            tracing::info!(free, floor, "there is room on the disk again");
        }
    }
}
