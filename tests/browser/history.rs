//! Scrolling back: what is in sight stays where it is.

use crate::past;
use crate::person::{Person, serve_page};
use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};
use thirtyfour::Key;
use tidings_tests::browser::{ChromeDriver, Look};
use tidings_tests::server::{LI, Server, WANG, ZHANG};

/// Scrolls near to the top and, in each frame until older rows are there, measures how far the first
/// row in sight has moved.
const PREPEND: &str = "(async () => {
    const log = document.querySelector('[data-testid=thread]');
    const frame = () => new Promise(requestAnimationFrame);
    const rows = () => [...log.querySelectorAll('.message-rows [data-testid=message]')];
    const top = row => row.getBoundingClientRect().top;
    const place = () => Number(rows()[0].dataset.seq);
    const first = place();
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

/// Clicks what a selector finds as soon as the thread is scrolled again.
const CLICK_IN_THE_MIDST: &str = "(selector => {
    const log = document.querySelector('[data-testid=thread]');
    window.clicked = false;
    log.addEventListener('scroll', () => {
        const clicked = document.querySelector(selector);
        clicked.focus();
        clicked.click();
        window.clicked = true;
    }, {once: true});
})";

/// How far from the end the thread is, in CSS pixels, once it has stood still for some frames.
const STANDS: &str = "(async () => {
    const log = document.querySelector('[data-testid=thread]');
    for (let [still, at] = [0, -1]; still < 20; at = log.scrollTop) {
        await new Promise(requestAnimationFrame);
        still = log.scrollTop === at ? still + 1 : 0;
    }
    return log.scrollHeight - log.clientHeight - log.scrollTop;
})()";

const JUMP: &str = "[data-testid=jump]";

/// As often each.
const ROUNDS: usize = 3;

impl Person {
    /// Scrolls up by a key, and clicks while the browser is still on its way.
    async fn clicks_while_it_scrolls(&self, selector: &str) -> Result<()> {
        self.tabs_back_to("thread").await?;
        self.types(Key::PageUp).await?;
        self.browser.find("jump").await?;
        self.stands().await?;
        let click = format!("{CLICK_IN_THE_MIDST}(\"{selector}\")");
        self.browser.eval(&click).await?;
        self.types(Key::PageUp).await?;
        self.browser.until(selector, "window.clicked").await
    }

    async fn stands_at_the_end(&self) -> Result<()> {
        let below = self.stands().await?;
        ensure!(below < 2.0, "{below} px above the end");
        Ok(())
    }

    pub(crate) async fn stands(&self) -> Result<f64> {
        let below = self.browser.eval(STANDS).await?;
        below.as_f64().context("no number")
    }

    /// Until the messages of somebody's conversation are here and fill the thread.
    async fn sees_conversation(&self, name: &str, last: usize) -> Result<()> {
        self.reads("thread-name", name).await?;
        let filled = format!(
            "[...document.querySelectorAll('.message-rows .message')].at(-1).dataset.seq === '{last}'
                && document.querySelector('[data-testid=thread]').scrollTop > 0"
        );
        self.browser.until(name, &filled).await
    }
}

fn row(peer: i64) -> String {
    format!("[data-testid=conversation-row][data-peer='{peer}']")
}

/// Somebody who has seen two conversations of 300 messages to their ends; that with 1002 is open.
async fn reader(server: &Server, driver: &ChromeDriver) -> Result<Person> {
    for from in [LI, WANG] {
        past::write(server, from, 1000, 300, past::mixed_without_links).await?;
        past::read(server, ZHANG, from.0).await?;
    }
    let zhang = Person::logged_in(driver, server, &Look::default(), ZHANG.1).await?;
    for (peer, name) in [(1001, "李四"), (1002, "王五")] {
        zhang.opens_conversation(peer).await?;
        zhang.sees_conversation(name, 300).await?;
    }
    Ok(zhang)
}

