//! What counts as read: visible messages, and none behind a dialog or in a window without focus.

use crate::person::{Person, serve_page};
use anyhow::Result;
use serde_json::{Value, json};
use tidings_tests::browser::{ChromeDriver, Look};
use tidings_tests::server::{LI, Server, ZHANG};
use tidings_tests::socket::Socket;

/// The unread count of the server.
async fn unread(server: &Server) -> Result<Value> {
    let mut zhang = Socket::bound(server, ZHANG).await?;
    zhang
        .send(json!({"type": 5, "data": {"uid": 1000}}))
        .await?;
    loop {
        let frame = zhang.next().await?;
        if frame["type"] == 5 {
            return Ok(frame["data"]["unread"].clone());
        }
    }
}

#[tokio::test]
async fn messages_behind_a_dialog_stay_unread_until_it_is_closed() -> Result<()> {
    let server = serve_page().await?;
    let mut li = Socket::bound(&server, LI).await?;
    let driver = ChromeDriver::shared()?;
    let zhang = Person::logged_in(driver, &server, &Look::default(), ZHANG.1).await?;
    zhang.writes_to(LI.0).await?;
    zhang.browser.click("chats-tab").await?;
    let mut sent = 0;
    for (opener, closer) in [
        ("profile-open", "profile-close"),
        ("settings-open", "settings-close"),
        ("new-group", "group-cancel"),
    ] {
        zhang.browser.click(opener).await?;
        zhang.browser.find(closer).await?;
        sent += 1;
        li.send_message(LI.0, ZHANG.0, &format!("below {opener}"))
            .await?;
        zhang.badge_shows(LI.0, "1").await?;
        zhang.titled("(1) Tidings").await?;
        assert_eq!(unread(&server).await?, 1);
        zhang.browser.click(closer).await?;
        zhang.badge_shows(LI.0, "").await?;
        let at = json!(sent.to_string());
        let divider = format!(
            "document.querySelector('.unread-divider').nextElementSibling.dataset.seq === {at}"
        );
        zhang.browser.until("what is new", &divider).await?;
    }
    // The panel is beside the conversation and does not hide it.
    zhang.browser.click("panel-open").await?;
    zhang.browser.find("panel-close").await?;
    li.send_message(LI.0, ZHANG.0, "beside the panel").await?;
    zhang.sees("beside the panel", "received", "sent").await?;
    zhang.badge_shows(LI.0, "").await?;
    zhang.browser.close().await
}

/// Simulates focus and blur: a window of a headless browser always has the focus.
async fn set_focus(zhang: &Person, focus: bool) -> Result<()> {
    let event = if focus { "focus" } else { "blur" };
    let script =
        format!("(document.hasFocus = () => {focus}, dispatchEvent(new Event('{event}')))");
    zhang.browser.eval(&script).await.map(drop)
}

#[tokio::test]
async fn unfocused_window_marks_read_when_it_regains_focus() -> Result<()> {
    let server = serve_page().await?;
    let mut li = Socket::bound(&server, LI).await?;
    let driver = ChromeDriver::shared()?;
    let zhang = Person::logged_in(driver, &server, &Look::default(), ZHANG.1).await?;
    zhang.writes_to(LI.0).await?;
    zhang.browser.click("chats-tab").await?;
    set_focus(&zhang, false).await?;
    li.send_message(LI.0, ZHANG.0, "unseen").await?;
    zhang.badge_shows(LI.0, "1").await?;
    zhang.sees("unseen", "received", "sent").await?;
    zhang.titled("(1) Tidings").await?;
    // The next message does not mark it as read either.
    li.send_message(LI.0, ZHANG.0, "unseen, too").await?;
    zhang.badge_shows(LI.0, "2").await?;
    assert_eq!(unread(&server).await?, 2);
    set_focus(&zhang, true).await?;
    zhang.badge_shows(LI.0, "").await?;
    let divider =
        "document.querySelector('.unread-divider').nextElementSibling.dataset.seq === '1'";
    zhang.browser.until("divided above both", divider).await?;
    zhang.browser.close().await
}
