//! The user's account by keyboard alone.

use super::logs_in_by_keyboard;
use crate::person::{Person, serve_page};
use anyhow::Result;
use serde_json::json;
use thirtyfour::Key;
use tidings_tests::browser::{ChromeDriver, Look};
use tidings_tests::server::ZHANG;

const PICTURE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../client/assets/icon-192.png");

/// The heading of the logins, which gets the focus when the focused button is removed with its
/// login.
const LOGINS: &str = "document.activeElement.id === 'profile-logins'";

impl Person {
    async fn opens_the_account(&self) -> Result<()> {
        self.tabs_to("profile-open").await?;
        self.opens_from("profile-open", "profile-picture").await
    }

    /// Presses a key on the picture field by CDP, because text typed by the driver there is a file
    /// name.
    async fn presses_on_the_picture(&self, key: &str, code: u32) -> Result<()> {
        self.focus_is_on("profile-picture").await?;
        for kind in ["rawKeyDown", "char", "keyUp"] {
            let key = json!({"type": kind, "key": key, "code": key, "windowsVirtualKeyCode": code,
                             "text": char::from_u32(code)});
            self.browser.cdp("Input.dispatchKeyEvent", key).await?;
        }
        Ok(())
    }

    /// Moves the focus on from the picture field.
    async fn tabs_on(&self) -> Result<()> {
        self.presses_on_the_picture("Tab", 9).await
    }

    /// Presses Enter on the picture field, which would open the file dialog of the browser.
    async fn asks_for_a_file(&self) -> Result<()> {
        let intercept = json!({"enabled": true});
        self.browser
            .cdp("Page.setInterceptFileChooserDialog", intercept)
            .await?;
        let note = "document.activeElement.addEventListener('click', () => window.asked = true)";
        self.browser.eval(note).await?;
        self.presses_on_the_picture("Enter", 13).await?;
        self.browser.until("a file is asked for", "asked").await
    }
}

#[tokio::test]
async fn picture_name_and_password_change_and_focus_returns() -> Result<()> {
    let server = serve_page().await?;
    let driver = ChromeDriver::shared()?;
    let zhang = logs_in_by_keyboard(driver, &server, &Look::default()).await?;
    zhang.opens_the_account().await?;

    zhang.asks_for_a_file().await?;
    let picture = std::fs::canonicalize(PICTURE)?;
    zhang.types(picture.to_string_lossy()).await?;
    zhang.browser.find_css(".head-self img").await?;
    zhang.reads_profile_status("Saved.").await?;
    zhang.tabs_on().await?;
    zhang.focus_is_on("profile-no-picture").await?;
    zhang.types(Key::Enter).await?;
    zhang.is_gone(".head-self img").await?;
    zhang.is_gone("[data-testid=profile-no-picture]").await?;
    zhang.tabs_on().await?;
    zhang.focus_is_on("profile-name").await?;

    // The Tab key selects the text of a field, so that typing replaces it.
    zhang.types(" " + Key::Enter).await?;
    zhang.reads_profile_status("Enter a name.").await?;
    zhang.focus_is_on("profile-name").await?;
    zhang.types(Key::Tab).await?;
    zhang.focus_is_on("profile-rename").await?;
    zhang.types(Key::Shift + Key::Tab).await?;
    zhang.types("Zhang San" + Key::Tab).await?;
    zhang.focus_is_on("profile-rename").await?;
    zhang.types(Key::Enter).await?;
    zhang.reads_profile_status("Saved.").await?;
    let named = "document.querySelector('.head-name').textContent === 'Zhang San'";
    zhang.browser.until("the name at the top", named).await?;
    zhang.focus_is_on("profile-rename").await?;

    zhang.types(Key::Tab).await?;
    zhang.focus_is_on("current-password").await?;
    zhang.types("wrong" + Key::Tab).await?;
    zhang.focus_is_on("new-password").await?;
    zhang.types("correct horse" + Key::Enter).await?;
    zhang
        .reads_profile_status("The current password is wrong.")
        .await?;
    zhang.focus_is_on("new-password").await?;
    zhang.types(Key::Shift + Key::Tab).await?;
    zhang.types("1234").await?;
    zhang.tabs_to("profile-change-password").await?;
    zhang.types(Key::Enter).await?;
    zhang
        .reads_profile_status("The password was changed; you are logged out everywhere else.")
        .await?;
    zhang.focus_is_on("profile-change-password").await?;
    zhang.closes("profile", Key::Escape, "profile-open").await?;
    zhang.browser.close().await
}

#[tokio::test]
async fn other_logins_are_ended_one_by_one_or_all_at_once() -> Result<()> {
    let server = serve_page().await?;
    for _ in 0..3 {
        server.login(ZHANG.1).await?;
    }
    let driver = ChromeDriver::shared()?;
    let zhang = logs_in_by_keyboard(driver, &server, &Look::default()).await?;
    zhang.opens_the_account().await?;
    let logins = |count: u32| {
        format!("document.querySelectorAll('[data-testid=profile-logins] li').length === {count}")
    };
    zhang.browser.until("four logins", &logins(4)).await?;
    zhang.tabs_on().await?;
    zhang.tabs_to("profile-end").await?;
    zhang.types(Key::Tab).await?;
    zhang.focus_is_on("profile-end").await?;
    zhang.types(Key::Enter).await?;
    zhang.browser.until("one fewer", &logins(3)).await?;
    zhang.reads_profile_status("Logged out there.").await?;
    zhang.focus_is("the logins", LOGINS).await?;

    // From the heading on to the remaining logins.
    zhang.types(Key::Tab).await?;
    zhang.focus_is_on("profile-end").await?;
    zhang.tabs_to("profile-end-others").await?;
    zhang.types(Key::Enter).await?;
    zhang.browser.until("this one only", &logins(1)).await?;
    zhang.is_gone("[data-testid=profile-end-others]").await?;
    zhang.focus_is("the logins", LOGINS).await?;
    zhang.types(Key::Tab).await?;
    zhang.focus_is_on("profile-close").await?;
    zhang.closes("profile", Key::Enter, "profile-open").await?;
    zhang.browser.close().await
}
