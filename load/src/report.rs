//! The report of a run.

use crate::latency::Percentiles;
use crate::process::Usage;
use crate::tally::Tally;
use serde::Serialize;
use std::collections::BTreeMap;
use std::fmt;

/// The figures of a run.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Report {
    /// Which scenario.
    pub scenario: String,
    /// How long was measured, in seconds.
    pub seconds: f64,
    /// Connections that were bound at the end of that time.
    pub connections: usize,
    /// Messages answered (or echoed) a second while measured.
    pub answered_per_second: f64,
    /// Messages shown to a recipient a second while measured.
    pub shown_per_second: f64,
    /// Send→answer (or echo), from when the message was due.
    pub answer: Option<Percentiles>,
    /// Send→push, from when the message was due.
    pub push: Option<Percentiles>,
    /// From the cut to the bind after it.
    #[serde(rename = "back")]
    pub reconnect: Option<Percentiles>,
    /// Group: from each message's answer to the last member's push, in ms, in order of the
    /// messages.
    pub reached_ms: Vec<f64>,
    /// Figures of a single scenario; the unit is in the name.
    pub figures: BTreeMap<String, f64>,
    /// Counts of the whole run.
    pub tally: Tally,
    /// The servers.
    pub servers: Vec<Usage>,
    /// The load tool itself.
    pub tool: Option<Usage>,
}

impl Report {
    /// Whether every guarantee held: nothing lost, shown twice or out of order, nothing unanswered,
    /// and no error that a user would see.
    pub const fn is_clean(&self) -> bool {
        let tally = &self.tally;
        tally.lost == 0
            && tally.shown_twice == 0
            && tally.out_of_order == 0
            && tally.unanswered == 0
            && tally.visible_errors == 0
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            f,
            "{}: {:.1} s, {} connections",
            self.scenario, self.seconds, self.connections
        )?;
        if self.answered_per_second > 0.0 {
            writeln!(
                f,
                "  a second         {:.0} answered, {:.0} shown",
                self.answered_per_second, self.shown_per_second
            )?;
        }
        line(f, "send→answer", self.answer)?;
        line(f, "send→push", self.push)?;
        line(f, "cut→bound", self.reconnect)?;
        if !self.reached_ms.is_empty() {
            let parts: Vec<String> = self
                .reached_ms
                .iter()
                .map(|ms| format!("{ms:.1}"))
                .collect();
            writeln!(f, "  answer→all, ms   {}", parts.join(" "))?;
        }
        for (name, figure) in &self.figures {
            writeln!(f, "  {name:<17} {figure:.3}")?;
        }
        let t = &self.tally;
        writeln!(
            f,
            "  messages         {} sent, {} answered, {} refused, {} shown; again: {} sent, {} pushed and removed",
            t.sent, t.answered, t.refused, t.shown, t.resent, t.duplicates_removed
        )?;
        writeln!(
            f,
            "  wrong            {} lost, {} shown twice, {} out of order, {} unanswered, {} errors to be seen",
            t.lost, t.shown_twice, t.out_of_order, t.unanswered, t.visible_errors
        )?;
        writeln!(
            f,
            "  connections      {} binds, {} heartbeats",
            t.binds, t.heartbeats
        )?;
        if !(t.errors.is_empty() && t.closes.is_empty() && t.failures.is_empty()) {
            writeln!(
                f,
                "  trouble          errors {:?}, closes {:?}, not opened {:?}",
                t.errors, t.closes, t.failures
            )?;
        }
        for usage in &self.servers {
            process(f, "server", usage)?;
        }
        self.tool
            .iter()
            .try_for_each(|usage| process(f, "load tool", usage))
    }
}

fn line(f: &mut fmt::Formatter<'_>, name: &str, percentiles: Option<Percentiles>) -> fmt::Result {
    let Some(p) = percentiles else { return Ok(()) };
    // Padded by hand: the arrow is one column wide.
    let pad = " ".repeat(17_usize.saturating_sub(name.chars().count()));
    writeln!(
        f,
        "  {name}{pad}p50 {:.2} ms, p99 {:.2} ms, p99.9 {:.2} ms, max {:.1} ms",
        p.p50_ms, p.p99_ms, p.p999_ms, p.max_ms
    )
}

fn process(f: &mut fmt::Formatter<'_>, name: &str, usage: &Usage) -> fmt::Result {
    writeln!(
        f,
        "  {name:<17}{:.1} % of a core ({:.2} s); memory {} MiB at first, {} MiB at most, {} MiB at the end (process {})",
        usage.cpu_percent,
        usage.cpu_seconds,
        usage.rss_start >> 20,
        usage.rss_peak >> 20,
        usage.rss_end >> 20,
        usage.pid
    )
}
