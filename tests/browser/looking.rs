//! What counts as read: what the person looks at, and nothing below a dialog or in a window that they do
//! not work in.

use crate::person::{Person, serve_page};
use anyhow::Result;
use serde_json::{Value, json};
use tidings_tests::browser::{ChromeDriver, Look};
use tidings_tests::server::{LI, Server, ZHANG};
use tidings_tests::socket::Socket;

/// What the server knows to be unread.
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
async fn nothing_below_a_dialog_is_read_until_it_is_closed() -> Result<()> {
    let server = serve_page().await?;
    let mut li = Socket::bound(&server, LI).await?;
    let driver = ChromeDriver::shared()?;
    let zhang = Person::logged_in(driver, &server, &Look::default(), ZHANG.1).await?;
    zhang.writes_to(LI.0).await?;
    zhang.browser.click("chats-tab").await?;
    let mut said = 0;
    for (opener, closer) in [
        ("profile-open", "profile-close"),
        ("settings-open", "settings-close"),
        ("new-group", "group-cancel"),
    ] {
        zhang.browser.click(opener).await?;
        zhang.browser.find(closer).await?;
        said += 1;
        li.say(LI.0, ZHANG.0, &format!("below {opener}")).await?;
        zhang.badge_shows(LI.0, "1").await?;
        zhang.titled("(1) Tidings").await?;
        assert_eq!(unread(&server).await?, 1);
        zhang.browser.click(closer).await?;
        zhang.badge_shows(LI.0, "").await?;
        let at = json!(said.to_string());
        let told = format!(
            "document.querySelector('.unread-divider').nextElementSibling.dataset.seq === {at}"
        );
        zhang.browser.until("what is new", &told).await?;
    }
    // Beside the conversation there is no dialog that hides it.
    zhang.browser.click("panel-open").await?;
    zhang.browser.find("panel-close").await?;
    li.say(LI.0, ZHANG.0, "beside the panel").await?;
    zhang.sees("beside the panel", "received", "sent").await?;
    zhang.badge_shows(LI.0, "").await?;
    zhang.browser.close().await
}

/// A window of a headless browser has the focus always.
async fn gets_focus(zhang: &Person, focus: bool) -> Result<()> {
    let event = if focus { "focus" } else { "blur" };
    let script =
        format!("(document.hasFocus = () => {focus}, dispatchEvent(new Event('{event}')))");
    zhang.browser.eval(&script).await.map(drop)
}

#[tokio::test]
async fn a_window_without_focus_reads_when_it_gets_it_back() -> Result<()> {
    let server = serve_page().await?;
    let mut li = Socket::bound(&server, LI).await?;
    let driver = ChromeDriver::shared()?;
    let zhang = Person::logged_in(driver, &server, &Look::default(), ZHANG.1).await?;
    zhang.writes_to(LI.0).await?;
    zhang.browser.click("chats-tab").await?;
    gets_focus(&zhang, false).await?;
    li.say(LI.0, ZHANG.0, "unseen").await?;
    zhang.badge_shows(LI.0, "1").await?;
    zhang.sees("unseen", "received", "sent").await?;
    zhang.titled("(1) Tidings").await?;
    // Nor by what comes next.
    li.say(LI.0, ZHANG.0, "unseen, too").await?;
    zhang.badge_shows(LI.0, "2").await?;
    assert_eq!(unread(&server).await?, 2);
    gets_focus(&zhang, true).await?;
    zhang.badge_shows(LI.0, "").await?;
    let told = "document.querySelector('.unread-divider').nextElementSibling.dataset.seq === '1'";
    zhang.browser.until("divided above both", told).await?;
    zhang.browser.close().await
}
