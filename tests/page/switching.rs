//! Switching between two conversations.

use super::past;
use super::person::{Person, serve_page};
use super::weight::weight;
use anyhow::{Context, Result, ensure};
use serde_json::json;
use std::time::Duration;
use tidings_tests::browser::{ChromeDriver, Look};
use tidings_tests::server::{LI, Server, WANG, ZHANG};
use tidings_tests::socket::Socket;

/// Switches between two conversations, so many times. Measures, of each switch, the time from the
/// click to the end of the frame in which the end of the other conversation fills the thread, and
/// counts how often the row was marked in the first frame. As with a person's click, the row gets
/// the focus before, and the click comes between frames: one within a frame would have to wait for
/// two.
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

pub(crate) async fn two_conversations(server: &Server, driver: &ChromeDriver) -> Result<Person> {
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

/// Switches so many times. Returns how long each switch took, in ms, and how many rows were marked
/// at once. Each pair of switches is one script, because of the time limit of scripts.
pub(crate) async fn switches(zhang: &Person, pairs: usize) -> Result<(Vec<f64>, u64)> {
    let (mut taken, mut marked) = (Vec::new(), 0);
    for _ in 0..pairs {
        let switched = zhang.browser.eval(&format!("{SWITCH}(2)")).await?;
        let of_pair: Vec<f64> = serde_json::from_value(switched["taken"].clone())?;
        taken.extend(of_pair);
        marked += switched["marked"].as_u64().context("no count")?;
    }
    Ok((taken, marked))
}

/// DOM nodes and heap bytes before and after the switches.
pub(crate) struct Left {
    pub(crate) nodes: [f64; 2],
    pub(crate) bytes: [f64; 2],
}

/// Measures what so many pairs of switches leave in memory.
pub(crate) async fn left_by_switches(pairs: usize) -> Result<Left> {
    let server = serve_page().await?;
    let driver = ChromeDriver::shared()?;
    let zhang = two_conversations(&server, driver).await?;
    zhang.browser.cdp("Performance.enable", json!({})).await?;
    // Rows above the visible ones are rendered a little later.
    let above = "document.querySelector('[data-testid=thread]').scrollTop >= 600";
    let mut weights = Vec::new();
    let mut rows = 0;
    for pairs in [pairs.min(10), pairs] {
        rows += switches(&zhang, pairs).await?.1;
        zhang.browser.until("rows above", above).await?;
        weights.push(weight(&zhang).await?);
    }
    // Not each of them: on a busy machine a frame may come too soon.
    ensure!(rows > 0, "no row is marked in the frame of the click");
    zhang.browser.close().await?;
    Ok(Left {
        nodes: [weights[0].0, weights[1].0],
        bytes: [weights[0].1, weights[1].1],
    })
}

/// Sends so many messages at this interval while another conversation is open. Returns the
/// durations in ms of all tasks of the page over 50 ms.
pub(crate) async fn live_messages(count: usize, every: Duration) -> Result<Vec<f64>> {
    let server = serve_page().await?;
    let driver = ChromeDriver::shared()?;
    let zhang = two_conversations(&server, driver).await?;
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
    let mut pace = tokio::time::interval(every);
    for n in 1..=count {
        pace.tick().await;
        li.send_message(1001, 1000, &format!("live {n}")).await?;
    }
    zhang
        .sees(&format!("live {count}"), "received", "sent")
        .await?;
    let blocked = serde_json::from_value(zhang.browser.eval("blocked").await?)?;
    let rows = zhang
        .browser
        .eval("document.querySelector('.message-rows').childElementCount")
        .await?;
    ensure!(rows.as_u64().is_some_and(|rows| rows <= 400), "{rows}");
    zhang.browser.close().await?;
    Ok(blocked)
}
