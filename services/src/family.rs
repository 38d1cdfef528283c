//! A process and its children, signalled and waited for together.

use anyhow::{Context, Result, ensure};
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;
use rustix::process::{Pid, PidfdFlags, Signal, kill_process, pidfd_open};
use std::time::{Duration, Instant};

/// A process and those it started, as they are at this moment.
///
/// Postgres gives each of its processes a group of its own, so a process group is not the whole of
/// it.
#[derive(Debug)]
pub(crate) struct Family(Vec<Pid>);

impl Family {
    /// Of the process with this id.
    pub(crate) fn of(pid: u32) -> Result<Self> {
        let parent = i32::try_from(pid).ok().and_then(Pid::from_raw);
        let parent = parent.context("no process id")?;
        let mut family = vec![parent];
        for entry in std::fs::read_dir("/proc").into_iter().flatten().flatten() {
            let name = entry.file_name();
            let child = name.to_str().and_then(|name| name.parse().ok());
            let Some(child) = child.and_then(Pid::from_raw) else {
                continue;
            };
            // Gone since, or a child.
            let stat = std::fs::read_to_string(entry.path().join("stat"));
            if stat.is_ok_and(|stat| parent_in(&stat) == Some(parent)) {
                family.push(child);
            }
        }
        Ok(Self(family))
    }

    /// Signals each of them, the parent first. Who is gone already is no error.
    pub(crate) fn signal(&self, signal: Signal) -> Result<()> {
        for pid in &self.0 {
            match kill_process(*pid, signal) {
                Ok(()) | Err(Errno::SRCH) => {}
                Err(error) => return Err(error).context("cannot signal a service"),
            }
        }
        Ok(())
    }

    /// Blocks until all of them have ended.
    ///
    /// # Errors
    /// When one has not within `limit`.
    pub(crate) fn wait(&self, limit: Duration) -> Result<()> {
        let until = Instant::now() + limit;
        for pid in &self.0 {
            let process = match pidfd_open(*pid, PidfdFlags::empty()) {
                Ok(process) => process,
                Err(Errno::SRCH) => continue,
                Err(error) => return Err(error).context("cannot wait for a service"),
            };
            let rest = until.saturating_duration_since(Instant::now());
            let mut ended = [PollFd::new(&process, PollFlags::IN)];
            let ended = poll(&mut ended, Some(&Timespec::try_from(rest)?))?;
            ensure!(ended == 1, "the process {pid:?} of a service does not end");
        }
        Ok(())
    }
}

/// The parent in `/proc/PID/stat` (proc(5)): the second field after the name, which is in
/// parentheses and may hold anything.
fn parent_in(stat: &str) -> Option<Pid> {
    let (_, after) = stat.rsplit_once(')')?;
    let parent = after.split_whitespace().nth(1)?;
    Pid::from_raw(parent.parse().ok()?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_parent_is_found_behind_any_name() {
        let parent = parent_in("12 (a) b (c) S 7 8 9");
        assert_eq!(parent, Pid::from_raw(7));
        assert_eq!(parent_in("12"), None);
    }
}
