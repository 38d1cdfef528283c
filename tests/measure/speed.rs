//! The speed of the page in a real browser.

use crate::page::person::serve_page;
use crate::page::switching::{Left, left_by_switches, live_messages, switches, two_conversations};
use anyhow::{Context, Result};
use serde_json::{Value, json};
use std::time::Duration;
use tidings_tests::browser::{ChromeDriver, Look};

#[tokio::test]
async fn time_of_conversation_switches() -> Result<()> {
    let server = serve_page().await?;
    let driver = ChromeDriver::shared()?;
    let zhang = two_conversations(&server, driver).await?;
    switches(&zhang, 2).await?;
    zhang
        .browser
        .cdp("Emulation.setCPUThrottlingRate", json!({"rate": 4}))
        .await?;
    let (mut taken, _) = switches(&zhang, 10).await?;
    taken.sort_by(f64::total_cmp);
    println!(
        "20 switches at a quarter of the speed: median {:.1} ms, longest {:.1} ms (wanted: 50 ms)",
        taken[taken.len() / 2],
        taken[taken.len() - 1]
    );
    zhang.browser.close().await
}

#[tokio::test]
async fn long_tasks_during_1000_messages_in_10_s() -> Result<()> {
    let blocked = live_messages(1000, Duration::from_millis(10)).await?;
    let longest = blocked.iter().copied().fold(0.0, f64::max);
    println!(
        "1,000 messages: {} tasks over 50 ms, the longest {longest:.0} ms (wanted: none)",
        blocked.len()
    );
    Ok(())
}

#[tokio::test]
async fn growth_over_100_conversation_switches() -> Result<()> {
    let Left { nodes, bytes } = left_by_switches(50).await?;
    println!(
        "100 switches: nodes {} → {}, JS heap {} → {} bytes (wanted: a tenth more at most)",
        nodes[0], nodes[1], bytes[0], bytes[1]
    );
    Ok(())
}

/// The page and what it has loaded.
const LOADED: &str = "[...performance.getEntriesByType('navigation'),
    ...performance.getEntriesByType('resource')]";

/// Records when the first field of the page accepts input.
const FIRST_INPUT: &str = "
    const look = () => {
        const field = document.querySelector('[data-testid=login-email]');
        if (field && document.activeElement === field) window.usable = performance.now();
        else requestAnimationFrame(look);
    };
    requestAnimationFrame(look);";

#[tokio::test]
async fn time_to_first_input_over_slow_4g_on_a_slow_cpu() -> Result<()> {
    let server = serve_page().await?;
    let driver = ChromeDriver::shared()?;
    let people_have = Look {
        full_chromium: true,
        ..Look::default()
    };
    let browser = driver.open(&people_have).await?;
    let source = json!({"source": FIRST_INPUT});
    browser
        .cdp("Page.addScriptToEvaluateOnNewDocument", source)
        .await?;
    let mut taken = Vec::new();
    let mut transferred = Value::Null;
    for _ in 0..5 {
        browser.cdp("Network.clearBrowserCache", json!({})).await?;
        browser
            .cdp(
                "Storage.clearDataForOrigin",
                json!({"origin": server.url(""), "storageTypes": "all"}),
            )
            .await?;
        // 1.6 Mbit/s and 150 ms, as Lighthouse's "slow 4G"; a quarter of the processor.
        let conditions = json!({"offline": false, "latency": 150,
                                "downloadThroughput": 200_000, "uploadThroughput": 93_750});
        browser
            .cdp("Network.emulateNetworkConditions", conditions)
            .await?;
        browser
            .cdp("Emulation.setCPUThrottlingRate", json!({"rate": 4}))
            .await?;
        browser.goto(&server.url("/")).await?;
        browser
            .until("the field can be typed into", "window.usable > 0")
            .await?;
        let usable = browser.eval("window.usable").await?;
        taken.push(usable.as_f64().context("no time")?);
        transferred = browser
            .eval(&format!(
                "{LOADED}.reduce((sum, entry) => sum + entry.transferSize, 0)"
            ))
            .await?;
        // Each is a first visit: for a resource from a cache only its header counts as transferred,
        // or nothing (Resource Timing, `transferSize`).
        let cached = format!(
            "{LOADED}.filter(entry => entry.transferSize <= 300 && entry.encodedBodySize > 300)
                .map(entry => entry.name)"
        );
        assert_eq!(browser.eval(&cached).await?, json!([]));
    }
    taken.sort_by(f64::total_cmp);
    println!(
        "slow 4G and a quarter of the processor: first input after {:.0} ms (median of 5, \
         {:.0} to {:.0}; wanted: 2000 ms), {transferred} bytes transferred",
        taken[2], taken[0], taken[4]
    );
    browser.close().await
}
