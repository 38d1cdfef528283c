//! How much room is left on the disk of a SQLite file.
//!
//! With less than `--disk-floor-mb` nothing new is taken. SQLite itself would fail a moment later, and
//! then nothing works any more that writes at all, logging out included.

use crate::app::AppState;
use crate::http::Failure;
use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;
use tokio_util::sync::CancellationToken;

/// How often it is looked at: a disk that takes 100 MB a second loses less than the default floor
/// meanwhile.
const LOOK_EVERY: Duration = Duration::from_secs(2);

/// What was seen last; cheap to clone.
#[derive(Debug, Clone, Default)]
pub struct Disk(Arc<Seen>);

#[derive(Debug, Default)]
struct Seen {
    is_full: AtomicBool,
    /// In bytes; 0: not looked at.
    free: AtomicU64,
}

impl Disk {
    /// The disk of this file, looked at once, and the task that goes on looking until `stop` is
    /// cancelled. No file, or no floor: there is always room.
    pub fn new(
        file: Option<PathBuf>,
        floor_mb: u64,
        stop: CancellationToken,
    ) -> (Self, impl Future<Output = ()>) {
        let disk = Self::default();
        let floor = floor_mb.saturating_mul(1_000_000);
        let watched = file.filter(|_| floor > 0);
        if let Some(file) = &watched {
            disk.look(file, floor);
        }
        let seen = disk.clone();
        let watching = async move {
            while let Some(file) = &watched {
                tokio::select! {
                    () = stop.cancelled() => return,
                    () = tokio::time::sleep(LOOK_EVERY) => seen.look(file, floor),
                }
            }
        };
        (disk, watching)
    }

    /// Whether nothing new is to be taken.
    pub fn is_full(&self) -> bool {
        self.0.is_full.load(Ordering::Relaxed)
    }

    /// Bytes that are free, if anybody looks.
    pub fn free(&self) -> u64 {
        self.0.free.load(Ordering::Relaxed)
    }

    fn look(&self, file: &Path, floor: u64) {
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

/// Room for something new; 503 without it.
pub struct Room;

impl FromRequestParts<AppState> for Room {
    type Rejection = Failure;

    async fn from_request_parts(_: &mut Parts, app: &AppState) -> Result<Self, Failure> {
        if app.disk.is_full() {
            return Err(Failure::Unavailable);
        }
        Ok(Self)
    }
}
