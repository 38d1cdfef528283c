//! The page in browsers other than Chromium: a person logs in, chats, loses the connection,
//! composes and reloads.

use crate::page::person::{Person, serve_page};
use anyhow::Result;
use serde_json::json;
use thirtyfour::Key;
use tidings_tests::browser::OtherDriver;
use tidings_tests::server::{LI, Server, ZHANG};
use tidings_tests::socket::Socket;

/// The events of an input method whose Enter ends a composition. They are dispatched in the page,
/// because no driver can compose. Returns whether the page left the key to the input method.
const COMPOSES: &str = "(() => {
    const field = document.querySelector('[data-testid=composer-input]');
    field.focus();
    field.dispatchEvent(new CompositionEvent('compositionstart', {bubbles: true, data: ''}));
    field.setRangeText('你好', 0, 0, 'end');
    field.dispatchEvent(new InputEvent('input', {bubbles: true, isComposing: true, data: '你好'}));
    field.dispatchEvent(new CompositionEvent('compositionend', {bubbles: true, data: '你好'}));
    return field.dispatchEvent(new KeyboardEvent('keydown', {
        key: 'Enter', code: 'Enter', keyCode: 229, bubbles: true, cancelable: true
    }));
})()";

#[tokio::test]
async fn firefox_chats_reconnects_and_reloads() -> Result<()> {
    talks_reconnects_and_reloads(&OtherDriver::firefox().await?).await
}

#[tokio::test]
async fn webkit_chats_reconnects_and_reloads() -> Result<()> {
    talks_reconnects_and_reloads(&OtherDriver::webkit().await?).await
}

async fn talks_reconnects_and_reloads(driver: &OtherDriver) -> Result<()> {
    let mut server = serve_page().await?;
    let browser = driver.open().await?;
    browser.goto(&server.url("/")).await?;
    let zhang = Person { browser };
    zhang.logs_in(ZHANG.1, "1234").await?;
    zhang.is_connected().await?;

    let mut li = Socket::bound(&server, LI).await?;
    zhang.writes_to(LI.0).await?;
    zhang.sends("from a browser").await?;
    let push = li.frame(4).await?;
    assert_eq!(push["data"]["content"], "from a browser");
    li.ack(&push["tid"]).await?;
    li.send_message(LI.0, ZHANG.0, "from a program").await?;
    zhang.sees("from a program", "received", "sent").await?;

    assert_eq!(zhang.browser.eval(COMPOSES).await?, true);
    let unsent = "document.querySelector('[data-testid=composer-input]').value";
    assert_eq!(zhang.browser.eval(unsent).await?, "你好");
    let input = zhang.browser.find("composer-input").await?;
    input.send_keys("" + Key::Enter).await?;
    zhang.sees("你好", "sent", "sent").await?;

    server.kill().await?;
    let away = "document.querySelector('[data-testid=connection]').dataset.phase !== 'live'";
    zhang.browser.until("not connected", away).await?;
    zhang.sends("while away").await?;
    zhang.sees("while away", "sent", "pending").await?;
    server.restart().await?;
    zhang.is_connected().await?;
    zhang.sees("while away", "sent", "sent").await?;

    server.kill().await?;
    zhang.browser.until("not connected", away).await?;
    zhang.sends("before the reload").await?;
    zhang.sees("before the reload", "sent", "pending").await?;
    zhang.browser.goto("about:blank").await?;
    server.restart().await?;
    zhang.browser.goto(&server.url("/")).await?;
    zhang.is_connected().await?;
    zhang.opens_conversation(LI.0).await?;
    zhang.sees("before the reload", "sent", "sent").await?;
    assert_eq!(stored(&server).await?, zhang.thread().await?);
    zhang.browser.close().await
}

/// The texts of the conversation in the store.
async fn stored(server: &Server) -> Result<Vec<String>> {
    let mut witness = Socket::bound(server, ZHANG).await?;
    let query = json!({"ownerUid": ZHANG.0, "otherUid": LI.0, "afterSeq": 0});
    witness.send(json!({"type": 2, "data": query})).await?;
    let mut frame = witness.next().await?;
    // Messages that the page has not acknowledged are pushed first.
    while frame["type"] != 2 {
        frame = witness.next().await?;
    }
    let page = frame["data"].as_array().into_iter().flatten();
    let contents = page.map(|message| message["content"].clone());
    Ok(contents
        .map(serde_json::from_value)
        .collect::<Result<_, _>>()?)
}
