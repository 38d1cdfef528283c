//! The load tool and its report.

use std::path::Path;

use anyhow::{Context as _, Result, ensure};
use serde_json::Value;

use super::node::{Node, command};
use super::site::Site;

/// A report of the load tool.
#[derive(Debug)]
pub(super) struct Report(Value);

/// Runs a scenario; `nodes` are in the order of the tool's URLs. The report has the processor time
/// and memory of all of them.
///
/// # Errors
/// With the output of the tool, also when anything was lost, duplicated or out of order.
pub(super) async fn run(
    tool: &Path,
    arguments: &[String],
    nodes: &[&Node],
    site: Option<&Site>,
) -> Result<Report> {
    let folder = tempfile::tempdir()?;
    let file = folder.path().join("report.json");
    let mut load = command(tool);
    load.args(arguments).arg("--json").arg(&file);
    // Scenarios without a server, such as `disk`, do not have `--quiet`.
    if !nodes.is_empty() {
        load.arg("--quiet");
    }
    for node in nodes {
        load.args(["--url", &node.address]);
        load.args(["--server-pid", &node.pid()?.to_string()]);
    }
    if let Some(site) = site {
        load.arg("--tokens").arg(site.tokens_file());
    }
    let output = load.output().await.context("cannot start the load tool")?;
    ensure!(
        output.status.success(),
        "tidings-load {}: not clean\n{}{}",
        arguments.join(" "),
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    );
    let report = std::fs::read_to_string(&file)?;
    Ok(Report(serde_json::from_str(&report)?))
}

impl Report {
    /// A figure by its path in the JSON, like `/push/p99_ms`.
    ///
    /// # Errors
    /// When it was not measured.
    pub(super) fn figure(&self, path: &str) -> Result<f64> {
        let found = self.0.pointer(path).and_then(Value::as_f64);
        found.with_context(|| format!("the load tool reports no {path}"))
    }

    /// The times from the answer to the last member's push, in ms, by message.
    ///
    /// # Errors
    /// When there was no message.
    pub(super) fn reached_ms(&self) -> Result<Vec<f64>> {
        let found = self.0.get("reached_ms").and_then(Value::as_array);
        let found = found.context("the load tool reports no reached_ms")?;
        let figures: Vec<f64> = found.iter().filter_map(Value::as_f64).collect();
        ensure!(!figures.is_empty(), "no message reached everybody");
        Ok(figures)
    }
}
