//! The page before its program runs, and after it has crashed.

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
async fn page_does_not_violate_its_content_security_policy() -> Result<()> {
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
    zhang.sends("hello").await?;
    zhang.sees("hello", "sent", "sent").await?;
    assert_eq!(zhang.browser.eval("violations").await?, json!([]));
    // Proof that the check can fail: an injected handler does not run and is reported.
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
async fn progress_bar_follows_the_download() -> Result<()> {
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
async fn unsupported_browser_gets_instructions_in_both_languages() -> Result<()> {
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
async fn failed_download_is_reported_and_can_be_retried() -> Result<()> {
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
async fn crashed_program_is_reported_and_can_be_reloaded() -> Result<()> {
    let server = serve_page().await?;
    let driver = ChromeDriver::shared()?;
    let browser = driver.open(&Look::default()).await?;
    // Both contexts of a panic: an event handler, and an asynchronous task.
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
                    // As set by the program's panic hook.
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

/// Hides `window` from the program, which makes it panic. Only once per task, so that the panic
/// hook, which runs after that, finds it.
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
async fn panic_report_has_message_and_location_and_can_be_copied() -> Result<()> {
    let server = serve_page().await?;
    let driver = ChromeDriver::shared()?;
    let browser = driver.open(&Look::default()).await?;
    let access = json!({"permissions": ["clipboardReadWrite", "clipboardSanitizedWrite"]});
    browser.cdp("Browser.grantPermissions", access).await?;
    browser.goto(&server.url("/")).await?;
    let zhang = Person { browser };
    zhang.browser.find("login-email").await?;
    zhang.browser.eval(NO_WINDOW).await?;
    // As if another tab had changed a setting.
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
