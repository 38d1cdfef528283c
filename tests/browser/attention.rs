//! Being told of messages while looking elsewhere.

use crate::person::{Person, serve_page};
use anyhow::Result;
use serde_json::json;
use thirtyfour::WindowHandle;
use tidings_tests::browser::{ChromeDriver, Look};
use tidings_tests::server::{LI, Server, ZHANG};
use tidings_tests::socket::Socket;

/// Counts what a person would hear and see, in every tab, where other tabs can add it up.
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

/// How often something was counted, in all tabs together.
fn counted(what: &str) -> String {
    let prefix = json!(format!("test.{what}"));
    format!("Object.keys(localStorage).filter(key => key.startsWith({prefix})).length")
}

/// Waits until every tab knows whether one of them is looked at: the browser tells them one after
/// the other, and a message is spoken of by what they know.
async fn somebody_looks(person: &Person, expected: bool) -> Result<()> {
    person.browser.eval("window.looking = undefined").await?;
    let asked = format!(
        "(navigator.locks.query().then(({{held}}) =>
            window.looking = held.some(lock => lock.name === 'tidings.looking')),
        window.looking === {expected})"
    );
    person.browser.until("who looks", &asked).await
}

async fn opens_counted(driver: &ChromeDriver, server: &Server) -> Result<(Person, WindowHandle)> {
    let look = Look {
        whole: true,
        ..Look::default()
    };
    let browser = driver.open(&look).await?;
    let source = json!({"source": COUNTING});
    browser
        .cdp("Page.addScriptToEvaluateOnNewDocument", source)
        .await?;
    // The real ones are shown, if the stub above lets the page try.
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
async fn two_tabs_and_one_message_are_one_sound_and_one_notification() -> Result<()> {
    let server = serve_page().await?;
    let mut li = Socket::bound(&server, LI).await?;
    let driver = ChromeDriver::shared()?;
    let (zhang, first) = opens_counted(driver, &server).await?;
    let web = zhang.browser.driver();

    // Nothing was asked for at the start; a message that is missed brings the offer.
    let elsewhere = web.new_tab().await?;
    web.switch_to_window(elsewhere.clone()).await?;
    // Of this origin too, so that it sees what the others count.
    zhang.browser.goto(&server.url("/healthz")).await?;
    somebody_looks(&zhang, false).await?;
    li.say(1001, 1000, "missed").await?;
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
    somebody_looks(&zhang, false).await?;
    li.say(1001, 1000, "one").await?;
    let noticed = |text: &str| counted(&format!("notification.{text}"));
    let once = format!("{} === 1", noticed("one"));
    zhang.browser.until("a notification", &once).await?;
    li.say(1001, 1000, "two").await?;
    zhang
        .browser
        .until("the next", &format!("{} === 1", noticed("two")))
        .await?;
    // Both tabs have both messages by now, and the second one was spoken of after both tabs had
    // taken the first: no second one of it can come any more.
    assert_eq!(zhang.browser.eval(&noticed("one")).await?, 1);
    for tab in [&first, &second] {
        web.switch_to_window(tab.clone()).await?;
        zhang.badge_shows(1001, "3").await?;
        let marked = "document.title.startsWith('(3)')
            && document.querySelector('link[rel=icon]').href.startsWith('data:image/svg+xml')";
        zhang.browser.until("title and icon", marked).await?;
    }
    assert_eq!(zhang.browser.eval(&counted("notification")).await?, 2);

    // Who looks is not told. The focus of a new tab is in its address bar.
    zhang.browser.find_css(".pane").await?.click().await?;
    somebody_looks(&zhang, true).await?;
    li.say(1001, 1000, "seen").await?;
    zhang.badge_shows(1001, "4").await?;
    let claimed = "localStorage.getItem('tidings.heard.1000.1001') === '4'";
    zhang.browser.until("it was considered", claimed).await?;
    assert_eq!(zhang.browser.eval(&counted("notification")).await?, 2);
    zhang.browser.close().await
}

#[tokio::test]
async fn a_muted_page_is_silent() -> Result<()> {
    let server = serve_page().await?;
    let mut li = Socket::bound(&server, LI).await?;
    let driver = ChromeDriver::shared()?;
    let (zhang, first) = opens_counted(driver, &server).await?;
    zhang.browser.click("settings-open").await?;
    let mute = "[data-testid=settings] input[name='tidings.sound']";
    zhang.browser.find_css(mute).await?.click().await?;
    zhang.browser.click("settings-close").await?;
    let web = zhang.browser.driver();
    let elsewhere = web.new_tab().await?;
    web.switch_to_window(elsewhere).await?;
    zhang.browser.goto(&server.url("/healthz")).await?;
    somebody_looks(&zhang, false).await?;
    li.say(1001, 1000, "quiet").await?;
    li.say(1001, 1000, "still quiet").await?;
    // The second is considered after the first was done with.
    let claimed = "localStorage.getItem('tidings.heard.1000.1001') === '2'";
    zhang.browser.until("it was considered", claimed).await?;
    assert_eq!(zhang.browser.eval(&counted("sound")).await?, 0);
    web.switch_to_window(first).await?;
    zhang.browser.close().await
}
