//! How quick the page is, in a real browser. Times are printed and never decide: a busy machine would
//! fail them.

use crate::past;
use crate::person::{Person, serve_page};
use anyhow::{Context, Result};
use serde_json::{Value, json};
use std::time::Duration;
use tidings_tests::browser::{ChromeDriver, Look};
use tidings_tests::server::{LI, Server, WANG, ZHANG};
use tidings_tests::socket::Socket;

/// Goes to and fro between two conversations, so many times. Of each switch: the time from the click
/// to the end of the frame that shows the end of the other conversation over the whole room for it,
/// and how often the row was marked in the first frame. As with a person's click, the row takes the
/// focus some time before, and it comes between frames: one from within a frame has two to wait for.
const SWITCH: &str = "(async times => {
    const show = peer => `[data-testid=conversation-row][data-peer='${peer}']`;
    const name = () => document.querySelector('[data-testid=thread-name]').textContent;
    const log = document.querySelector('[data-testid=thread]');
    const end = () => log.querySelector('.message-rows').lastElementChild.textContent;
    const filled = () => log.scrollTop > 0 && log.scrollHeight - log.clientHeight - log.scrollTop < 2;
    const frame = () => new Promise(requestAnimationFrame);
    const painted = () => new Promise(done => {
        const channel = new MessageChannel();
        channel.port1.onmessage = done;
        channel.port2.postMessage(0);
    });
    const taken = [];
    let marked = 0;
    for (let n = 0; n < times; n += 1) {
        const row = document.querySelector(show(n % 2 ? 1001 : 1002));
        const want = row.querySelector('[data-testid=row-name]').textContent;
        const left = end();
        row.focus();
        await frame();
        await painted();
        const begun = performance.now();
        row.click();
        await frame();
        marked += row.getAttribute('aria-current') === 'true';
        while (name() !== want || end() === left || !filled()) {
            if (performance.now() - begun > 20_000)
                throw new Error(`switch ${n} to ${want}: ${name()}, ${document.body.innerText}`);
            await frame();
        }
        await painted();
        taken.push(performance.now() - begun);
    }
    return {taken, marked};
})";

async fn two_conversations(server: &Server, driver: &ChromeDriver) -> Result<Person> {
    past::write(server, LI, 1000, 120, past::mixed).await?;
    past::write(server, WANG, 1000, 120, |n| past::mixed(n + 1)).await?;
    for from in [LI, WANG] {
        past::read(server, ZHANG, from.0).await?;
    }
    let zhang = Person::logged_in(driver, server, &Look::default(), ZHANG.1).await?;
    for (peer, name) in [(1001, "李四"), (1002, "王五"), (1001, "李四")] {
        zhang.opens_conversation(peer).await?;
        zhang.reads("thread-name", name).await?;
        let here = "document.querySelector('[data-testid=thread]').scrollTop > 0";
        zhang.browser.until("its end is here", here).await?;
    }
    Ok(zhang)
}

/// To and fro so many times: how long each switch took, in ms, and how many rows were marked at once.
/// A script each, for each may take as long as a script may.
async fn switches(zhang: &Person, pairs: usize) -> Result<(Vec<f64>, u64)> {
    let (mut taken, mut marked) = (Vec::new(), 0);
    for _ in 0..pairs {
        let switched = zhang.browser.eval(&format!("{SWITCH}(2)")).await?;
        let of_pair: Vec<f64> = serde_json::from_value(switched["taken"].clone())?;
        taken.extend(of_pair);
        marked += switched["marked"].as_u64().context("no count")?;
    }
    Ok((taken, marked))
}

#[tokio::test]
async fn a_conversation_that_was_open_before_is_there_again_at_once() -> Result<()> {
    let server = serve_page().await?;
    let driver = ChromeDriver::start().await?;
    let zhang = two_conversations(&server, &driver).await?;
    switches(&zhang, 2).await?;
    zhang
        .browser
        .cdp("Emulation.setCPUThrottlingRate", json!({"rate": 4}))
        .await?;
    let (mut taken, marked) = switches(&zhang, 10).await?;
    taken.sort_by(f64::total_cmp);
    println!(
        "20 switches at a quarter of the speed: median {:.1} ms, longest {:.1} ms (wanted: 50 ms); \
         {marked} rows marked in the frame of the click",
        taken[taken.len() / 2],
        taken[taken.len() - 1]
    );
    // Not each: where the machine does something else meanwhile, a frame comes too soon.
    assert!(marked > 0, "no row is marked in the frame of the click");
    zhang.browser.close().await
}

