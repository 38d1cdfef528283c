//! Emoji by keyboard, and the turn of the day.

use crate::person::{Person, serve_page};
use anyhow::Result;
use serde_json::json;
use thirtyfour::Key;
use tidings_tests::browser::{Browser, ChromeDriver, Look};
use tidings_tests::server::{LI, ZHANG};
use tidings_tests::socket::Socket;

/// Presses keys wherever the focus is.
async fn presses(browser: &Browser, keys: &[Key]) -> Result<()> {
    for key in keys {
        browser
            .driver()
            .active_element()
            .await?
            .send_keys("" + key.clone())
            .await?;
    }
    Ok(())
}

#[tokio::test]
async fn an_emoji_is_chosen_by_keyboard_and_stands_large_when_alone() -> Result<()> {
    let server = serve_page().await?;
    let driver = ChromeDriver::start().await?;
    let zhang = Person::logged_in(&driver, &server, &Look::default(), ZHANG.1).await?;
    zhang.writes_to(1001).await?;
    let browser = &zhang.browser;
    let field_has_focus = "document.activeElement.dataset.testid === 'composer-input'";
    browser.click("emoji-open").await?;
    browser
        .until(
            "the first has the focus",
            "document.activeElement.textContent === '😀'",
        )
        .await?;
    presses(browser, &[Key::Escape]).await?;
    browser
        .until(
            "closed",
            "!document.querySelector('[data-testid=emoji-grid]')",
        )
        .await?;
    browser
        .until("the field has the focus", field_has_focus)
        .await?;

    browser.click("emoji-open").await?;
    browser
        .until("open", "document.activeElement.textContent === '😀'")
        .await?;
    presses(browser, &[Key::Down, Key::Right, Key::Enter]).await?;
    browser
        .until("the field has the focus", field_has_focus)
        .await?;
    let chosen = "document.querySelector('[data-testid=composer-input]').value";
    assert_eq!(browser.eval(chosen).await?, "😊");
    presses(browser, &[Key::Enter]).await?;
    zhang.sees("😊", "sent", "sent").await?;
    zhang.says("😊 and words").await?;
    zhang.sees("😊 and words", "sent", "sent").await?;
    let large = "[...document.querySelectorAll('.message.large')].map(m => m.querySelector('[data-testid=message-text]').textContent)";
    assert_eq!(browser.eval(large).await?, json!(["😊"]));

    // What was chosen comes first, also after a reload.
    browser.driver().refresh().await?;
    zhang.is_connected().await?;
    zhang.opens_conversation(1001).await?;
    browser.click("emoji-open").await?;
    browser
        .until(
            "chosen before",
            "document.activeElement.textContent === '😊'",
        )
        .await?;
    zhang.browser.close().await
}

/// The page's clock stands this long before midnight when the page is loaded.
const LATE: &str = "(() => {
    const Real = Date;
    const midnight = new Real();
    midnight.setHours(24, 0, 0, 0);
    const shift = midnight - 12_000 - Real.now();
    window.Date = class extends Real {
        constructor(...given) { given.length ? super(...given) : super(Real.now() + shift); }
        static now() { return Real.now() + shift; }
    };
})()";

#[tokio::test]
async fn at_midnight_today_becomes_yesterday() -> Result<()> {
    let server = serve_page().await?;
    let mut li = Socket::bound(&server, LI).await?;
    li.say(1001, 1000, "before midnight").await?;
    let driver = ChromeDriver::start().await?;
    let browser = driver.open(&Look::default()).await?;
    browser.goto(&server.url("/")).await?;
    let zhang = Person { browser };
    zhang.logs_in(ZHANG.1, "1234").await?;
    zhang.is_connected().await?;
    let script = json!({"source": LATE});
    zhang
        .browser
        .cdp("Page.addScriptToEvaluateOnNewDocument", script)
        .await?;
    zhang.browser.driver().refresh().await?;
    zhang.is_connected().await?;
    zhang.opens_conversation(1001).await?;
    zhang.sees("before midnight", "received", "sent").await?;
    let day = |name: &str| format!("document.querySelector('.day').textContent === '{name}'");
    zhang.browser.until("today", &day("Today")).await?;
    zhang.browser.until("yesterday", &day("Yesterday")).await?;
    assert_eq!(zhang.browser.text("row-time").await?, "Yesterday");
    zhang.browser.close().await
}
