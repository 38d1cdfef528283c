//! Scrolling back: what is in sight stays where it is.

use crate::past;
use crate::person::{Person, serve_page};
use anyhow::{Context, Result, bail};
use thirtyfour::Key;
use tidings_tests::browser::{ChromeDriver, Look};
use tidings_tests::server::{LI, WANG, ZHANG};

/// Scrolls near to the top and, in each frame until older rows are there, measures how far the first
/// row in sight has moved.
const PREPEND: &str = "(async () => {
    const log = document.querySelector('[data-testid=thread]');
    const frame = () => new Promise(requestAnimationFrame);
    const rows = () => [...log.querySelectorAll('.message-rows [data-testid=message]')];
    const top = row => row.getBoundingClientRect().top;
    const place = () => Number(rows()[0].dataset.seq);
    const first = place();
    // As with a wheel: what nobody does is undone just after a conversation began.
    log.dispatchEvent(new WheelEvent('wheel', {bubbles: true}));
    log.scrollTop = 250;
    const anchor = rows().find(row => row.getBoundingClientRect().bottom > top(log));
    // Which row begins a group may change, and with it where the row begins, not where it ends.
    const end = () => anchor.getBoundingClientRect().bottom;
    const before = end();
    let moved = 0;
    for (let settled = 0; settled < 5;) {
        await frame();
        moved = Math.max(moved, Math.abs(end() - before));
        settled += place() !== first;
    }
    return {moved, more: first - place(), wide: log.scrollWidth - log.clientWidth};
})()";

/// Clicks what a selector finds, and tells whether the thread was being scrolled then.
const CLICK: &str = "(async selector => {
    const log = document.querySelector('[data-testid=thread]');
    const before = log.scrollTop;
    await new Promise(requestAnimationFrame);
    const moving = log.scrollTop !== before;
    document.querySelector(selector).click();
    return moving;
})";

/// How far from the end the thread is, in CSS pixels, once it has stood still for half a second's frames.
const STANDS: &str = "(async () => {
    const log = document.querySelector('[data-testid=thread]');
    for (let [still, at] = [0, -1]; still < 30; at = log.scrollTop) {
        await new Promise(requestAnimationFrame);
        still = log.scrollTop === at ? still + 1 : 0;
    }
    return log.scrollHeight - log.clientHeight - log.scrollTop;
})()";

/// A key's scrolling may be over before the click on a slow machine: more rounds than this are too many
/// to meet it so often.
const ROUNDS: usize = 40;
const MEETINGS: usize = 3;

impl Person {
    /// Scrolls up by keys and clicks while the browser is still on its way, on one and the other in turn.
    async fn clicks_while_it_scrolls(&self, selectors: [&str; 2]) -> Result<()> {
        let mut met = 0;
        for selector in selectors.into_iter().cycle().take(ROUNDS) {
            self.tabs_back_to("thread").await?;
            for _ in 0..3 {
                self.types(Key::PageUp).await?;
            }
            let there = format!("document.querySelector(\"{selector}\") !== null");
            self.browser.until(selector, &there).await?;
            let click = format!("{CLICK}(\"{selector}\")");
            met += usize::from(self.browser.eval(&click).await? == true);
            let below = self.stands().await?;
            assert!(below < 2.0, "{selector}: {below} px above the end");
            if met == MEETINGS {
                return Ok(());
            }
        }
        bail!("the click met the scrolling {met} times in {ROUNDS} rounds");
    }

    async fn stands(&self) -> Result<f64> {
        let below = self.browser.eval(STANDS).await?;
        below.as_f64().context("no number")
    }
}

#[tokio::test]
async fn who_leaves_while_the_page_still_scrolls_comes_to_stand_at_the_end() -> Result<()> {
    let server = serve_page().await?;
    for from in [LI, WANG] {
        past::write(&server, from, 1000, 300, past::mixed_without_links).await?;
        past::read(&server, ZHANG, from.0).await?;
    }
    let driver = ChromeDriver::start().await?;
    let zhang = Person::logged_in(&driver, &server, &Look::default(), ZHANG.1).await?;
    zhang.opens_conversation(1002).await?;
    let here = "document.querySelector('[data-testid=thread]').scrollTop > 0";
    zhang.browser.until("its end is here", here).await?;
    let row = |peer| format!("[data-testid=conversation-row][data-peer='{peer}']");
    zhang
        .clicks_while_it_scrolls([&row(1001), &row(1002)])
        .await?;
    let jump = "[data-testid=jump]";
    zhang.clicks_while_it_scrolls([jump, jump]).await?;

    // What they scroll afterwards is not undone, however soon. The thread stands still before: a key in
    // the midst of a smooth scroll moves less than a page, wherever the thread was put.
    zhang.types(Key::PageUp).await?;
    zhang.browser.find("jump").await?;
    zhang.stands().await?;
    zhang.browser.eval(&format!("{CLICK}(\"{jump}\")")).await?;
    zhang.types(Key::PageUp).await?;
    let below = zhang.stands().await?;
    assert!(below > 100.0, "{below} px above the end");
    zhang.browser.close().await
}

#[tokio::test]
async fn fifty_rows_of_mixed_heights_above_move_what_is_in_sight_by_at_most_a_pixel() -> Result<()>
{
    let server = serve_page().await?;
    past::write(&server, WANG, 1000, 500, past::mixed).await?;
    past::read(&server, ZHANG, 1002).await?;
    let driver = ChromeDriver::start().await?;
    for width in [1280, 360] {
        let look = Look {
            width,
            ..Look::default()
        };
        let zhang = Person::logged_in(&driver, &server, &look, ZHANG.1).await?;
        zhang.opens_conversation(1002).await?;
        let ready = "(log => log.querySelector('.message-rows [data-testid=message]')
            && log.scrollTop > 0 && log.scrollHeight - log.clientHeight - log.scrollTop < 2)(
                document.querySelector('[data-testid=thread]'))";
        zhang.browser.until("the end is here", ready).await?;
        // A view begins with few rows, and at first grows by as many as there are. A slow machine may
        // be seen to grow twice at once.
        let mut fifty = 0;
        while fifty < 3 {
            let round = zhang.browser.eval(PREPEND).await?;
            println!("{width} px: {round}");
            assert!(
                round["moved"].as_f64().is_some_and(|moved| moved <= 1.0),
                "{round}"
            );
            fifty += u32::from(round["more"].as_i64() >= Some(50));
            assert_eq!(
                round["wide"], 0,
                "nothing is wider than the thread: {round}"
            );
        }
        zhang.browser.close().await?;
    }
    Ok(())
}

#[tokio::test]
async fn a_window_that_has_room_for_more_than_the_first_rows_is_filled() -> Result<()> {
    let server = serve_page().await?;
    past::write(&server, WANG, 1000, 120, |n| n.to_string()).await?;
    past::read(&server, ZHANG, 1002).await?;
    let driver = ChromeDriver::start().await?;
    let tall = Look {
        height: 2400,
        ..Look::default()
    };
    let zhang = Person::logged_in(&driver, &server, &tall, ZHANG.1).await?;
    zhang.opens_conversation(1002).await?;
    let filled =
        "(log => log.scrollTop > 0 && log.scrollHeight - log.clientHeight - log.scrollTop < 2)(
        document.querySelector('[data-testid=thread]'))";
    zhang.browser.until("rows up to the top", filled).await?;
    zhang.browser.close().await
}
