//! The memory of the page.

use super::person::Person;
use anyhow::{Context, Result};
use serde_json::json;

/// DOM nodes and heap bytes of the page after garbage collection.
pub(crate) async fn weight(zhang: &Person) -> Result<(f64, f64)> {
    // Twice, because objects freed by the first may have kept others alive.
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
