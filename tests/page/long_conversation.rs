//! A very long conversation: at any scroll position the page holds only a part of it.

use super::past;
use super::person::{Person, serve_page};
use super::weight::weight;
use anyhow::{Context, Result, bail};
use serde_json::{Value, json};
use std::time::Instant;
use thirtyfour::Key;
use tidings_tests::browser::{ChromeDriver, Look};
use tidings_tests::server::{WANG, ZHANG};

/// The number of last messages with different heights.
const MIXED: usize = 1_200;
/// The number of pages to scroll up with the wheel, and then with keys; 50 messages each.
const PAGES: u64 = 10;
/// The most turns of the wheel, or keys, for that.
const TURNS: usize = 300;

/// The most that the page may grow on the way up and back. Loaded messages stay in memory while
/// their conversation is open, and nothing else does.
const GROWTH_BYTES: f64 = 32.0 * 1024.0 * 1024.0;

/// Exposes the WebAssembly memory of the program, which is not a part of the JS heap.
const KEEP_MEMORY: &str = "
    for (const name of ['instantiate', 'instantiateStreaming']) {
        const real = WebAssembly[name].bind(WebAssembly);
        WebAssembly[name] = async (...given) => {
            const made = await real(...given);
            window.programMemory = (made.instance ?? made).exports.memory;
            return made;
        };
    }";

/// Observes every change of the rows before it is painted: their number, and how far the first
/// visible message moved when older ones were added. Between two frames only the page itself
/// scrolls; scrolling by a person dispatches an event, which this listener gets before the page.
const WATCH: &str = "(() => {
    const log = document.querySelector('[data-testid=thread]');
    const rows = log.querySelector('.message-rows');
    const bottom = row => row.getBoundingClientRect().bottom - log.getBoundingClientRect().top;
    const oldest = () => Number(rows.querySelector('.message').dataset.seq);
    window.seen = {changes: 0, pages: 0, most: rows.childElementCount, moved: 0, lost: 0};
    let [anchor, at, first] = [null, 0, oldest()];
    const look = () => {
        anchor = [...rows.querySelectorAll('.message')].find(row => bottom(row) > 0);
        at = bottom(anchor);
    };
    const watch = () => { look(); requestAnimationFrame(watch); };
    watch();
    addEventListener('scroll', look, true);
    new MutationObserver(() => {
        seen.changes += 1;
        seen.most = Math.max(seen.most, rows.childElementCount);
        const now = oldest();
        if (now < first) {
            seen.pages += 1;
            seen.lost += !anchor.isConnected;
            seen.moved = Math.max(seen.moved, Math.abs(bottom(anchor) - at));
        }
        first = now;
        look();
    }).observe(rows, {childList: true, subtree: true});
})()";

