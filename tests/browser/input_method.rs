//! Input methods: Chinese ones confirm with Enter, which must not send.

use crate::person::{Person, serve_page};
use anyhow::Result;
use serde_json::json;
use tidings_tests::browser::{ChromeDriver, Look};
use tidings_tests::server::{LI, ZHANG};
use tidings_tests::socket::Socket;

const NOTHING_SENT: &str = "document.querySelectorAll('.message-rows [data-testid=message][data-direction=sent]').length === 0";
const VALUE: &str = "document.querySelector('[data-testid=composer-input]').value";

/// Presses Enter as a keyboard does.
async fn presses_enter(zhang: &Person) -> Result<()> {
    for kind in ["rawKeyDown", "keyUp"] {
        let key = json!({"type": kind, "key": "Enter", "code": "Enter",
                         "windowsVirtualKeyCode": 13, "nativeVirtualKeyCode": 13});
        zhang.browser.cdp("Input.dispatchKeyEvent", key).await?;
    }
    Ok(())
}

#[tokio::test]
async fn pinyin_enter_sends_nothing_and_arrivals_do_not_disturb_it() -> Result<()> {
    let server = serve_page().await?;
    let driver = ChromeDriver::shared()?;
    let zhang = Person::logged_in(driver, &server, &Look::default(), ZHANG.1).await?;
    let mut li = Socket::bound(&server, LI).await?;
    zhang.writes_to(1001).await?;
    zhang.browser.click("composer-input").await?;
    let listen = "(() => {
        window.recorded = [];
        const field = document.querySelector('[data-testid=composer-input]');
        for (const kind of ['compositionstart', 'compositionend', 'keydown'])
            field.addEventListener(kind, e => recorded.push(kind + (e.isComposing ? ' composing' : '')));
    })()";
    zhang.browser.eval(listen).await?;

    for text in ["n", "ni", "ni h", "ni hao"] {
        let composition =
            json!({"text": text, "selectionStart": text.len(), "selectionEnd": text.len()});
        zhang
            .browser
            .cdp("Input.imeSetComposition", composition)
            .await?;
    }
    li.send_message(1001, 1000, "an interruption").await?;
    zhang.sees("an interruption", "received", "sent").await?;
    assert_eq!(
        zhang.browser.eval(VALUE).await?,
        "ni hao",
        "still being composed"
    );

    presses_enter(&zhang).await?;
    zhang
        .browser
        .cdp("Input.insertText", json!({"text": "你好"}))
        .await?;
    zhang
        .browser
        .until("confirmed", &format!("{VALUE} === '你好'"))
        .await?;
    let recorded = zhang.browser.eval("recorded").await?;
    assert_eq!(
        recorded,
        json!(["compositionstart", "keydown composing", "compositionend"]),
        "the events are those of an input method"
    );
    // A message that was sent would be visible at once, as pending.
    assert_eq!(zhang.browser.eval(NOTHING_SENT).await?, true);

    presses_enter(&zhang).await?;
    zhang.sees("你好", "sent", "sent").await?;
    assert_eq!(zhang.browser.eval(VALUE).await?, "");
    zhang.browser.close().await
}

/// Safari dispatches `compositionend` before the Enter that ended the composition. Only the key
/// code distinguishes that Enter from one that sends.
#[tokio::test]
async fn enter_after_compositionend_sends_nothing() -> Result<()> {
    let server = serve_page().await?;
    let driver = ChromeDriver::shared()?;
    let zhang = Person::logged_in(driver, &server, &Look::default(), ZHANG.1).await?;
    zhang.writes_to(1001).await?;
    zhang.browser.click("composer-input").await?;
    let safari = "(() => {
        const field = document.querySelector('[data-testid=composer-input]');
        const dispatch = event => field.dispatchEvent(event);
        const key = code => new KeyboardEvent('keydown', {
            key: 'Enter', code: 'Enter', keyCode: code, bubbles: true, cancelable: true
        });
        dispatch(new CompositionEvent('compositionstart', {bubbles: true, data: ''}));
        field.setRangeText('你好', 0, 0, 'end');
        dispatch(new InputEvent('input', {bubbles: true, isComposing: true, data: '你好'}));
        dispatch(new CompositionEvent('compositionend', {bubbles: true, data: '你好'}));
        return dispatch(key(229));
    })()";
    assert_eq!(
        zhang.browser.eval(safari).await?,
        true,
        "the key is the input method's"
    );
    assert_eq!(zhang.browser.eval(NOTHING_SENT).await?, true);
    assert_eq!(zhang.browser.eval(VALUE).await?, "你好");
    presses_enter(&zhang).await?;
    zhang.sees("你好", "sent", "sent").await?;
    zhang.browser.close().await
}
