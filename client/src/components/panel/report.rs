//! The diagnosis as plain text, to be pasted where somebody can help: what the panel shows, and
//! what it was shown with. No token, no name, no text of a message.

use super::facts::Words;

/// Where a report was made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Place {
    pub(super) browser: String,
    pub(super) language: &'static str,
    /// With the time zone.
    pub(super) now: String,
}

/// The report.
pub(super) fn report(words: &Words<'_>, place: &Place) -> String {
    let (texts, diagnosis) = (words.texts, &words.snapshot.diagnosis);
    let mut lines = vec![
        format!("Tidings · {}", texts.title),
        line(texts.version, env!("CARGO_PKG_VERSION")),
        line(texts.made_at, &place.now),
        line(texts.language, place.language),
        line(texts.browser, &place.browser),
        String::new(),
        format!("{} ({})", words.phase(), words.since()),
    ];
    for fact in words.facts() {
        let said = [fact.value].into_iter().chain(fact.hints);
        lines.push(line(fact.label, &said.collect::<Vec<_>>().join(" · ")));
    }
    lines.push(String::new());
    lines.push(line(texts.reconnects, &words.reconnects().to_string()));
    for end in diagnosis.ends() {
        let (time, cause, after) = words.end(end);
        lines.push(format!("  {time}  {cause} ({after})"));
    }
    lines.push(String::new());
    lines.push(texts.frames.into());
    for frame in diagnosis.frames() {
        let (time, arrow, words) = words.frame(frame);
        lines.push(format!("  {time} {arrow} {words}"));
    }
    lines.join("\n") + "\n"
}

fn line(label: &str, value: &str) -> String {
    format!("{label}: {value}")
}

#[cfg(test)]
#[path = "report_tests.rs"]
mod tests;
