//! Two people chat.

use crate::person::{Person, serve_page};
use anyhow::Result;
use serde_json::json;
use tidings_tests::browser::{ChromeDriver, Look};
use tidings_tests::server::{LI, WANG, ZHANG};
use tidings_tests::socket::Socket;

#[tokio::test]
async fn chat_survives_reload_and_kill_without_loss_or_duplicates() -> Result<()> {
    let mut server = serve_page().await?;
    let driver = ChromeDriver::shared()?;
    let look = Look::default();
    let zhang = Person::logged_in(driver, &server, &look, ZHANG.1).await?;
    let li = Person::logged_in(driver, &server, &look, LI.1).await?;

    // Another user wrote to Li before, so that the order of the list can change.
    let mut wang = Socket::bound(&server, WANG).await?;
    wang.send_message(1002, 1001, "from wang").await?;
    li.badge_shows(1002, "1").await?;

    zhang.writes_to(1001).await?;
    zhang.sends("hello <b>Li</b>").await?;
    zhang.sees("hello <b>Li</b>", "sent", "sent").await?;
    li.badge_shows(1000, "1").await?;
    assert_eq!(li.list().await?, ["1000", "1002"], "newest first");
    zhang.sends("second").await?;
    li.badge_shows(1000, "2").await?;
    let total = "document.querySelector('[data-testid=total-unread]').textContent.trim() === '3'";
    li.browser.until("a total of three", total).await?;
    li.titled("(3) Tidings").await?;
    wang.send_message(1002, 1001, "wang again").await?;
    li.badge_shows(1002, "2").await?;
    assert_eq!(li.list().await?, ["1002", "1000"], "newest first");

    li.opens_conversation(1000).await?;
    li.sees("hello <b>Li</b>", "received", "sent").await?;
    li.badge_shows(1000, "").await?;
    li.browser
        .find("composer-input")
        .await?
        .send_keys("by button")
        .await?;
    li.browser.click("composer-send").await?;
    li.sees("by button", "sent", "sent").await?;
    zhang.sees("by button", "received", "sent").await?;
    zhang.badge_shows(1001, "").await?;

    // A reload keeps the login and the history.
    zhang.browser.driver().refresh().await?;
    zhang.is_connected().await?;
    zhang.opens_conversation(1001).await?;
    zhang.sees("by button", "received", "sent").await?;
    assert_eq!(
        zhang.thread().await?,
        ["hello <b>Li</b>", "second", "by button"]
    );

    // While the server is down messages are pending; they are sent when it is back.
    server.kill().await?;
    let waiting = "['waiting', 'connecting'].includes(document.querySelector('[data-testid=connection]').dataset.phase)";
    zhang.browser.until("not connected", waiting).await?;
    li.browser.until("not connected", waiting).await?;
    zhang.sends("while away 1").await?;
    zhang.sends("while away 2").await?;
    zhang.sees("while away 1", "sent", "pending").await?;
    server.restart().await?;
    zhang.is_connected().await?;
    li.is_connected().await?;
    zhang.sees("while away 2", "sent", "sent").await?;
    li.sees("while away 2", "received", "sent").await?;
    li.sends("all here").await?;
    zhang.sees("all here", "received", "sent").await?;

    let expected = [
        "hello <b>Li</b>",
        "second",
        "by button",
        "while away 1",
        "while away 2",
        "all here",
    ];
    assert_eq!(zhang.thread().await?, expected);
    assert_eq!(li.thread().await?, expected);
    let mut witness = Socket::bound(&server, ZHANG).await?;
    let query = json!({"ownerUid": 1000, "otherUid": 1001, "afterSeq": 0});
    witness.send(json!({"type": 2, "data": query})).await?;
    // Messages that Zhang's page has not acknowledged yet are pushed first.
    let mut answer = witness.next().await?;
    while answer["type"] == 4 {
        answer = witness.next().await?;
    }
    assert_eq!(answer["type"], 2);
    let stored: Vec<_> = answer["data"]
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(|m| m["content"].as_str())
        .collect();
    assert_eq!(stored, expected);

    zhang.browser.close().await?;
    li.browser.close().await?;
    Ok(())
}

#[tokio::test]
async fn a_long_history_is_loaded_page_by_page_while_scrolling_up() -> Result<()> {
    let server = serve_page().await?;
    let mut wang = Socket::bound(&server, WANG).await?;
    for n in 1..=170 {
        wang.send_message(1002, 1000, &format!("line {n}")).await?;
    }
    // Read, so that at first only the last page is fetched.
    let mut reader = Socket::bound(&server, ZHANG).await?;
    reader
        .send(json!({"type": 2, "data": {"ownerUid": 1000, "otherUid": 1002}}))
        .await?;
    while reader.next().await?["type"] != 2 {}
    drop(reader);

    let driver = ChromeDriver::shared()?;
    let zhang = Person::logged_in(driver, &server, &Look::default(), ZHANG.1).await?;
    zhang.opens_conversation(1002).await?;
    zhang.sees("line 170", "received", "sent").await?;
    // Repeatedly, because while the conversation opens it scrolls to its end by itself.
    let up = "(document.querySelector('[data-testid=thread]').scrollTop = 0,
        document.querySelector('.message-rows [data-testid=message]').dataset.seq === '1')";
    zhang.browser.until("the beginning", up).await?;
    let thread = zhang.thread().await?;
    let expected: Vec<_> = (1..=170).map(|n| format!("line {n}")).collect();
    assert_eq!(thread, expected);
    zhang.browser.close().await?;
    Ok(())
}

#[tokio::test]
async fn refused_message_is_shown_as_failed() -> Result<()> {
    let server = serve_page().await?;
    let driver = ChromeDriver::shared()?;
    let zhang = Person::logged_in(driver, &server, &Look::default(), ZHANG.1).await?;
    zhang.writes_to(1001).await?;
    // A text with U+0000, which no key types and a paste may bring.
    zhang
        .browser
        .eval(
            "(() => {
                const input = document.querySelector('[data-testid=composer-input]');
                Object.getOwnPropertyDescriptor(HTMLTextAreaElement.prototype, 'value')
                    .set.call(input, 'a\\u0000b');
                input.dispatchEvent(new InputEvent('input', {bubbles: true}));
            })()",
        )
        .await?;
    zhang.browser.click("composer-send").await?;
    let failed = "document.querySelector('.message-rows [data-testid=message][data-state=failed]')";
    zhang.browser.until("failed", failed).await?;
    zhang.sends("next").await?;
    zhang.sees("next", "sent", "sent").await?;
    zhang.browser.close().await?;
    Ok(())
}
