//! Before the program runs.

use crate::person::{Person, serve_page};
use anyhow::Result;
use serde_json::json;
use tidings_tests::browser::{Browser, ChromeDriver, Look};
use tidings_tests::server::ZHANG;

/// Runs a script in every page from now on, before the page's own.
async fn before_each_page(browser: &Browser, script: &str) -> Result<()> {
    let source = json!({"source": script});
    browser
        .cdp("Page.addScriptToEvaluateOnNewDocument", source)
        .await
        .map(drop)
}

#[tokio::test]
async fn the_content_security_policy_is_not_violated_by_the_page_itself() -> Result<()> {
    let server = serve_page().await?;
    let driver = ChromeDriver::shared()?;
    let browser = driver.open(&Look::default()).await?;
    before_each_page(
        &browser,
        "window.violations = [];
         addEventListener('securitypolicyviolation', e => violations.push(e.violatedDirective + ' ' + e.blockedURI));",
    )
    .await?;
    browser.goto(&server.url("/")).await?;
    let zhang = Person { browser };
    zhang.logs_in(ZHANG.1, "1234").await?;
    zhang.is_connected().await?;
    zhang.writes_to(1001).await?;
    zhang.says("hello").await?;
    zhang.sees("hello", "sent", "sent").await?;
    assert_eq!(zhang.browser.eval("violations").await?, json!([]));
    // The check can fail: what somebody managed to write into the page does not run.
    zhang
        .browser
        .eval("document.body.setAttribute('onclick', 'window.written = 1')")
        .await?;
    zhang.browser.eval("document.body.click()").await?;
    zhang
        .browser
        .until("refused", "violations.length === 1 && !window.written")
        .await?;
    zhang.browser.close().await
}

#[tokio::test]
async fn the_bar_shows_how_much_of_the_program_has_come() -> Result<()> {
    let server = serve_page().await?;
    let driver = ChromeDriver::shared()?;
    let browser = driver.open(&Look::default()).await?;
    before_each_page(
        &browser,
        "window.shown = [];
         const set = Object.getOwnPropertyDescriptor(HTMLProgressElement.prototype, 'value').set;
         Object.defineProperty(HTMLProgressElement.prototype, 'value', {
             set(value) { shown.push(value); set.call(this, value); }
         });",
    )
    .await?;
    browser.goto(&server.url("/")).await?;
    browser.find("login-email").await?;
    let rises = "shown.length > 0 && shown.every((v, at) => v > (shown[at - 1] ?? 0)) && shown.at(-1) === 1";
    assert_eq!(
        browser.eval(rises).await?,
        true,
        "{}",
        browser.eval("shown").await?
    );
    browser.close().await
}

#[tokio::test]
async fn a_browser_that_cannot_run_the_page_is_told_what_to_do_in_both_languages() -> Result<()> {
    let server = serve_page().await?;
    let driver = ChromeDriver::shared()?;
    for lacks in ["WebAssembly", "WebSocket"] {
        let browser = driver.open(&Look::default()).await?;
        before_each_page(&browser, &format!("delete window.{lacks}")).await?;
        browser.goto(&server.url("/")).await?;
        let words = browser.text("unsupported").await?;
        assert!(
            words.contains("请更新浏览器") && words.contains("Update it"),
            "{words}"
        );
        let busy = "document.querySelector('progress').checkVisibility()";
        assert_eq!(browser.eval(busy).await?, false);
        browser.close().await?;
    }
    Ok(())
}

#[tokio::test]
async fn a_program_that_does_not_come_is_said_and_can_be_asked_for_again() -> Result<()> {
    let server = serve_page().await?;
    let driver = ChromeDriver::shared()?;
    let browser = driver.open(&Look::default()).await?;
    let block = |urls| json!({"urls": urls});
    browser
        .cdp("Network.setBlockedURLs", block(vec!["*.wasm"]))
        .await?;
    browser.goto(&server.url("/")).await?;
    let shown = "document.querySelector('[data-testid=load-failed]').checkVisibility()";
    browser.until("the failure", shown).await?;
    browser.cdp("Network.setBlockedURLs", block(vec![])).await?;
    browser
        .find_css("[data-testid=load-failed] a")
        .await?
        .click()
        .await?;
    browser.find("login-email").await?;
    browser.close().await
}

