//! Sound and notifications for messages while the page is not visible.

use crate::person::{Person, serve_page};
use anyhow::Result;
use serde_json::json;
use thirtyfour::WindowHandle;
use tidings_tests::browser::{ChromeDriver, Look};
use tidings_tests::server::{LI, Server, ZHANG};
use tidings_tests::socket::Socket;

/// Counts sounds and notifications of every tab, in storage that all tabs share.
const COUNTING: &str = "
    const count = what => localStorage.setItem('test.' + what + '.' + crypto.randomUUID(), '1');
    window.Notification = class {
        static permission = localStorage.getItem('test.permission') ?? 'default';
        static async requestPermission() {
            localStorage.setItem('test.permission', 'granted');
            return Notification.permission = 'granted';
        }
    };
    const { showNotification } = ServiceWorkerRegistration.prototype;
    ServiceWorkerRegistration.prototype.showNotification = function (title, options) {
        count('notification.' + options.body);
        return showNotification.call(this, title, options);
    };
    window.AudioContext = class extends AudioContext {
        constructor() { super(); count('sound'); }
    };";

/// An expression for a count over all tabs.
fn counted(what: &str) -> String {
    let prefix = json!(format!("test.{what}"));
    format!("Object.keys(localStorage).filter(key => key.startsWith({prefix})).length")
}

/// Waits until every tab knows whether one of them is visible. The browser notifies them one after
/// the other, and that state decides whether a message is notified.
async fn some_tab_is_visible(person: &Person, expected: bool) -> Result<()> {
    person.browser.eval("window.looking = undefined").await?;
    let asked = format!(
        "(navigator.locks.query().then(({{held}}) =>
            window.looking = held.some(lock => lock.name === 'tidings.looking')),
        window.looking === {expected})"
    );
    person.browser.until("who looks", &asked).await
}

async fn opens_with_counters(
    driver: &ChromeDriver,
    server: &Server,
) -> Result<(Person, WindowHandle)> {
    let look = Look {
        full_chromium: true,
        ..Look::default()
    };
    let browser = driver.open(&look).await?;
    let source = json!({"source": COUNTING});
    browser
        .cdp("Page.addScriptToEvaluateOnNewDocument", source)
        .await?;
    // Real notifications are shown, if the stub above grants the permission.
    let granted = json!({"origin": server.url(""), "permissions": ["notifications"]});
    browser.cdp("Browser.grantPermissions", granted).await?;
    browser.goto(&server.url("/")).await?;
    let person = Person { browser };
    person.logs_in(ZHANG.1, "1234").await?;
    person.is_connected().await?;
    person
        .browser
        .eval("navigator.serviceWorker.ready.then(() => true)")
        .await?;
    let window = person.browser.driver().window().await?;
    Ok((person, window))
}

#[tokio::test]
async fn two_tabs_give_one_sound_and_one_notification() -> Result<()> {
    let server = serve_page().await?;
    let mut li = Socket::bound(&server, LI).await?;
    let driver = ChromeDriver::shared()?;
    let (zhang, first) = opens_with_counters(driver, &server).await?;
    let web = zhang.browser.driver();

    // The page does not ask for permission at the start; a missed message shows the offer.
    let elsewhere = web.new_tab().await?;
    web.switch_to_window(elsewhere.clone()).await?;
    // Of the same origin, to read the shared counts.
    zhang.browser.goto(&server.url("/healthz")).await?;
    some_tab_is_visible(&zhang, false).await?;
    li.send_message(1001, 1000, "missed").await?;
    let sound = format!("{} === 1", counted("sound"));
    zhang.browser.until("a sound", &sound).await?;
    web.switch_to_window(first.clone()).await?;
    zhang.badge_shows(1001, "1").await?;
    assert_eq!(zhang.browser.eval(&counted("notification")).await?, 0);
    assert_eq!(
        zhang.browser.eval("Notification.permission").await?,
        "default"
    );
    zhang.browser.click("notify-yes").await?;
    let on = "localStorage.getItem('tidings.notify') === 'on'";
    zhang.browser.until("notifications are on", on).await?;

    // A second tab, and both are hidden.
    let second = web.new_tab().await?;
    web.switch_to_window(second.clone()).await?;
    let source = json!({"source": COUNTING});
    zhang
        .browser
        .cdp("Page.addScriptToEvaluateOnNewDocument", source)
        .await?;
    zhang.browser.goto(&server.url("/")).await?;
    zhang.is_connected().await?;
    web.switch_to_window(elsewhere.clone()).await?;
    some_tab_is_visible(&zhang, false).await?;
    li.send_message(1001, 1000, "one").await?;
    let noticed = |text: &str| counted(&format!("notification.{text}"));
    let once = format!("{} === 1", noticed("one"));
    zhang.browser.until("a notification", &once).await?;
    li.send_message(1001, 1000, "two").await?;
    zhang
        .browser
        .until("the next", &format!("{} === 1", noticed("two")))
        .await?;
    // Both tabs have both messages by now, and the second was notified after both tabs had handled
    // the first: there will be no second notification of the first.
    assert_eq!(zhang.browser.eval(&noticed("one")).await?, 1);
    for tab in [&first, &second] {
        web.switch_to_window(tab.clone()).await?;
        zhang.badge_shows(1001, "3").await?;
        let marked = "document.title.startsWith('(3)')
            && document.querySelector('link[rel=icon]').href.startsWith('data:image/svg+xml')";
        zhang.browser.until("title and icon", marked).await?;
    }
    assert_eq!(zhang.browser.eval(&counted("notification")).await?, 2);

    // With a visible and focused tab there is no notification. A new tab has the focus in its
    // address bar.
    zhang.browser.find_css(".pane").await?.click().await?;
    some_tab_is_visible(&zhang, true).await?;
    li.send_message(1001, 1000, "seen").await?;
    zhang.badge_shows(1001, "4").await?;
    let claimed = "localStorage.getItem('tidings.heard.1000.1001') === '4'";
    zhang.browser.until("it was considered", claimed).await?;
    assert_eq!(zhang.browser.eval(&counted("notification")).await?, 2);
    zhang.browser.close().await
}

#[tokio::test]
async fn muted_page_plays_no_sound() -> Result<()> {
    let server = serve_page().await?;
    let mut li = Socket::bound(&server, LI).await?;
    let driver = ChromeDriver::shared()?;
    let (zhang, first) = opens_with_counters(driver, &server).await?;
    zhang.browser.click("settings-open").await?;
    let mute = "[data-testid=settings] input[name='tidings.sound']";
    zhang.browser.find_css(mute).await?.click().await?;
    zhang.browser.click("settings-close").await?;
    let web = zhang.browser.driver();
    let elsewhere = web.new_tab().await?;
    web.switch_to_window(elsewhere).await?;
    zhang.browser.goto(&server.url("/healthz")).await?;
    some_tab_is_visible(&zhang, false).await?;
    li.send_message(1001, 1000, "quiet").await?;
    li.send_message(1001, 1000, "still quiet").await?;
    // The second message is handled after the first.
    let claimed = "localStorage.getItem('tidings.heard.1000.1001') === '2'";
    zhang.browser.until("it was considered", claimed).await?;
    assert_eq!(zhang.browser.eval(&counted("sound")).await?, 0);
    web.switch_to_window(first).await?;
    zhang.browser.close().await
}
