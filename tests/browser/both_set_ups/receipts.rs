//! The receipts beside messages from self.

use crate::person::{Person, serve_page};
use anyhow::Result;
use serde_json::json;
use tidings_tests::browser::{ChromeDriver, Look};
use tidings_tests::server::{LI, ZHANG};

#[tokio::test]
async fn receipt_goes_from_sent_to_read_and_survives_a_reload() -> Result<()> {
    let server = serve_page().await?;
    let driver = ChromeDriver::shared()?;
    let look = Look::default();
    let zhang = Person::logged_in(driver, &server, &look, ZHANG.1).await?;
    zhang.writes_to(1001).await?;
    zhang.sends("while you are away").await?;
    mark_is(&zhang, "while you are away", "", "sent").await?;

    let li = Person::logged_in(driver, &server, &look, LI.1).await?;
    li.opens_conversation(1000).await?;
    mark_is(&zhang, "while you are away", "read", "read").await?;

    // Li is online, with the conversation closed.
    li.browser.driver().back().await?;
    let left = "!document.querySelector('[data-testid=thread]')";
    li.browser.until("back at the list", left).await?;
    zhang.sends("while you look elsewhere").await?;
    mark_is(&zhang, "while you look elsewhere", "delivered", "delivered").await?;
    li.opens_conversation(1000).await?;
    mark_is(&zhang, "while you look elsewhere", "read", "read").await?;

    zhang.browser.driver().refresh().await?;
    zhang.is_connected().await?;
    zhang.opens_conversation(1001).await?;
    mark_is(&zhang, "while you look elsewhere", "read", "read").await?;
    // Messages of the peer have no mark.
    li.sends("seen").await?;
    mark_is(&zhang, "seen", "", "").await
}

/// Waits until the message with this text has this mark, and this text for screen readers.
async fn mark_is(person: &Person, text: &str, receipt: &str, label: &str) -> Result<()> {
    let expression = format!(
        "(() => {{
            const found = [...document.querySelectorAll('.message-rows [data-testid=message]')].find(
                message => message.querySelector('[data-testid=message-text]').textContent === {});
            return found !== undefined && (found.dataset.receipt ?? '') === {}
                && (found.querySelector('.bubble-meta .hidden-text')?.textContent ?? '') === {};
        }})()",
        json!(text),
        json!(receipt),
        json!(label)
    );
    let what = format!("{text:?} is {label:?}");
    person.browser.until(&what, &expression).await
}
