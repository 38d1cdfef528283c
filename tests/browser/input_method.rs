//! What an input method may do unharmed: Chinese ones confirm with Enter, which must send nothing.

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
async fn pinyin_confirmed_with_enter_sends_nothing_and_what_arrives_does_not_disturb_it()
-> Result<()> {
    let server = serve_page().await?;
    let driver = ChromeDriver::shared()?;
    let zhang = Person::logged_in(driver, &server, &Look::default(), ZHANG.1).await?;
    let mut li = Socket::bound(&server, LI).await?;
    zhang.writes_to(1001).await?;
    zhang.browser.click("composer-input").await?;
    let listen = "(() => {
        window.heard = [];
        const field = document.querySelector('[data-testid=composer-input]');
        for (const kind of ['compositionstart', 'compositionend', 'keydown'])
            field.addEventListener(kind, e => heard.push(kind + (e.isComposing ? ' composing' : '')));
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
    li.say(1001, 1000, "an interruption").await?;
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
    let heard = zhang.browser.eval("heard").await?;
    assert_eq!(
        heard,
        json!(["compositionstart", "keydown composing", "compositionend"]),
        "the events are those of an input method"
    );
    // What would have been sent shows at once, as pending.
    assert_eq!(zhang.browser.eval(NOTHING_SENT).await?, true);

    presses_enter(&zhang).await?;
    zhang.sees("你好", "sent", "sent").await?;
    assert_eq!(zhang.browser.eval(VALUE).await?, "");
    zhang.browser.close().await
}

/// Safari says that the composition ended before it reports the Enter that ended it; the key's code
/// is all that tells it from an Enter that sends.
#[tokio::test]
async fn an_enter_that_comes_after_the_end_of_its_composition_sends_nothing() -> Result<()> {
    let server = serve_page().await?;
    let driver = ChromeDriver::shared()?;
    let zhang = Person::logged_in(driver, &server, &Look::default(), ZHANG.1).await?;
    zhang.writes_to(1001).await?;
    zhang.browser.click("composer-input").await?;
    let safari = "(() => {
        const field = document.querySelector('[data-testid=composer-input]');
        const tell = event => field.dispatchEvent(event);
        const key = code => new KeyboardEvent('keydown', {
            key: 'Enter', code: 'Enter', keyCode: code, bubbles: true, cancelable: true
        });
        tell(new CompositionEvent('compositionstart', {bubbles: true, data: ''}));
        field.setRangeText('你好', 0, 0, 'end');
        tell(new InputEvent('input', {bubbles: true, isComposing: true, data: '你好'}));
        tell(new CompositionEvent('compositionend', {bubbles: true, data: '你好'}));
        return tell(key(229));
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
