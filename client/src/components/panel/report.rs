//! The diagnosis as plain text, to be pasted into a request for help: the panel's facts and the
//! environment. No token, no name, no message text.

use super::facts::Facts;

/// The environment and the time of a report.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Environment {
    pub(super) browser: String,
    pub(super) language: &'static str,
    /// With the time zone.
    pub(super) now: String,
}

/// The report.
pub(super) fn report(facts: &Facts<'_>, environment: &Environment) -> String {
    let (texts, diagnosis) = (facts.texts, &facts.snapshot.diagnosis);
    let mut lines = vec![
        format!("Tidings · {}", texts.title),
        line(texts.version, env!("CARGO_PKG_VERSION")),
        line(texts.made_at, &environment.now),
        line(texts.language, environment.language),
        line(texts.browser, &environment.browser),
        String::new(),
        format!("{} ({})", facts.phase(), facts.since()),
    ];
    for fact in facts.rows() {
        let value = [fact.value].into_iter().chain(fact.details);
        lines.push(line(fact.label, &value.collect::<Vec<_>>().join(" · ")));
    }
    lines.push(String::new());
    lines.push(line(texts.reconnects, &facts.reconnects().to_string()));
    for end in diagnosis.ends() {
        let (time, cause, after) = facts.end(end);
        lines.push(format!("  {time}  {cause} ({after})"));
    }
    lines.push(String::new());
    lines.push(texts.frames.into());
    for frame in diagnosis.frames() {
        let (time, arrow, text) = facts.frame(frame);
        lines.push(format!("  {time} {arrow} {text}"));
    }
    lines.join("\n") + "\n"
}

fn line(label: &str, value: &str) -> String {
    format!("{label}: {value}")
}

#[cfg(test)]
#[path = "report_tests.rs"]
mod tests;
