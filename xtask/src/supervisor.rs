//! Programs that run until they are told to stop, and stop together.
//!
//! They share the terminal's process group, so Ctrl-C reaches them without help; the supervisor
//! waits for them, passes on what reaches only itself, and ends those that do not listen.

use std::io::{IsTerminal as _, stdin};
use std::process::{Command, ExitStatus};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, anyhow};
use rustix::process::{Pid, Signal, kill_process};
use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
use signal_hook::iterator::Signals;

/// How often readiness is asked for.
const TICK: Duration = Duration::from_millis(100);
/// How long a program may take to end after Ctrl-C, and again after SIGTERM.
const DRAIN: Duration = Duration::from_secs(15);
/// Without a terminal SIGINT may have been sent to this process alone; so long the others get
/// before they are told.
const UNATTENDED: Duration = Duration::from_secs(2);

/// The programs and what happens to them.
#[derive(Debug)]
pub(crate) struct Supervisor {
    sender: Sender<Event>,
    events: Receiver<Event>,
    running: Vec<Running>,
    next_step: Option<(Instant, Signal)>,
    asked: bool,
}

#[derive(Debug)]
struct Running {
    name: &'static str,
    pid: Pid,
}

#[derive(Debug)]
enum Event {
    Asked(i32),
    Ended(&'static str, ExitStatus),
}

/// Who ended first, and how.
#[derive(Debug)]
pub(crate) struct Outcome {
    pub(crate) name: &'static str,
    pub(crate) status: ExitStatus,
    /// Whether it ended because this process was asked to.
    pub(crate) asked: bool,
}

impl Supervisor {
    /// Starts to listen for signals; from now on they no longer end this process by themselves.
    pub(crate) fn new() -> Result<Self> {
        let (sender, events) = channel();
        let mut signals = Signals::new([SIGHUP, SIGINT, SIGTERM])?;
        let asked = sender.clone();
        thread::spawn(move || {
            for signal in signals.forever() {
                if asked.send(Event::Asked(signal)).is_err() {
                    return;
                }
            }
        });
        Ok(Self {
            sender,
            events,
            running: Vec::new(),
            next_step: None,
            asked: false,
        })
    }

    /// Starts a program.
    pub(crate) fn start(&mut self, name: &'static str, command: &mut Command) -> Result<()> {
        let mut child = command
            .spawn()
            .with_context(|| format!("{name} could not be started"))?;
        let pid = i32::try_from(child.id()).ok().and_then(Pid::from_raw);
        self.running.push(Running {
            name,
            pid: pid.context("a process without an id")?,
        });
        let ended = self.sender.clone();
        thread::spawn(move || {
            if let Ok(status) = child.wait() {
                let _ = ended.send(Event::Ended(name, status));
            }
        });
        Ok(())
    }

    /// Waits until all have ended; the end of one ends the others.
    ///
    /// Calls `ready` again and again until it returns true.
    pub(crate) fn wait(mut self, mut ready: impl FnMut() -> bool) -> Result<Outcome> {
        let mut is_ready = false;
        let mut first = None;
        while !self.running.is_empty() {
            let event = match self.next_event(is_ready) {
                Ok(event) => event,
                Err(RecvTimeoutError::Timeout) => {
                    is_ready = is_ready || ready();
                    self.take_next_step();
                    continue;
                }
                Err(RecvTimeoutError::Disconnected) => break,
            };
            match event {
                Event::Asked(signal) => self.on_asked(signal),
                Event::Ended(name, status) => {
                    self.running.retain(|program| program.name != name);
                    first.get_or_insert(Outcome {
                        name,
                        status,
                        asked: self.asked,
                    });
                    if !self.asked {
                        self.end_all(Signal::TERM);
                    }
                }
            }
        }
        first.ok_or_else(|| anyhow!("nothing was started"))
    }

    /// Tells all to end, without waiting for it.
    pub(crate) fn end_now(&mut self) {
        self.end_all(Signal::TERM);
    }

    fn next_event(&self, is_ready: bool) -> Result<Event, RecvTimeoutError> {
        let step = self
            .next_step
            .map(|(at, _)| at.saturating_duration_since(Instant::now()));
        match step.into_iter().chain((!is_ready).then_some(TICK)).min() {
            Some(patience) => self.events.recv_timeout(patience),
            None => self.events.recv().map_err(RecvTimeoutError::from),
        }
    }

    fn on_asked(&mut self, signal: i32) {
        let first = !self.asked;
        self.asked = true;
        if signal != SIGINT {
            self.end_all(Signal::TERM);
        } else if first {
            println!("\nstopping; wait a moment");
            let patience = if stdin().is_terminal() {
                DRAIN
            } else {
                UNATTENDED
            };
            self.next_step = Some((Instant::now() + patience, Signal::TERM));
        }
    }

    fn take_next_step(&mut self) {
        if let Some((_, signal)) = self.next_step.take_if(|(at, _)| *at <= Instant::now()) {
            self.end_all(signal);
        }
    }

    /// Sends `signal` to each by its own id, and plans for those that do not obey.
    fn end_all(&mut self, signal: Signal) {
        for program in &self.running {
            // The one possible error is that it has just ended.
            let _ = kill_process(program.pid, signal);
        }
        self.next_step = (signal != Signal::KILL).then(|| (Instant::now() + DRAIN, Signal::KILL));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sh(script: &str) -> Command {
        let mut command = Command::new("sh");
        command.args(["-c", script]);
        command
    }

    #[test]
    fn the_end_of_one_ends_the_others_and_is_reported() {
        let mut supervisor = Supervisor::new().unwrap();
        supervisor.start("long", &mut sh("exec sleep 600")).unwrap();
        supervisor.start("short", &mut sh("exit 3")).unwrap();
        let outcome = supervisor.wait(|| true).unwrap();
        assert_eq!((outcome.name, outcome.status.code()), ("short", Some(3)));
        assert!(!outcome.asked);
    }

    #[test]
    fn readiness_is_asked_for_until_it_is_there() {
        let mut supervisor = Supervisor::new().unwrap();
        supervisor
            .start("brief", &mut sh("exec sleep 0.5"))
            .unwrap();
        let mut asked = 0;
        supervisor
            .wait(|| {
                asked += 1;
                asked == 2
            })
            .unwrap();
        assert_eq!(asked, 2);
    }
}
