//! The table of results, in Markdown.

use std::fmt::{self, Write as _};

/// A row of the table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Row {
    /// The quantity that was measured.
    what: String,
    /// The figure with its unit.
    figure: String,
}

impl Row {
    pub(super) fn new(what: impl Into<String>, figure: impl Into<String>) -> Self {
        Self {
            what: what.into(),
            figure: figure.into(),
        }
    }
}

impl fmt::Display for Row {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.what, self.figure)
    }
}

/// The answer to one question.
#[derive(Debug)]
struct Part {
    title: &'static str,
    /// Measures this part alone.
    command: String,
    rows: Vec<Row>,
}

/// All parts.
#[derive(Debug, Default)]
pub(super) struct Table(Vec<Part>);

impl Table {
    /// Adds a part.
    pub(super) fn add(&mut self, title: &'static str, command: String, rows: Vec<Row>) {
        self.0.push(Part {
            title,
            command,
            rows,
        });
    }

    /// The whole document, in Markdown.
    pub(super) fn page(&self, machine: &str, commit: &str) -> String {
        let mut page = format!(
            "# Benchmarks\n\n\
             Written by `cargo xtask bench` at {commit}; run it to have your own figures. Server, load \
             tool and services share one machine: {machine}.\n\n\
             Figures are medians of several runs, with the minimum and the maximum in brackets; ratios are \
             between runs one right after the other. Latencies count from when a message was due, by a \
             timer that is up to 1 ms late. A run in which anything is lost, shown twice or out of \
             order ends the whole. SQLite and Postgres sync every commit to disk, and no user has a \
             rate limit. Memory is resident memory as in `/proc`.\n"
        );
        for part in &self.0 {
            // Writing to a string cannot fail.
            let _ = write!(
                page,
                "\n## {}\n\n`{}`\n\n| what | figure |\n|---|---|\n",
                part.title, part.command
            );
            for Row { what, figure } in &part.rows {
                let _ = writeln!(page, "| {what} | {figure} |");
            }
        }
        page
    }
}

/// The figures of several runs.
#[derive(Debug, Clone, Default)]
pub(super) struct Runs(Vec<f64>);

impl Runs {
    pub(super) fn push(&mut self, figure: f64) {
        self.0.push(figure);
    }

    /// The median: of an even number of runs the mean of the middle two.
    ///
    /// # Panics
    /// When there was no run.
    pub(super) fn median(&self) -> f64 {
        let mut sorted = self.0.clone();
        sorted.sort_by(f64::total_cmp);
        let middle = sorted.len() / 2;
        if sorted.len().is_multiple_of(2) {
            f64::midpoint(sorted[middle - 1], sorted[middle])
        } else {
            sorted[middle]
        }
    }

    /// The median and, for several runs, the minimum and the maximum.
    pub(super) fn summary(&self, unit: &str, digits: usize) -> String {
        let median = self.median();
        let least = self.0.iter().copied().fold(f64::INFINITY, f64::min);
        let greatest = self.0.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        let space = if unit.is_empty() { "" } else { " " };
        let text = format!("{median:.digits$}{space}{unit}");
        if self.0.len() == 1 {
            return text;
        }
        format!("{text} ({least:.digits$} to {greatest:.digits$})")
    }
}

impl FromIterator<f64> for Runs {
    fn from_iter<I: IntoIterator<Item = f64>>(figures: I) -> Self {
        Self(figures.into_iter().collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn median_is_formatted_with_minimum_and_maximum() {
        let runs: Runs = [3.0, 1.0, 2.0].into_iter().collect();
        assert_eq!(runs.summary("ms", 1), "2.0 ms (1.0 to 3.0)");
        let runs: Runs = [4.0, 1.0].into_iter().collect();
        assert!((runs.median() - 2.5).abs() < 1e-9);
        let runs: Runs = [4.0].into_iter().collect();
        assert_eq!(runs.summary("", 0), "4");
    }

    #[test]
    fn the_page_has_a_table_for_each_part() {
        let mut table = Table::default();
        let rows = vec![Row::new("speed", "1 a second")];
        table.add("How fast?", "measure".into(), rows);
        let page = table.page("2 cores", "abc");
        assert!(
            page.contains("at abc;") && page.contains(": 2 cores."),
            "{page}"
        );
        assert!(page.ends_with(
            "## How fast?\n\n`measure`\n\n| what | figure |\n|---|---|\n| speed | 1 a second |\n"
        ));
    }
}