#[tokio::test]
async fn a_thousand_messages_in_ten_seconds_never_block_the_page_for_long() -> Result<()> {
    let server = serve_page().await?;
    let driver = ChromeDriver::start().await?;
    let zhang = two_conversations(&server, &driver).await?;
    zhang
        .browser
        .eval(
            "(() => {
                window.blocked = [];
                new PerformanceObserver(list => blocked.push(...list.getEntries().map(e => e.duration)))
                    .observe({type: 'longtask'});
            })()",
        )
        .await?;
    let mut li = Socket::bound(&server, LI).await?;
    let mut pace = tokio::time::interval(Duration::from_millis(10));
    for n in 1..=1000 {
        pace.tick().await;
        li.say(1001, 1000, &format!("live {n}")).await?;
    }
    zhang.sees("live 1000", "received", "sent").await?;
    let blocked: Vec<f64> = serde_json::from_value(zhang.browser.eval("blocked").await?)?;
    let longest = blocked.iter().copied().fold(0.0, f64::max);
    println!(
        "1,000 messages: {} tasks over 50 ms, the longest {longest:.0} ms (wanted: none)",
        blocked.len()
    );
    let rows = zhang
        .browser
        .eval("document.querySelector('.message-rows').childElementCount")
        .await?;
    assert!(rows.as_u64().is_some_and(|rows| rows <= 400), "{rows}");
    zhang.browser.close().await
}

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

#[tokio::test]
async fn a_hundred_switches_leave_nothing_behind() -> Result<()> {
    let server = serve_page().await?;
    let driver = ChromeDriver::start().await?;
    let zhang = two_conversations(&server, &driver).await?;
    zhang.browser.cdp("Performance.enable", json!({})).await?;
    // What is above comes a little after what is in sight.
    let above = "document.querySelector('[data-testid=thread]').scrollTop >= 600";
    switches(&zhang, 10).await?;
    zhang.browser.until("rows above", above).await?;
    let (nodes, bytes) = weight(&zhang).await?;
    switches(&zhang, 50).await?;
    zhang.browser.until("rows above", above).await?;
    let (nodes_after, bytes_after) = weight(&zhang).await?;
    println!("nodes {nodes} → {nodes_after}, JS heap {bytes} → {bytes_after} bytes");
    assert!(nodes_after <= nodes * 1.1, "{nodes} → {nodes_after} nodes");
    assert!(bytes_after <= bytes * 1.1, "{bytes} → {bytes_after} bytes");
    zhang.browser.close().await
}

/// Notes when the first field of the page can be typed into.
const FIRST_INPUT: &str = "
    const look = () => {
        const field = document.querySelector('[data-testid=login-email]');
        if (field && document.activeElement === field) window.usable = performance.now();
        else requestAnimationFrame(look);
    };
    requestAnimationFrame(look);";

#[tokio::test]
async fn a_first_visit_over_slow_4g_on_a_slow_machine_can_soon_be_typed_into() -> Result<()> {
    let server = serve_page().await?;
    let driver = ChromeDriver::start().await?;
    let browser = driver.open(&Look::default()).await?;
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
            .eval(
                "[...performance.getEntriesByType('navigation'),
                  ...performance.getEntriesByType('resource')]
                    .reduce((sum, entry) => sum + entry.transferSize, 0)",
            )
            .await?;
    }
    taken.sort_by(f64::total_cmp);
    println!(
        "slow 4G and a quarter of the processor: first input after {:.0} ms (median of 5, \
         {:.0} to {:.0}; wanted: 2000 ms), {transferred} bytes transferred",
        taken[2], taken[0], taken[4]
    );
    // Each was a first visit.
    assert!(transferred.as_f64() > Some(150_000.0), "{transferred}");
    browser.close().await
}