#[tokio::test]
async fn who_leaves_while_the_page_still_scrolls_comes_to_stand_at_the_end() -> Result<()> {
    let server = serve_page().await?;
    let driver = ChromeDriver::start().await?;
    let zhang = reader(&server, &driver).await?;
    for _ in 0..ROUNDS {
        for (peer, name) in [(1001, "李四"), (1002, "王五")] {
            zhang.clicks_while_it_scrolls(&row(peer)).await?;
            zhang.sees_conversation(name, 300).await?;
            zhang.stands_at_the_end().await?;
        }
        zhang.clicks_while_it_scrolls(JUMP).await?;
        zhang.stands_at_the_end().await?;
    }
    // By a real key: what it does comes between two listeners to it.
    for round in 1..=ROUNDS {
        let input = zhang.browser.find("composer-input").await?;
        input.send_keys(format!("sent {round}")).await?;
        zhang
            .clicks_while_it_scrolls("[data-testid=composer-input]")
            .await?;
        input.send_keys("" + Key::Enter).await?;
        zhang.sees_conversation("王五", 300 + round).await?;
        zhang.stands_at_the_end().await?;
    }
    zhang.browser.close().await
}

#[tokio::test]
async fn who_leaves_while_the_page_still_scrolls_comes_to_stand_at_the_first_unread_message()
-> Result<()> {
    let server = serve_page().await?;
    let driver = ChromeDriver::start().await?;
    let zhang = reader(&server, &driver).await?;
    past::write(&server, LI, 1000, 60, past::mixed_without_links).await?;
    zhang.badge_shows(1001, "60").await?;
    zhang.clicks_while_it_scrolls(&row(1001)).await?;
    zhang.sees_conversation("李四", 360).await?;
    zhang.stands().await?;
    let at = zhang
        .browser
        .eval(
            "document.querySelector('[data-testid=unread-divider]').getBoundingClientRect().top
                - document.querySelector('[data-testid=thread]').getBoundingClientRect().top",
        )
        .await?;
    let near = at.as_f64().is_some_and(|at| (at - 64.0).abs() <= 1.0);
    assert!(near, "{at} px below the top");
    zhang.browser.close().await
}

#[tokio::test]
async fn what_somebody_scrolls_just_after_they_left_is_not_undone() -> Result<()> {
    let server = serve_page().await?;
    let driver = ChromeDriver::start().await?;
    let zhang = reader(&server, &driver).await?;
    // The thread stands still before: a key in the midst of a smooth scroll moves less than a page,
    // wherever the thread was put.
    zhang.clicks_while_it_scrolls(JUMP).await?;
    zhang.stands_at_the_end().await?;
    zhang.types(Key::PageUp).await?;
    let below = zhang.stands().await?;
    assert!(below > 100.0, "by a key: {below} px above the end");

    zhang.clicks_while_it_scrolls(JUMP).await?;
    zhang.stands_at_the_end().await?;
    zhang.turns_the_wheel_up().await?;
    let below = zhang.stands().await?;
    assert!(below > 100.0, "by the wheel: {below} px above the end");

    zhang.clicks_while_it_scrolls(JUMP).await?;
    zhang.stands_at_the_end().await?;
    let middle = zhang.middle_of_the_thread().await?;
    let touch = async |kind: &str, points: Value| {
        let touch = json!({"type": kind, "touchPoints": points});
        zhang.browser.cdp("Input.dispatchTouchEvent", touch).await
    };
    let (x, y) = (&middle[0], middle[1].as_f64().context("no place")?);
    touch("touchStart", json!([{"x": x, "y": y}])).await?;
    for step in 1..=8 {
        let at = y + f64::from(step) * 30.0;
        touch("touchMove", json!([{"x": x, "y": at}])).await?;
    }
    touch("touchEnd", json!([])).await?;
    let below = zhang.stands().await?;
    assert!(below > 100.0, "by a finger: {below} px above the end");
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
