//! The browser's back, forward and reload buttons, and bookmarked URLs.

use crate::group::create;
use crate::person::{Person, serve_page};
use anyhow::Result;
use serde_json::json;
use tidings_tests::browser::{ChromeDriver, Look};
use tidings_tests::server::{LI, WANG, ZHANG};
use tidings_tests::socket::Socket;

const PHONE: Look = Look {
    width: 360,
    height: 740,
    scale: 1,
    language: "en-US",
    dark: false,
    full_chromium: false,
};

const LIST: &str = "!document.querySelector('[data-testid=thread]')
    && document.querySelector('[data-testid=conversation-row]').checkVisibility()";

impl Person {
    /// Waits until the URL has this fragment and this expression is true, and checks that the page
    /// was not reloaded.
    async fn is_at(&self, fragment: &str, shown: &str) -> Result<()> {
        let there = format!(
            "location.pathname + location.hash === {} && window.stayed && ({shown})",
            json!(if fragment.is_empty() {
                "/".into()
            } else {
                format!("/#{fragment}")
            })
        );
        self.browser
            .until(&format!("at {fragment:?}"), &there)
            .await
    }

    async fn marks_page(&self) -> Result<()> {
        self.browser.eval("window.stayed = true").await.map(drop)
    }
}

fn open(id: &str) -> String {
    format!("document.querySelector('dialog[data-testid={id}][open]')")
}

/// An expression: the thread with this name is open.
fn thread(name: &str) -> String {
    format!("document.querySelector('[data-testid=thread-name]')?.textContent === '{name}'")
}

#[tokio::test]
async fn phone_back_button_closes_a_panel_then_shows_the_list() -> Result<()> {
    let server = serve_page().await?;
    let group = create(&server, ZHANG, "Hikers", &[LI.0]).await?;
    let zhang = Person::logged_in(ChromeDriver::shared()?, &server, &PHONE, ZHANG.1).await?;
    let web = zhang.browser.driver();
    zhang.marks_page().await?;
    zhang.opens_group("Hikers").await?;
    let (in_group, in_panel) = (format!("g{group}"), format!("g{group}/members"));
    zhang.is_at(&in_group, &thread("Hikers")).await?;
    zhang.browser.click("group-open").await?;
    zhang.is_at(&in_panel, &open("group-panel")).await?;
    zhang.browser.click("group-add").await?;
    zhang
        .is_at(&format!("{in_panel}/add-members"), &open("group-dialog"))
        .await?;

    let closed = format!("!{}", open("group-dialog"));
    web.back().await?;
    zhang.is_at(&in_panel, &closed).await?;
    web.back().await?;
    let closed = format!("!{} && {}", open("group-panel"), thread("Hikers"));
    zhang.is_at(&in_group, &closed).await?;
    web.back().await?;
    zhang.is_at("", LIST).await?;
    web.forward().await?;
    zhang.is_at(&in_group, &thread("Hikers")).await?;
    web.forward().await?;
    zhang.is_at(&in_panel, &open("group-panel")).await?;

    // Closing in the page is a step back too, so that the history does not grow.
    zhang.browser.click("group-panel-close").await?;
    zhang.is_at(&in_group, &closed).await?;
    zhang.browser.click("back").await?;
    zhang.is_at("", LIST).await?;
    web.forward().await?;
    zhang.is_at(&in_group, &thread("Hikers")).await?;
    zhang.browser.close().await
}

#[tokio::test]
async fn back_closes_a_dialog_and_forward_opens_it_again() -> Result<()> {
    let server = serve_page().await?;
    let look = Look::default();
    let zhang = Person::logged_in(ChromeDriver::shared()?, &server, &look, ZHANG.1).await?;
    let web = zhang.browser.driver();
    zhang.marks_page().await?;
    zhang.writes_to(LI.0).await?;
    zhang.writes_to(WANG.0).await?;
    for (opener, dialog, fragment) in [
        ("profile-open", "profile", "1002/profile"),
        ("settings-open", "settings", "1002/settings"),
        ("new-group", "group-dialog", "1002/new-group"),
        ("panel-open", "panel", "1002/connection"),
    ] {
        zhang.browser.click(opener).await?;
        zhang.is_at(fragment, &open(dialog)).await?;
        web.back().await?;
        let closed = format!("!{} && {}", open(dialog), thread("王五"));
        zhang.is_at("1002", &closed).await?;
        web.forward().await?;
        zhang.is_at(fragment, &open(dialog)).await?;
        web.back().await?;
        zhang.is_at("1002", &closed).await?;
    }
    web.back().await?;
    zhang.is_at("1001", &thread("李四")).await?;
    // A new group opens, and the dialog is not left in the history.
    zhang.creates("Hikers", &[LI.0]).await?;
    let created = format!("location.hash.startsWith('#g') && {}", thread("Hikers"));
    zhang.browser.until("the group", &created).await?;
    web.back().await?;
    zhang.is_at("1001", &thread("李四")).await?;
    zhang.browser.close().await
}

#[tokio::test]
async fn url_opens_its_conversation_for_participants_only() -> Result<()> {
    let server = serve_page().await?;
    Socket::bound(&server, LI)
        .await?
        .send_message(LI.0, ZHANG.0, "hello")
        .await?;
    let foreign = create(&server, LI, "Not for Zhang", &[WANG.0]).await?;
    for look in [Look::default(), PHONE] {
        let zhang = Person::logged_in(ChromeDriver::shared()?, &server, &look, ZHANG.1).await?;
        let web = zhang.browser.driver();
        zhang.opens_conversation(LI.0).await?;
        web.refresh().await?;
        zhang.sees("hello", "received", "sent").await?;

        // A bookmarked URL: back leads to the list. 王五 has not written yet.
        zhang.browser.goto("about:blank").await?;
        zhang.browser.goto(&server.url("/#1002")).await?;
        zhang.reads("thread-name", "王五").await?;
        zhang.marks_page().await?;
        web.back().await?;
        zhang.is_at("", LIST).await?;

        for nobody in ["4711", "g4711", "1000", "x", &format!("g{foreign}")] {
            zhang.browser.goto("about:blank").await?;
            zhang
                .browser
                .goto(&server.url(&format!("/#{nobody}")))
                .await?;
            zhang.is_connected().await?;
            zhang.marks_page().await?;
            zhang
                .is_at(if nobody == "x" { "x" } else { "" }, LIST)
                .await?;
            let text = zhang.browser.eval("document.body.textContent").await?;
            assert!(!text.to_string().contains("Not for Zhang"));
        }
        zhang.opens_conversation(LI.0).await?;
        if look.width < 640 {
            zhang.browser.click("back").await?;
        }
        zhang.browser.click("logout").await?;
        zhang.browser.find("login-email").await?;
        assert_eq!(zhang.browser.eval("location.hash").await?, "");
        zhang.browser.close().await?;
    }
    Ok(())
}
