//! Dialogs and panels by keyboard alone: when closed, they return the focus to where it was.

use super::logs_in_by_keyboard;
use crate::group;
use crate::person::{Person, serve_page};
use anyhow::Result;
use thirtyfour::Key;
use tidings_tests::browser::{ChromeDriver, Look};
use tidings_tests::server::{LI, WANG, ZHANG};
use tidings_tests::socket::Socket;

impl Person {
    /// Chooses a radio button of a setting; the group is one tab stop.
    async fn chooses(&self, setting: &str, value: &str) -> Result<()> {
        let there = format!("document.activeElement.name === 'tidings.{setting}'");
        self.presses_until(setting, &there, || "" + Key::Tab)
            .await?;
        let chosen = format!(
            "document.activeElement.matches('[name=\"tidings.{setting}\"][value=\"{value}\"]:checked')"
        );
        self.presses_until(value, &chosen, || "" + Key::Down).await
    }
}

#[tokio::test]
async fn settings_change_language_and_theme_and_return_focus() -> Result<()> {
    let server = serve_page().await?;
    let driver = ChromeDriver::shared()?;
    let zhang = logs_in_by_keyboard(driver, &server, &Look::default()).await?;
    zhang.tabs_to("settings-open").await?;
    zhang.types(Key::Enter).await?;
    zhang.browser.find("settings").await?;
    zhang.chooses("language", "zh-CN").await?;
    let chinese = "document.documentElement.lang === 'zh-CN'";
    zhang.browser.until("Chinese", chinese).await?;
    zhang.chooses("theme", "dark").await?;
    let dark = "document.documentElement.dataset.theme === 'dark'";
    zhang.browser.until("dark", dark).await?;
    zhang
        .closes("settings", Key::Escape, "settings-open")
        .await?;

    zhang.types(Key::Enter).await?;
    zhang.browser.find("settings").await?;
    zhang.tabs_to("settings-close").await?;
    zhang
        .closes("settings", Key::Enter, "settings-open")
        .await?;
    zhang.browser.close().await
}

#[tokio::test]
async fn connection_panel_is_read_and_returns_focus() -> Result<()> {
    let server = serve_page().await?;
    let driver = ChromeDriver::shared()?;
    let zhang = logs_in_by_keyboard(driver, &server, &Look::default()).await?;
    zhang.tabs_to("panel-open").await?;
    zhang.opens_from("panel-open", "panel-close").await?;
    // The content of the panel can be scrolled.
    let body = "document.activeElement.matches('.panel-body')";
    zhang.types(Key::Tab).await?;
    zhang.focus_is("what it says", body).await?;
    zhang.tabs_to("panel-copy").await?;
    zhang.types(Key::Enter).await?;
    let copied = "document.querySelector('.panel-foot [role=status]').textContent !== ''";
    zhang.browser.until("whether it was copied", copied).await?;
    zhang.focus_is_on("panel-copy").await?;
    zhang.closes("panel", Key::Escape, "panel-open").await?;

    zhang.opens_from("panel-open", "panel-close").await?;
    zhang.closes("panel", Key::Enter, "panel-open").await?;
    zhang.browser.close().await
}

#[tokio::test]
async fn group_panel_reaches_members_and_the_add_dialog() -> Result<()> {
    let server = serve_page().await?;
    let group = group::create(&server, ZHANG, "Hikers", &[LI.0, WANG.0]).await?;
    let driver = ChromeDriver::shared()?;
    let zhang = logs_in_by_keyboard(driver, &server, &Look::default()).await?;
    zhang.tabs_to_the_list().await?;
    let row = format!("g{group}");
    zhang.focus_is_on_row("conversation-row", &row).await?;
    zhang.types(Key::Enter).await?;
    zhang.focus_is_on("composer-input").await?;
    zhang.tabs_back_to("group-open").await?;
    zhang.opens_from("group-open", "group-panel-close").await?;

    zhang.tabs_to("group-add").await?;
    zhang.opens_from("group-add", "people-search").await?;
    zhang
        .closes("group-dialog", Key::Escape, "group-add")
        .await?;

    zhang.browser.find_css("button[data-testid=member]").await?;
    zhang.tabs_to("member").await?;
    zhang.focus_is_on_row("member", "1001").await?;
    zhang.types(Key::Down).await?;
    zhang.focus_is_on_row("member", "1002").await?;
    zhang.types(Key::Enter).await?;
    zhang.reads("thread-name", "王五").await?;
    zhang.is_gone("[data-testid=group-panel]").await?;
    zhang.focus_is_on("composer-input").await?;
    zhang.browser.close().await
}

#[tokio::test]
async fn logout_with_unsent_messages_asks_first() -> Result<()> {
    let server = serve_page().await?;
    crate::past::line(&mut Socket::bound(&server, LI).await?, 1001, 1000, "hi").await?;
    let driver = ChromeDriver::shared()?;
    let zhang = logs_in_by_keyboard(driver, &server, &Look::default()).await?;
    zhang.opens_the_first().await?;
    zhang.browser.offline(true).await?;
    zhang.types("unsent" + Key::Enter).await?;
    zhang.sees("unsent", "sent", "pending").await?;

    zhang.tabs_back_to("logout").await?;
    for refuses in [Key::Enter, Key::Escape] {
        zhang.types(Key::Enter).await?;
        zhang.focus_is_on("confirm-no").await?;
        zhang.types(refuses).await?;
        zhang.is_gone("[role=alertdialog]").await?;
        zhang.focus_is_on("logout").await?;
    }
    zhang.types(Key::Enter).await?;
    zhang.focus_is_on("confirm-no").await?;
    zhang.types(Key::Tab).await?;
    zhang.focus_is_on("confirm-yes").await?;
    zhang.browser.offline(false).await?;
    zhang.types(Key::Enter).await?;
    zhang.focus_is_on("login-email").await?;
    zhang.browser.close().await
}
