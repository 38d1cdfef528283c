//! Texts that would be drawn beyond their message.

use crate::past;
use crate::person::{Person, serve_page};
use anyhow::Result;
use thirtyfour::Key;
use tidings_tests::browser::{ChromeDriver, Look};
use tidings_tests::server::{LI, WANG, ZHANG};
use tidings_tests::socket::Socket;

#[tokio::test]
async fn stacked_combining_marks_stay_within_their_bubble() -> Result<()> {
    let server = serve_page().await?;
    let mut li = Socket::bound(&server, LI).await?;
    let piled = format!("a{}", "\u{301}".repeat(2000));
    li.send_message(LI.0, ZHANG.0, "above").await?;
    li.send_message(LI.0, ZHANG.0, &piled).await?;
    li.send_message(LI.0, ZHANG.0, "below").await?;
    let driver = ChromeDriver::shared()?;
    let zhang = Person::logged_in(driver, &server, &Look::default(), ZHANG.1).await?;
    zhang.opens_conversation(LI.0).await?;
    zhang.sees("below", "received", "sent").await?;
    // Drawing outside of a box cannot be measured, so the style rule is checked.
    let clips = "[...document.querySelectorAll('.bubble')].every(
        bubble => getComputedStyle(bubble).overflow === 'clip')";
    assert_eq!(zhang.browser.eval(clips).await?, true);
    zhang.browser.close().await
}

#[tokio::test]
async fn invisible_text_is_not_sent() -> Result<()> {
    let server = serve_page().await?;
    let driver = ChromeDriver::shared()?;
    let zhang = Person::logged_in(driver, &server, &Look::default(), ZHANG.1).await?;
    zhang.writes_to(WANG.0).await?;
    zhang.sends("\u{200b}").await?;
    let field = "document.querySelector('[data-testid=composer-input]').value";
    let disabled = "document.querySelector('[data-testid=composer-send]').disabled";
    assert_eq!(zhang.browser.eval(field).await?, "\u{200b}");
    assert_eq!(zhang.browser.eval(disabled).await?, true);
    zhang.sends("seen").await?;
    zhang.sees("\u{200b}seen", "sent", "sent").await?;
    assert_eq!(zhang.thread().await?, ["\u{200b}seen"]);
    zhang.browser.close().await
}

/// The top and the bottom of the last message, and the distance of the thread from its end, in CSS
/// pixels.
const POSITION: &str = "(() => {
    const log = document.querySelector('[data-testid=thread]');
    const box = [...document.querySelectorAll('.message-rows .message')].at(-1).getBoundingClientRect();
    return [box.top, box.bottom, log.scrollHeight - log.clientHeight - log.scrollTop]
        .map(Math.round);
})()";

async fn position(zhang: &Person) -> Result<[i64; 3]> {
    Ok(serde_json::from_value(zhang.browser.eval(POSITION).await?)?)
}

#[tokio::test]
async fn message_of_4000_lines_is_folded_until_expanded() -> Result<()> {
    let server = serve_page().await?;
    let mut li = Socket::bound(&server, LI).await?;
    for n in 0..40 {
        li.send_message(LI.0, ZHANG.0, &n.to_string()).await?;
    }
    past::read(&server, ZHANG, LI.0).await?;
    li.send_message(LI.0, ZHANG.0, &format!("{}end", "x\n".repeat(4000)))
        .await?;
    let driver = ChromeDriver::shared()?;
    let zhang = Person::logged_in(driver, &server, &Look::default(), ZHANG.1).await?;
    zhang.opens_conversation(LI.0).await?;
    let browser = &zhang.browser;
    let button = browser.find("fold").await?;
    assert_eq!(button.text().await?, "Show all");
    let at_end = "!document.querySelector('[data-testid=jump]')";
    browser.until("the end is in sight", at_end).await?;
    let folded = position(&zhang).await?;
    assert!(folded[1] - folded[0] < 800, "{folded:?}");

    button.send_keys("" + Key::Enter).await?;
    let open = "document.querySelector('[data-testid=fold]').getAttribute('aria-expanded')";
    browser
        .until("unfolded", &format!("{open} === 'true'"))
        .await?;
    // The button shows that the end of the thread is not visible any more.
    let jump = browser.find("jump").await?;
    let unfolded = position(&zhang).await?;
    assert_eq!(unfolded[0], folded[0], "what was read stays where it was");
    assert!(unfolded[2] > 50_000, "{unfolded:?}");
    assert_eq!(button.text().await?, "Show less");

    jump.click().await?;
    browser.until("at the end", at_end).await?;
    let before = position(&zhang).await?;
    button.send_keys("" + Key::Enter).await?;
    browser
        .until("folded", &format!("{open} === 'false'"))
        .await?;
    let after = position(&zhang).await?;
    assert_eq!(after[1], before[1], "its end stays where it was");
    let focused = "document.activeElement.dataset.testid";
    assert_eq!(browser.eval(focused).await?, "fold");
    zhang.browser.close().await
}
