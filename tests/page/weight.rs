//! What the page weighs.

use super::person::Person;
use anyhow::{Context, Result};
use serde_json::json;

/// Nodes and bytes of the page once everything that can go is gone.
pub(crate) async fn weight(zhang: &Person) -> Result<(f64, f64)> {
    // Twice: what the first one frees may hold what the second one does.
    for _ in 0..2 {
        zhang
            .browser
            .cdp("HeapProfiler.collectGarbage", json!({}))
            .await?;
    }
    let metrics = zhang
        .browser
        .cdp("Performance.getMetrics", json!({}))
        .await?;
    let metric = |name: &str| {
        let metrics = metrics["metrics"].as_array();
        let found = metrics
            .into_iter()
            .flatten()
            .find(|metric| metric["name"] == name);
        found
            .and_then(|metric| metric["value"].as_f64())
            .context("no such metric")
    };
    Ok((metric("Nodes")?, metric("JSHeapUsedSize")?))
}
