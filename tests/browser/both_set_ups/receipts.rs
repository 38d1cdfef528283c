//! The marks beside one's own messages.

use crate::person::{Person, serve_page};
use anyhow::Result;
use serde_json::json;
use tidings_tests::browser::{ChromeDriver, Look};
use tidings_tests::server::{LI, ZHANG};

#[tokio::test]
async fn a_message_is_sent_then_delivered_then_read_and_stays_so_over_a_reload() -> Result<()> {
    let server = serve_page().await?;
    let driver = ChromeDriver::shared()?;
    let look = Look::default();
    let zhang = Person::logged_in(driver, &server, &look, ZHANG.1).await?;
    zhang.writes_to(1001).await?;
    zhang.says("while you are away").await?;
    mark_is(&zhang, "while you are away", "", "sent").await?;

    let li = Person::logged_in(driver, &server, &look, LI.1).await?;
    li.opens_conversation(1000).await?;
    mark_is(&zhang, "while you are away", "read", "read").await?;

    // Li is here and looks elsewhere.
    li.browser.driver().back().await?;
    let left = "!document.querySelector('[data-testid=thread]')";
    li.browser.until("back at the list", left).await?;
    zhang.says("while you look elsewhere").await?;
    mark_is(&zhang, "while you look elsewhere", "delivered", "delivered").await?;
    li.opens_conversation(1000).await?;
    mark_is(&zhang, "while you look elsewhere", "read", "read").await?;

    zhang.browser.driver().refresh().await?;
    zhang.is_connected().await?;
    zhang.opens_conversation(1001).await?;
    mark_is(&zhang, "while you look elsewhere", "read", "read").await?;
    // Theirs have no mark.
    li.says("seen").await?;
    mark_is(&zhang, "seen", "", "").await
}

/// Waits until the message with this text has this mark, and these words for who cannot see it.
async fn mark_is(person: &Person, text: &str, receipt: &str, words: &str) -> Result<()> {
    let expression = format!(
        "(() => {{
            const found = [...document.querySelectorAll('.message-rows [data-testid=message]')].find(
                message => message.querySelector('[data-testid=message-text]').textContent === {});
            return found !== undefined && (found.dataset.receipt ?? '') === {}
                && (found.querySelector('.bubble-meta .hidden-text')?.textContent ?? '') === {};
        }})()",
        json!(text),
        json!(receipt),
        json!(words)
    );
    let what = format!("{text:?} is {words:?}");
    person.browser.until(&what, &expression).await
}
