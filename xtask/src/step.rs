//! Named, timed steps and the table of them.

use std::process::Command;
use std::time::{Duration, Instant};

use anyhow::Result;

use crate::command;

/// The steps done so far.
#[derive(Debug)]
pub(crate) struct Steps {
    started: Instant,
    done: Vec<Step>,
}

#[derive(Debug)]
struct Step {
    name: String,
    took: Duration,
    ok: bool,
}

impl Steps {
    /// Starts the clock for the total.
    pub(crate) fn start() -> Self {
        Self {
            started: Instant::now(),
            done: Vec::new(),
        }
    }

    /// Runs a step; prints its name before and its duration after it.
    pub(crate) fn step<T>(
        &mut self,
        name: impl Into<String>,
        work: impl FnOnce() -> Result<T>,
    ) -> Result<T> {
        let name = name.into();
        println!("==> {name}");
        let started = Instant::now();
        let result = work();
        let (took, ok) = (started.elapsed(), result.is_ok());
        let outcome = if ok { "done" } else { "FAILED" };
        println!("    {outcome} after {}", seconds(took));
        self.done.push(Step { name, took, ok });
        result
    }

    /// Runs a step that is one command.
    pub(crate) fn run(&mut self, name: impl Into<String>, command: &mut Command) -> Result<()> {
        self.step(name, || command::run(command))
    }

    /// Prints one line per step, and the total.
    pub(crate) fn print_summary(&self) {
        if self.done.is_empty() {
            return;
        }
        println!("\nsteps");
        for step in &self.done {
            let mark = if step.ok { "ok    " } else { "FAILED" };
            println!("  {mark} {:>11}  {}", seconds(step.took), step.name);
        }
        println!("  total  {:>11}", seconds(self.started.elapsed()));
    }
}

/// Formats a duration as `0.3 s` or `2 min 04 s`.
fn seconds(duration: Duration) -> String {
    match duration.as_secs() {
        0..60 => format!("{:.1} s", duration.as_secs_f64()),
        whole => format!("{} min {:02} s", whole / 60, whole % 60),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_formatted_in_s_and_min() {
        assert_eq!(seconds(Duration::from_millis(340)), "0.3 s");
        assert_eq!(seconds(Duration::from_secs(124)), "2 min 04 s");
    }
}
