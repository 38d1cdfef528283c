//! A very long conversation: the page holds a part of it, wherever one is.

use super::past;
use super::person::{Person, serve_page};
use super::weight::weight;
use anyhow::{Context, Result, bail};
use serde_json::{Value, json};
use std::time::Instant;
use thirtyfour::Key;
use tidings_tests::browser::{ChromeDriver, Look};
use tidings_tests::server::{WANG, ZHANG};

/// So many of them, the last ones, differ in height.
const MIXED: usize = 1_200;
/// So many pages are scrolled up with the wheel, and then so many with keys; 50 messages each.
const PAGES: u64 = 10;
/// More turns of the wheel, or keys, for that are too many.
const TURNS: usize = 300;

/// What the page may grow by on the way up and back: the messages it went past stay in memory while
/// their conversation is open, and that is all.
const GROWTH_BYTES: f64 = 32.0 * 1024.0 * 1024.0;

/// Keeps the memory of the program, which is not a part of the JS heap.
const KEEP_MEMORY: &str = "
    for (const name of ['instantiate', 'instantiateStreaming']) {
        const real = WebAssembly[name].bind(WebAssembly);
        WebAssembly[name] = async (...given) => {
            const made = await real(...given);
            window.programMemory = (made.instance ?? made).exports.memory;
            return made;
        };
    }";

/// Looks at every change of the rows, before it is painted: how many there are then, and how far the
/// first message in sight was moved when older ones came. Between two frames nothing but the page
/// itself scrolls; a person's scrolling comes with an event, which this hears before the page.
const WATCH: &str = "(() => {
    const log = document.querySelector('[data-testid=thread]');
    const rows = log.querySelector('.message-rows');
    const place = row => row.getBoundingClientRect().bottom - log.getBoundingClientRect().top;
    const oldest = () => Number(rows.querySelector('.message').dataset.seq);
    window.seen = {changes: 0, pages: 0, most: rows.childElementCount, moved: 0, lost: 0};
    let [anchor, at, first] = [null, 0, oldest()];
    const look = () => {
        anchor = [...rows.querySelectorAll('.message')].find(row => place(row) > 0);
        at = place(anchor);
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
            seen.moved = Math.max(seen.moved, Math.abs(place(anchor) - at));
        }
        first = now;
        look();
    }).observe(rows, {childList: true, subtree: true});
})()";

/// Goes up and back in a conversation of so many messages: a few hundred are in the page wherever one
/// is, and what is in sight stays where it is.
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
    zhang.stands().await?;
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
    zhang.says("still here").await?;
    zhang.sees("still here", "sent", "sent").await?;
    zhang.browser.close().await
}

impl Person {
    /// Turns the wheel over the thread until so many pages of older messages came.
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

    /// Presses the key that scrolls a page up until so many pages of older messages came.
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

    /// Where there is nothing left to scroll, waits for the next page.
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

/// What the page weighs once everything that can go is gone.
struct Weight {
    nodes: f64,
    /// JavaScript's, in bytes.
    heap: f64,
    /// The program's own memory, in bytes, of which nothing is ever given back.
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
