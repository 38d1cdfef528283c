//! Named, timed steps and the table of them.

use std::time::{Duration, Instant};

use anyhow::Result;

/// The steps taken so far.
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

    /// Says what `work` is about to do, does it, and says how long it took.
    pub(crate) fn step<T>(
        &mut self,
        name: impl Into<String>,
        work: impl FnOnce() -> Result<T>,
    ) -> Result<T> {
        let name = name.into();
        println!("==> {name}");
        let started = Instant::now();
        let result = work();
        let took = started.elapsed();
        println!(
            "    {} after {}",
            if result.is_ok() { "done" } else { "FAILED" },
            seconds(took)
        );
        self.done.push(Step {
            name,
            took,
            ok: result.is_ok(),
        });
        result
    }

    /// Prints one line a step, and the total.
    pub(crate) fn print_summary(&self) {
        if self.done.is_empty() {
            return;
        }
        println!("\nsteps");
        for step in &self.done {
            let mark = if step.ok { "ok    " } else { "FAILED" };
            println!("  {mark} {:>9}  {}", seconds(step.took), step.name);
        }
        println!("  total  {:>9}", seconds(self.started.elapsed()));
    }
}

/// As `0.3 s` or `2 min 04 s`.
fn seconds(duration: Duration) -> String {
    if duration < Duration::from_mins(1) {
        format!("{:.1} s", duration.as_secs_f64())
    } else {
        format!(
            "{} min {:02} s",
            duration.as_secs() / 60,
            duration.as_secs() % 60
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_read_naturally() {
        assert_eq!(seconds(Duration::from_millis(340)), "0.3 s");
        assert_eq!(seconds(Duration::from_secs(124)), "2 min 04 s");
    }

    #[test]
    fn a_failed_step_is_kept_and_its_error_returned() {
        let mut steps = Steps::start();
        let failed: Result<()> = steps.step("fails", || Err(anyhow::anyhow!("no")));
        assert!(failed.is_err());
        assert!(!steps.done[0].ok);
    }
}
