//! Browser notifications: they are removed when read, and a click opens their conversation.

use crate::past;
use crate::person::{Person, serve_page};
use anyhow::Result;
use serde_json::json;
use tidings_tests::browser::{ChromeDriver, Look};
use tidings_tests::server::{LI, Server, WANG, ZHANG};
use tidings_tests::socket::Socket;

/// Simulates a click on the notification shown. The event is synthetic, so `waitUntil` is replaced,
/// and the URL to open is only recorded.
const CLICK: &str = "
    clients.openWindow = async (url) => (await caches.open('test')).put('/opened', new Response(url));
    registration.getNotifications().then(([notification]) => {
        const event = new NotificationEvent('notificationclick', { notification });
        event.waitUntil = () => {};
        dispatchEvent(event);
    });";

/// Logs 张三 in with notifications on, and switches to another page of the same origin.
async fn looks_away(server: &Server) -> Result<Person> {
    let look = Look {
        full_chromium: true,
        ..Look::default()
    };
    let zhang = Person::logged_in(ChromeDriver::shared()?, server, &look, ZHANG.1).await?;
    let granted = json!({"origin": server.url(""), "permissions": ["notifications"]});
    zhang
        .browser
        .cdp("Browser.grantPermissions", granted)
        .await?;
    zhang
        .browser
        .eval(
            "(localStorage.setItem('tidings.notify', 'on'),
            navigator.serviceWorker.ready.then(() => true))",
        )
        .await?;
    let web = zhang.browser.driver();
    let elsewhere = web.new_tab().await?;
    web.switch_to_window(elsewhere).await?;
    zhang.browser.goto(&server.url("/healthz")).await?;
    Ok(zhang)
}

/// Waits until these conversations have a notification, and no others.
async fn shown(zhang: &Person, tags: &[&str]) -> Result<()> {
    let shown = format!(
        "(navigator.serviceWorker.getRegistration()
            .then(registration => registration.getNotifications())
            .then(all => window.shown = all.map(one => one.tag).sort().join()),
        window.shown === {})",
        json!(tags.join(","))
    );
    zhang
        .browser
        .until(&format!("shown: {tags:?}"), &shown)
        .await
}

async fn send_as(server: &Server, from: (i64, &str), text: &str) -> Result<()> {
    let mut socket = Socket::bound(server, from).await?;
    past::line(&mut socket, from.0, ZHANG.0, text).await
}

#[tokio::test]
async fn notification_is_removed_when_read_on_another_device() -> Result<()> {
    let server = serve_page().await?;
    let zhang = looks_away(&server).await?;
    send_as(&server, LI, "one").await?;
    shown(&zhang, &["1001"]).await?;
    send_as(&server, WANG, "two").await?;
    shown(&zhang, &["1001", "1002"]).await?;
    let mut phone = Socket::bound(&server, ZHANG).await?;
    let read = json!({"type": 9, "data": {"otherUid": LI.0, "seq": 1}});
    phone.send(read).await?;
    shown(&zhang, &["1002"]).await?;
    let read = json!({"type": 9, "data": {"otherUid": WANG.0, "seq": 1}});
    phone.send(read).await?;
    shown(&zhang, &[]).await?;
    zhang.browser.close().await
}

#[tokio::test]
async fn a_click_on_a_notification_opens_its_conversation() -> Result<()> {
    let server = serve_page().await?;
    let zhang = looks_away(&server).await?;
    let web = zhang.browser.driver();
    let windows = web.windows().await?;
    send_as(&server, LI, "one").await?;
    shown(&zhang, &["1001"]).await?;
    // The page is open.
    zhang.browser.run_in_worker(CLICK).await?;
    web.switch_to_window(windows[0].clone()).await?;
    zhang.sees("one", "received", "sent").await?;
    web.switch_to_window(windows[1].clone()).await?;

    // The page is closed.
    send_as(&server, WANG, "two").await?;
    shown(&zhang, &["1002"]).await?;
    web.switch_to_window(windows[0].clone()).await?;
    zhang.browser.goto("about:blank").await?;
    web.switch_to_window(windows[1].clone()).await?;
    zhang.browser.run_in_worker(CLICK).await?;
    let noted = "(caches.match('/opened').then(answer => answer?.text())
            .then(text => window.opened = text), window.opened)";
    zhang.browser.until("a window is opened", noted).await?;
    let opened = zhang.browser.eval("window.opened").await?;
    assert_eq!(opened, "/#1002");
    zhang.browser.goto(&server.url("/#1002")).await?;
    zhang.sees("two", "received", "sent").await?;
    zhang.browser.close().await
}
