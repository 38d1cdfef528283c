//! Smooth scrolling: a conversation that opens during a smooth scroll stops at the right position.

use crate::past;
use crate::person::{Person, serve_page};
use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};
use thirtyfour::Key;
use tidings_tests::browser::{ChromeDriver, Look};
use tidings_tests::server::{LI, Server, WANG, ZHANG};

/// Clicks an element at the next scroll event of the thread.
const CLICK_DURING_SCROLL: &str = "(selector => {
    const log = document.querySelector('[data-testid=thread]');
    window.clicked = false;
    log.addEventListener('scroll', () => {
        const clicked = document.querySelector(selector);
        clicked.focus();
        clicked.click();
        window.clicked = true;
    }, {once: true});
})";

const JUMP: &str = "[data-testid=jump]";

/// The number of rounds of each case.
const ROUNDS: usize = 3;

impl Person {
    /// Scrolls up by a key, and clicks during the smooth scroll.
    async fn clicks_while_it_scrolls(&self, selector: &str) -> Result<()> {
        self.tabs_back_to("thread").await?;
        self.types(Key::PageUp).await?;
        self.browser.find("jump").await?;
        self.distance_at_rest().await?;
        let click = format!("{CLICK_DURING_SCROLL}(\"{selector}\")");
        self.browser.eval(&click).await?;
        self.types(Key::PageUp).await?;
        self.browser.until(selector, "window.clicked").await
    }

    async fn is_at_the_end(&self) -> Result<()> {
        let below = self.distance_at_rest().await?;
        ensure!(below < 2.0, "{below} px above the end");
        Ok(())
    }

    /// Waits until the messages of a conversation fill the thread.
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

/// A person with two conversations of 300 messages, both read; that with 1002 is open.
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
async fn switching_mid_scroll_lands_at_the_end() -> Result<()> {
    let server = serve_page().await?;
    let driver = ChromeDriver::shared()?;
    let zhang = reader(&server, driver).await?;
    for _ in 0..ROUNDS {
        for (peer, name) in [(1001, "李四"), (1002, "王五")] {
            zhang.clicks_while_it_scrolls(&row(peer)).await?;
            zhang.sees_conversation(name, 300).await?;
            zhang.is_at_the_end().await?;
        }
        zhang.clicks_while_it_scrolls(JUMP).await?;
        zhang.is_at_the_end().await?;
    }
    // By a real key, whose effects come between two event listeners.
    for round in 1..=ROUNDS {
        let input = zhang.browser.find("composer-input").await?;
        input.send_keys(format!("sent {round}")).await?;
        zhang
            .clicks_while_it_scrolls("[data-testid=composer-input]")
            .await?;
        input.send_keys("" + Key::Enter).await?;
        zhang.sees_conversation("王五", 300 + round).await?;
        zhang.is_at_the_end().await?;
    }
    zhang.browser.close().await
}

#[tokio::test]
async fn switching_mid_scroll_lands_at_the_first_unread_message() -> Result<()> {
    let server = serve_page().await?;
    let driver = ChromeDriver::shared()?;
    let zhang = reader(&server, driver).await?;
    past::write(&server, LI, 1000, 60, past::mixed_without_links).await?;
    zhang.badge_shows(1001, "60").await?;
    zhang.clicks_while_it_scrolls(&row(1001)).await?;
    zhang.sees_conversation("李四", 360).await?;
    zhang.distance_at_rest().await?;
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
async fn scrolling_right_after_a_jump_is_not_undone() -> Result<()> {
    let server = serve_page().await?;
    let driver = ChromeDriver::shared()?;
    let zhang = reader(&server, driver).await?;
    // The thread must be at rest: a key during a smooth scroll moves it by less than a page, from
    // whatever position.
    zhang.clicks_while_it_scrolls(JUMP).await?;
    zhang.is_at_the_end().await?;
    zhang.types(Key::PageUp).await?;
    let below = zhang.distance_at_rest().await?;
    assert!(below > 100.0, "by a key: {below} px above the end");

    zhang.clicks_while_it_scrolls(JUMP).await?;
    zhang.is_at_the_end().await?;
    zhang.turns_the_wheel_up().await?;
    let below = zhang.distance_at_rest().await?;
    assert!(below > 100.0, "by the wheel: {below} px above the end");

    zhang.clicks_while_it_scrolls(JUMP).await?;
    zhang.is_at_the_end().await?;
    let middle = zhang.middle_of_the_thread().await?;
    let touch = async |kind: &str, points: Value| {
        let touch = json!({"type": kind, "touchPoints": points});
        zhang.browser.cdp("Input.dispatchTouchEvent", touch).await
    };
    let (x, y) = (&middle[0], middle[1].as_f64().context("no position")?);
    touch("touchStart", json!([{"x": x, "y": y}])).await?;
    for step in 1..=8 {
        let at = y + f64::from(step) * 30.0;
        touch("touchMove", json!([{"x": x, "y": at}])).await?;
    }
    touch("touchEnd", json!([])).await?;
    let below = zhang.distance_at_rest().await?;
    assert!(below > 100.0, "by a finger: {below} px above the end");
    zhang.browser.close().await
}
