//! One process of a service: started, ready, signalled, ended.

use crate::PATIENCE;
use crate::family::Family;
use anyhow::{Context, Result, bail};
use rustix::process::Signal;
use std::collections::VecDeque;
use std::io::pipe;
use std::sync::{Arc, Mutex, PoisonError};
use tokio::io::{AsyncBufReadExt, BufReader, Lines};
use tokio::net::unix::pipe::Receiver;
use tokio::process::{Child, Command};
use tokio::time::timeout;

/// Lines of its log that are kept for the error message.
const TAIL: usize = 30;

type Log = Arc<Mutex<VecDeque<String>>>;

/// A process that said it is ready. Dropped, it and its children are killed, and gone.
#[derive(Debug)]
pub(crate) struct Running {
    child: Child,
    log: Log,
}

impl Running {
    /// Starts it and waits until a line of its log contains `ready`.
    ///
    /// # Errors
    /// With the end of its log, when it ends or says nothing of the kind.
    pub(crate) async fn start(mut command: Command, ready: &str) -> Result<Self> {
        let (reading, writing) = pipe()?;
        command.stdout(writing.try_clone()?).stderr(writing);
        let child = command.spawn().context("cannot start a service");
        // It holds our ends of the pipe, whose other end would never come to an end.
        drop(command);
        let log = Log::default();
        let mut running = Self {
            child: child?,
            log: Arc::clone(&log),
        };
        let mut lines = BufReader::new(Receiver::from_owned_fd(reading.into())?).lines();
        let is_ready = timeout(PATIENCE, read_until(&mut lines, &log, ready)).await;
        if !matches!(is_ready, Ok(Ok(true))) {
            let _ = running.child.start_kill();
            bail!("a service does not start: {}", running.log());
        }
        // To its end, or it would block when the pipe is full.
        tokio::spawn(async move { read_until(&mut lines, &log, "\n").await });
        Ok(running)
    }

    /// Signals the process alone.
    pub(crate) fn signal(&self, signal: Signal) -> Result<()> {
        let pid = i32::try_from(self.pid()?)?;
        let pid = rustix::process::Pid::from_raw(pid).context("no process id")?;
        rustix::process::kill_process(pid, signal).context("cannot signal a service")
    }

    /// Signals it and its children.
    pub(crate) fn signal_all(&self, signal: Signal) -> Result<()> {
        Family::of(self.pid()?)?.signal(signal)
    }

    /// Waits until it and its children have ended.
    pub(crate) async fn ended(&mut self) -> Result<()> {
        let family = Family::of(self.pid()?)?;
        timeout(PATIENCE, self.child.wait())
            .await
            .with_context(|| format!("a service does not end: {}", self.log()))??;
        tokio::task::spawn_blocking(move || family.wait(PATIENCE)).await?
    }

    /// Kills it and its children and waits until they are gone.
    pub(crate) async fn kill(&mut self) -> Result<()> {
        let family = self.kill_all()?;
        self.child.wait().await?;
        tokio::task::spawn_blocking(move || family.wait(PATIENCE)).await?
    }

    /// The process id.
    pub(crate) fn pid(&self) -> Result<u32> {
        self.child.id().context("the service has ended")
    }

    /// The last lines of its log.
    pub(crate) fn log(&self) -> String {
        let mut log = self.log.lock().unwrap_or_else(PoisonError::into_inner);
        log.make_contiguous().join("\n")
    }

    fn kill_all(&self) -> Result<Family> {
        // A stopped process starts no more children.
        self.signal(Signal::STOP)?;
        let family = Family::of(self.pid()?)?;
        family.signal(Signal::KILL)?;
        Ok(family)
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // Fails when it has ended. Killed processes are gone within milliseconds; the folder they
        // write into can be removed only then.
        if let Ok(family) = self.kill_all() {
            let _ = family.wait(PATIENCE);
        }
    }
}

/// Keeps the end of the log until a line contains `words`; returns whether one did.
async fn read_until(
    lines: &mut Lines<BufReader<Receiver>>,
    log: &Log,
    words: &str,
) -> std::io::Result<bool> {
    while let Some(line) = lines.next_line().await? {
        let found = line.contains(words);
        let mut log = log.lock().unwrap_or_else(PoisonError::into_inner);
        if log.len() == TAIL {
            log.pop_front();
        }
        log.push_back(line);
        if found {
            return Ok(true);
        }
    }
    Ok(false)
}
