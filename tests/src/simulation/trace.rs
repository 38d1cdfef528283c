//! The trace of a run, as text. Text is formatted only when the trace is on: to get a trace, a run
//! is repeated with its seed.

use std::collections::VecDeque;
use std::time::Duration;
use tidings_shared::Moment;

/// How many of the last events are kept for a failure.
const KEPT: usize = 60;

/// Where the trace goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum TraceMode {
    /// Nothing is traced.
    Off,
    /// The last events are kept.
    Kept,
    /// Every event is printed as it happens.
    Printed,
}

#[derive(Debug)]
pub(crate) struct Trace {
    mode: TraceMode,
    lines: VecDeque<String>,
}

impl Trace {
    pub(crate) const fn new(mode: TraceMode) -> Self {
        Self {
            mode,
            lines: VecDeque::new(),
        }
    }

    pub(crate) fn log(&mut self, now: Moment, text: impl FnOnce() -> String) {
        if self.mode == TraceMode::Off {
            return;
        }
        let elapsed: Duration = now.since(Moment::default());
        let line = format!("{:>11.6}  {}", elapsed.as_secs_f64(), text());
        if self.mode == TraceMode::Printed {
            println!("{line}");
        }
        if self.lines.len() >= KEPT {
            self.lines.pop_front();
        }
        self.lines.push_back(line);
    }

    pub(crate) fn into_lines(self) -> Vec<String> {
        self.lines.into()
    }
}
