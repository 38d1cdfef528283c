//! Unsent messages and drafts: stored within bounds, and sent by any remaining tab.

use crate::away::stored;
use crate::person::{Person, serve_page};
use anyhow::Result;
use serde_json::json;
use tidings_tests::browser::{Browser, ChromeDriver, Look};
use tidings_tests::server::{LI, Server, ZHANG};

/// Fills the page's local storage to the last character.
const FILL: &str = "(() => {
    for (let size = 4 << 20, n = 0; size >= 1; size >>= 1) {
        try {
            for (;;) localStorage.setItem('full.' + n++, 'x'.repeat(size));
        } catch { }
    }
})()";

const DIALOG: &str = "document.querySelector('dialog[open]')?.textContent";

#[tokio::test]
async fn failed_local_storage_is_reported_at_once() -> Result<()> {
    let driver = ChromeDriver::shared()?;
    let denied = "Storage.prototype.setItem = () => { throw new DOMException('no'); }";
    for without_room in [FILL, denied] {
        let server = serve_page().await?;
        let zhang = Person::logged_in(driver, &server, &Look::default(), ZHANG.1).await?;
        zhang.writes_to(LI.0).await?;
        zhang.browser.eval(without_room).await?;
        zhang.browser.offline(true).await?;
        for text in ["one", "two", "three"] {
            zhang.sends(text).await?;
            zhang.sees(text, "sent", "pending").await?;
        }
        let reported = "document.querySelector('[data-testid=notice]').textContent.includes('lost')
            && [...document.querySelectorAll('.message-rows .message')].every(
                message => message.textContent.includes('Not kept in this browser'))";
        zhang.browser.until("the person knows", reported).await?;
        zhang.browser.offline(false).await?;
        zhang.sees("three", "sent", "sent").await?;
        let over = "!document.body.textContent.includes('Not kept in this browser')";
        zhang.browser.until("it is sent", over).await?;
        zhang.browser.close().await?;
    }
    Ok(())
}

/// Writes offline in a second tab, closes it, and switches back to the first.
async fn writes_in_a_tab_that_is_closed(zhang: &Person, server: &Server) -> Result<()> {
    let web = zhang.browser.driver();
    let (stays, writes) = (web.window().await?, web.new_tab().await?);
    web.switch_to_window(writes).await?;
    // Before its socket is opened: emulation does not affect sockets opened before.
    zhang.browser.cdp("Network.enable", json!({})).await?;
    zhang.browser.goto(&server.url("/")).await?;
    zhang.is_connected().await?;
    zhang.writes_to(LI.0).await?;
    zhang.browser.offline(true).await?;
    zhang.sends("left behind").await?;
    zhang.sees("left behind", "sent", "pending").await?;
    web.close_window().await?;
    Ok(web.switch_to_window(stays).await?)
}

#[tokio::test]
async fn unsent_messages_of_a_closed_tab_are_sent_by_another() -> Result<()> {
    let server = serve_page().await?;
    let driver = ChromeDriver::shared()?;
    let zhang = Person::logged_in(driver, &server, &Look::default(), ZHANG.1).await?;
    writes_in_a_tab_that_is_closed(&zhang, &server).await?;
    zhang.opens_conversation(LI.0).await?;
    zhang.sees("left behind", "sent", "sent").await?;
    assert_eq!(stored(&server).await?, ["left behind"]);
    let kept = "localStorage.getItem('tidings.outbox.1000')";
    let empty = format!("{kept} === null");
    zhang.browser.until("nothing waits", &empty).await?;
    zhang.browser.close().await
}

#[tokio::test]
async fn logout_warns_about_unsent_messages_of_any_tab() -> Result<()> {
    let server = serve_page().await?;
    let driver = ChromeDriver::shared()?;
    let zhang = Person::logged_in(driver, &server, &Look::default(), ZHANG.1).await?;
    zhang.browser.offline(true).await?;
    writes_in_a_tab_that_is_closed(&zhang, &server).await?;
    zhang.browser.click("logout").await?;
    let asked = format!("{DIALOG}?.includes('1 message has not been sent')");
    zhang.browser.until("asked", &asked).await?;
    zhang.browser.close().await
}

/// Presses ten keys. Returns the time of each until its effect is painted, in ms.
async fn ten_keys(browser: &Browser) -> Result<Vec<f64>> {
    let slow = |rate| browser.cdp("Emulation.setCPUThrottlingRate", json!({"rate": rate}));
    slow(4).await?;
    let mut took = Vec::new();
    for _ in 0..10 {
        let watch = "window.took = new Promise(done => {
            const field = document.querySelector('[data-testid=composer-input]');
            field.addEventListener('keydown', event => {
                requestAnimationFrame(() => setTimeout(() => done(performance.now() - event.timeStamp)));
            }, {once: true});
        }), null";
        browser.eval(watch).await?;
        for kind in ["keyDown", "keyUp"] {
            let key = json!({"type": kind, "key": "y", "code": "KeyY", "text": "y"});
            browser.cdp("Input.dispatchKeyEvent", key).await?;
        }
        took.extend(browser.eval("window.took").await?.as_f64());
    }
    slow(1).await?;
    Ok(took)
}

#[tokio::test]
async fn megabyte_of_input_is_truncated_with_a_notice() -> Result<()> {
    let server = serve_page().await?;
    let driver = ChromeDriver::shared()?;
    let zhang = Person::logged_in(driver, &server, &Look::default(), ZHANG.1).await?;
    zhang.writes_to(LI.0).await?;
    let browser = &zhang.browser;
    browser.find("composer-input").await?.click().await?;
    let pasted = "many words, ".repeat(90_000);
    browser
        .cdp("Input.insertText", json!({"text": pasted}))
        .await?;
    let reported = "document.querySelector('.composer-left.over').textContent.includes('cut off')";
    browser.until("it is too long", reported).await?;
    println!("ms a key: {:?}", ten_keys(browser).await?);
    let lengths = "(field => [field.value.length, field.parentElement.dataset.copy.length < 5000,
        localStorage.getItem('tidings.draft.1000.1001').length])(
            document.querySelector('[data-testid=composer-input]'))";
    // The limit is twice what can be sent.
    assert_eq!(browser.eval(lengths).await?, json!([16_384, true, 16_384]));
    zhang.browser.close().await
}