/// Scrolls up and back in a conversation of so many messages: at any position a few hundred are in
/// the page, and visible messages do not move.
pub(crate) async fn goes_up_and_back(count: usize) -> Result<()> {
    let server = serve_page().await?;
    let started = Instant::now();
    past::write(&server, WANG, 1000, count - MIXED, |n| n.to_string()).await?;
    past::write(&server, WANG, 1000, MIXED, past::mixed_without_links).await?;
    past::read(&server, ZHANG, 1002).await?;
    let filled = started.elapsed();

    let driver = ChromeDriver::shared()?;
    let browser = driver.open(&Look::default()).await?;
    let source = json!({"source": KEEP_MEMORY});
    browser
        .cdp("Page.addScriptToEvaluateOnNewDocument", source)
        .await?;
    browser.cdp("Performance.enable", json!({})).await?;
    browser.goto(&server.url("/")).await?;
    let zhang = Person { browser };
    zhang.logs_in(ZHANG.1, "1234").await?;
    zhang.is_connected().await?;
    let started = Instant::now();
    zhang.opens_conversation(1002).await?;
    let at_end = format!(
        "(log => [...log.querySelectorAll('.message')].at(-1).dataset.seq === '{count}'
            && log.scrollHeight - log.clientHeight - log.scrollTop < 2)
            (document.querySelector('[data-testid=thread]'))"
    );
    zhang.browser.until("its end", &at_end).await?;
    println!(
        "{count} messages filled in {filled:.1?}, opened in {:.1?}",
        started.elapsed()
    );
    let before = Weight::of(&zhang).await?;
    println!("at its end: {before}");

    zhang.browser.eval(WATCH).await?;
    let started = Instant::now();
    zhang.turns_the_wheel(PAGES).await?;
    zhang.tabs_back_to("thread").await?;
    zhang.presses_page_up(2 * PAGES).await?;
    let seen = zhang.browser.eval("seen").await?;
    println!("up in {:.1?}: {seen}", started.elapsed());
    zhang.distance_at_rest().await?;
    println!("up there: {}", Weight::of(&zhang).await?);
    assert!(
        seen["most"].as_u64().is_some_and(|most| most <= 400),
        "{seen}"
    );
    assert!(
        seen["moved"].as_f64().is_some_and(|moved| moved <= 1.0),
        "{seen}"
    );
    assert_eq!(seen["lost"], 0, "{seen}");

    let started = Instant::now();
    zhang.browser.click("jump").await?;
    zhang.browser.until("the end again", &at_end).await?;
    let gone = "document.querySelector('[data-testid=jump]') === null";
    zhang.browser.until("no way further down", gone).await?;
    let after = Weight::of(&zhang).await?;
    println!("back in {:.1?}: {after}", started.elapsed());
    let seen = zhang.browser.eval("seen").await?;
    assert!(
        seen["most"].as_u64().is_some_and(|most| most <= 400),
        "{seen}"
    );
    assert!(after.nodes <= before.nodes * 1.5, "{before}; {after}");
    assert!(
        after.heap <= before.heap + GROWTH_BYTES,
        "{before}; {after}"
    );
    assert!(
        after.program <= before.program + GROWTH_BYTES,
        "{before}; {after}"
    );
    zhang.sends("still here").await?;
    zhang.sees("still here", "sent", "sent").await?;
    zhang.browser.close().await
}

impl Person {
    /// Turns the wheel over the thread until so many pages of older messages are loaded.
    async fn turns_the_wheel(&self, pages: u64) -> Result<()> {
        for _ in 0..TURNS {
            if self.has_seen(pages).await? {
                return Ok(());
            }
            self.waits_at_the_top().await?;
            self.turns_the_wheel_up().await?;
        }
        bail!("{TURNS} turns of the wheel are not enough");
    }

    /// Presses the key that scrolls a page up until so many pages of older messages are loaded.
    async fn presses_page_up(&self, pages: u64) -> Result<()> {
        for _ in 0..TURNS {
            if self.has_seen(pages).await? {
                return Ok(());
            }
            self.waits_at_the_top().await?;
            self.types(Key::PageUp).await?;
        }
        bail!("{TURNS} keys are not enough");
    }

    /// At the top of the thread, waits for the next page.
    async fn waits_at_the_top(&self) -> Result<()> {
        let seen = self.browser.eval("seen.pages").await?;
        let more = format!(
            "seen.pages > {seen} || document.querySelector('[data-testid=thread]').scrollTop > 0"
        );
        self.browser.until("more above", &more).await
    }

    async fn has_seen(&self, pages: u64) -> Result<bool> {
        let seen = self.browser.eval("seen.pages").await?;
        Ok(seen.as_u64().is_some_and(|seen| seen >= pages))
    }
}

/// The memory of the page after garbage collection.
struct Weight {
    nodes: f64,
    /// The JavaScript heap, in bytes.
    heap: f64,
    /// The WebAssembly memory of the program, in bytes, which never shrinks.
    program: f64,
}

impl Weight {
    async fn of(zhang: &Person) -> Result<Self> {
        let (nodes, heap) = weight(zhang).await?;
        let program: Value = zhang
            .browser
            .eval("programMemory.buffer.byteLength")
            .await?;
        Ok(Self {
            nodes,
            heap,
            program: program.as_f64().context("no size")?,
        })
    }
}

impl std::fmt::Display for Weight {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let mib = |bytes| bytes / (1024.0 * 1024.0);
        let (heap, program) = (mib(self.heap), mib(self.program));
        write!(
            f,
            "{} nodes, JS heap {heap:.1} MiB, the program's memory {program:.1} MiB",
            self.nodes
        )
    }
}
