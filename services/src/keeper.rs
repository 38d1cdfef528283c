//! Who cleans up when this process ends, however it ends.

use std::io;
use std::path::Path;
use std::process::{Child, Command, Stdio};

/// Waits until nothing can be written to it any more, then kills `$1` and removes the folder `$2`.
/// What was killed may still write for a moment.
const SCRIPT: &str = "cat >/dev/null
kill -s KILL -- \"$1\"
for _ in 1 2 3 4 5 6 7 8 9; do rm -rf -- \"$2\" && break; sleep 0.2; done";

/// A process that watches this one. When this one ends, or the keeper is dropped, it kills the
/// service and removes its folder.
#[derive(Debug)]
pub struct Keeper(Child);

impl Keeper {
    /// Of a process.
    ///
    /// # Errors
    /// When there is no shell.
    pub fn of_process(pid: u32, folder: &Path) -> io::Result<Self> {
        Self::start(&pid.to_string(), folder)
    }

    /// Of all processes of a group.
    ///
    /// # Errors
    /// When there is no shell.
    pub fn of_group(group: u32, folder: &Path) -> io::Result<Self> {
        Self::start(&format!("-{group}"), folder)
    }

    fn start(kill: &str, folder: &Path) -> io::Result<Self> {
        use std::os::unix::process::CommandExt;
        let child = Command::new("sh")
            .args(["-c", SCRIPT, "sh", kill])
            .arg(folder)
            // Open as long as this process lives; whoever else it starts does not inherit it.
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .current_dir("/")
            // Not that of the terminal, whose Ctrl-C would end it too soon.
            .process_group(0)
            .spawn()?;
        Ok(Self(child))
    }
}

impl Drop for Keeper {
    fn drop(&mut self) {
        drop(self.0.stdin.take());
        // So that no zombie is left.
        let _ = self.0.wait();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_dropped_keeper_leaves_neither_process_nor_folder() -> io::Result<()> {
        use std::os::unix::process::CommandExt;
        let folder = tempfile::tempdir()?;
        let mut kept = Command::new("sleep").arg("1000").process_group(0).spawn()?;
        drop(Keeper::of_group(kept.id(), folder.path())?);
        assert!(!kept.wait()?.success());
        assert!(!folder.path().exists());
        Ok(())
    }
}