#[tokio::test]
async fn a_program_that_has_died_is_said_and_can_be_loaded_again() -> Result<()> {
    let server = serve_page().await?;
    let driver = ChromeDriver::shared()?;
    let browser = driver.open(&Look::default()).await?;
    // Both ways in which a panic comes out: of an event, and of a task that goes on by itself.
    let trap = "new WebAssembly.Instance(new WebAssembly.Module(new Uint8Array([0, 97, 115, 109, 1, \
        0, 0, 0, 1, 4, 1, 96, 0, 0, 3, 2, 1, 0, 7, 5, 1, 1, 116, 0, 0, 10, 5, 1, 3, 0, 0, 11]))) \
        .exports.t";
    for how in ["setTimeout(trap)", "Promise.resolve().then(trap)"] {
        browser.goto(&server.url("/")).await?;
        browser.find("login-email").await?;
        let shown = "document.querySelector('[data-testid=ended]').open";
        assert_eq!(browser.eval(shown).await?, false);
        browser
            .eval(&format!(
                "void (() => {{
                    // As the program's panic hook leaves it.
                    window.tidingsPanic = 'panicked at x.rs:1:2';
                    const trap = {trap};
                    {how};
                }})()"
            ))
            .await?;
        browser.until("the end of the program", shown).await?;
        let report = browser.text("ended-report").await?;
        assert!(
            report.starts_with("panicked at x.rs:1:2") && report.contains("_bg.wasm"),
            "{report}"
        );
        browser.click("ended-copy").await?;
        let copied = "/Copied/.test(document.querySelector('[data-testid=ended-copy]').textContent)
            || getSelection().toString().includes('x.rs:1:2')";
        browser.until("copied, or selected", copied).await?;
        browser
            .find_css("[data-testid=ended] a")
            .await?
            .click()
            .await?;
        browser.until("the page anew", &format!("!{shown}")).await?;
        browser.find("login-email").await?;
    }
    browser.close().await
}

/// Makes the program find no window, which it does not survive: once a task, so that its panic hook,
/// which comes after that, finds it.
const NO_WINDOW: &str = "(() => {
    const truly = Function.prototype[Symbol.hasInstance];
    let asked = false;
    Object.defineProperty(Window, Symbol.hasInstance, {value: object => {
        if (asked || !/wasm/.test(new Error().stack)) return truly.call(Window, object);
        asked = true;
        setTimeout(() => { asked = false; });
        return false;
    }});
})()";

#[tokio::test]
async fn a_panic_says_what_and_where_and_can_be_copied() -> Result<()> {
    let server = serve_page().await?;
    let driver = ChromeDriver::shared()?;
    let browser = driver.open(&Look::default()).await?;
    let access = json!({"permissions": ["clipboardReadWrite", "clipboardSanitizedWrite"]});
    browser.cdp("Browser.grantPermissions", access).await?;
    browser.goto(&server.url("/")).await?;
    let zhang = Person { browser };
    zhang.browser.find("login-email").await?;
    zhang.browser.eval(NO_WINDOW).await?;
    // As if another tab had chosen something.
    zhang
        .browser
        .eval("dispatchEvent(new Event('storage'))")
        .await?;
    let shown = "document.querySelector('[data-testid=ended]').open";
    zhang.browser.until("the end of the program", shown).await?;
    let report = zhang.browser.text("ended-report").await?;
    assert!(
        report.contains("panicked at client/src/dom.rs:") && report.contains("never in a worker"),
        "{report}"
    );
    zhang.browser.click("ended-copy").await?;
    let copied = "/Copied/.test(document.querySelector('[data-testid=ended-copy]').textContent)";
    zhang.browser.until("copied", copied).await?;
    let copy = zhang.browser.eval("navigator.clipboard.readText()").await?;
    assert_eq!(copy, json!(report));
    zhang.browser.close().await
}
