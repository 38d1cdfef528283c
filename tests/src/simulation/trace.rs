//! What happened, in words. Words are made only when somebody wants to read them: a run is
//! repeated with its seed for that.

use std::collections::VecDeque;
use std::time::Duration;
use tidings_shared::Moment;

/// So many of the last events are kept for a failure.
const KEPT: usize = 60;

/// Who reads along.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Audience {
    /// Nobody.
    None,
    /// The last events are kept.
    Kept,
    /// Every event is printed as it happens.
    Printed,
}

#[derive(Debug)]
pub(crate) struct Trace {
    audience: Audience,
    lines: VecDeque<String>,
}

impl Trace {
    pub(crate) const fn new(audience: Audience) -> Self {
        Self {
            audience,
            lines: VecDeque::new(),
        }
    }

    pub(crate) fn say(&mut self, now: Moment, words: impl FnOnce() -> String) {
        if self.audience == Audience::None {
            return;
        }
        let elapsed: Duration = now.since(Moment::default());
        let line = format!("{:>11.6}  {}", elapsed.as_secs_f64(), words());
        if self.audience == Audience::Printed {
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
