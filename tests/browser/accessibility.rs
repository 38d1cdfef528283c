//! Checks each screen with axe-core, the accessibility checker. `cargo xtask test` fetches it and
//! sets its path (`TIDINGS_AXE`).

use crate::person::{Person, serve_page};
use anyhow::{Context, Result, ensure};
use serde_json::Value;
use tidings_tests::browser::{ChromeDriver, Look};
use tidings_tests::server::{LI, Server, ZHANG};
use tidings_tests::socket::Socket;

#[tokio::test]
async fn axe_finds_no_violation_on_desktop_in_both_themes() -> Result<()> {
    for dark in [false, true] {
        let look = Look {
            dark,
            ..Look::default()
        };
        every_screen(&look).await?;
    }
    Ok(())
}

#[tokio::test]
async fn axe_finds_no_violation_on_phone_in_both_themes() -> Result<()> {
    for dark in [false, true] {
        let look = Look {
            width: 360,
            height: 740,
            language: "zh-CN",
            dark,
            ..Look::default()
        };
        every_screen(&look).await?;
    }
    Ok(())
}

async fn every_screen(look: &Look) -> Result<()> {
    let axe = Axe::load().await?;
    let server = serve_page().await?;
    add_messages(&server).await?;
    let driver = ChromeDriver::shared()?;
    let person = Person::opens(driver, &server, look).await?;
    let browser = &person.browser;
    browser.find("login-email").await?;
    axe.approves_of(&person, "login").await?;
    browser.click("register-switch").await?;
    browser.find("register-name").await?;
    axe.approves_of(&person, "registration").await?;
    browser.click("register-switch").await?;
    person.logs_in(LI.1, "wrong").await?;
    browser.find("login-error").await?;
    axe.approves_of(&person, "login that failed").await?;
    person.logs_in(LI.1, "1234").await?;
    person.is_connected().await?;
    browser.find("conversation-row").await?;
    axe.approves_of(&person, "list").await?;
    browser.click("contacts-tab").await?;
    browser.find("contact-row").await?;
    axe.approves_of(&person, "contacts").await?;
    browser.click("new-group").await?;
    browser.find("group-name").await?;
    axe.approves_of(&person, "dialog of a new group").await?;
    browser.click("group-cancel").await?;
    browser.click("profile-open").await?;
    browser.find("profile-logins").await?;
    axe.approves_of(&person, "account").await?;
    browser.click("profile-close").await?;
    browser.click("settings-open").await?;
    axe.approves_of(&person, "settings").await?;
    browser.click("settings-close").await?;
    browser.click("panel-open").await?;
    browser.find("panel-frame").await?;
    axe.approves_of(&person, "connection panel").await?;
    browser.click("panel-close").await?;
    browser.click("chats-tab").await?;
    person.opens_conversation(ZHANG.0).await?;
    person.sees("早上好", "received", "sent").await?;
    axe.approves_of(&person, "thread").await?;
    browser.offline(true).await?;
    person.sends("into the tunnel").await?;
    person.sees("into the tunnel", "sent", "pending").await?;
    axe.approves_of(&person, "thread with a pending message")
        .await?;
    drop(server);
    browser.offline(false).await?;
    let offline = "document.querySelector('[data-testid=connection]').dataset.phase === 'waiting'";
    browser.until("offline", offline).await?;
    axe.approves_of(&person, "offline").await
}

/// Adds messages, so that lists and threads are not empty.
async fn add_messages(server: &Server) -> Result<()> {
    let mut zhang = Socket::bound(server, ZHANG).await?;
    crate::past::line(&mut zhang, ZHANG.0, LI.0, "早上好").await?;
    crate::past::line(&mut zhang, ZHANG.0, LI.0, "https://example.org/a").await
}

/// The checker.
struct Axe {
    script: String,
}

impl Axe {
    async fn load() -> Result<Self> {
        let path = std::env::var_os("TIDINGS_AXE")
            .context("no axe-core: run `cargo xtask test`, or set TIDINGS_AXE to its axe.min.js")?;
        let script = tokio::fs::read_to_string(&path).await?;
        Ok(Self { script })
    }

    /// Checks a screen with all rules, including best practices.
    async fn approves_of(&self, person: &Person, screen: &str) -> Result<()> {
        let loaded = person.browser.eval("typeof axe === 'object'").await?;
        if loaded == Value::Bool(false) {
            let driver = person.browser.driver();
            driver.execute(&self.script, vec![]).await?;
        }
        let script = "axe.run({ resultTypes: ['violations'] }).then(result =>
            result.violations.map(violation =>
                violation.id + ': ' + violation.help + ' ' + violation.nodes.map(node =>
                    node.html.slice(0, 200) + ' (' + node.failureSummary + ')').join('; ')))";
        let found = person.browser.eval(script).await?;
        let violations: Vec<String> = serde_json::from_value(found)?;
        ensure!(
            violations.is_empty(),
            "axe on {screen}:\n{}",
            violations.join("\n")
        );
        Ok(())
    }
}
