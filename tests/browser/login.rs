//! Login, registration and logout.

use crate::person::{Person, serve_page, serve_page_with};
use anyhow::Result;
use thirtyfour::Key;
use tidings_tests::browser::{ChromeDriver, Look};
use tidings_tests::server::ZHANG;

/// Keys as WebDriver writes them (W3C WebDriver §17.4.2).
const ENTER: char = '\u{e007}';
const TAB: char = '\u{e004}';

#[tokio::test]
async fn wrong_password_is_explained_and_the_right_one_logs_in() -> Result<()> {
    let server = serve_page().await?;
    let driver = ChromeDriver::shared()?;
    let zhang = Person::opens(driver, &server, &Look::default()).await?;
    zhang.logs_in(ZHANG.1, "wrong").await?;
    let words = zhang.browser.text("login-error").await?;
    assert!(words.to_lowercase().contains("password"), "{words}");
    zhang.logs_in(ZHANG.1, "1234").await?;
    zhang.is_connected().await?;
    zhang.browser.close().await?;
    Ok(())
}

#[tokio::test]
async fn registration_by_keyboard_reports_each_invalid_field() -> Result<()> {
    let server = serve_page().await?;
    let driver = ChromeDriver::shared()?;
    let new = Person::opens(driver, &server, &Look::default()).await?;
    let switch = new.browser.find("register-switch").await?;
    switch.send_keys(Key::Enter).await?;
    new.browser.find("register-name").await?;
    let in_email = "document.activeElement.dataset.testid === 'login-email'";
    new.browser.until("in the first field", in_email).await?;
    types(&new, &format!("new{ENTER}")).await?;
    let asks_for = |text: &str| {
        format!(
            "document.querySelector('[data-testid=login-error]')?.textContent.includes('{text}')"
        )
    };
    new.browser
        .until("all is asked for", &asks_for("a name"))
        .await?;
    types(&new, &format!("New Person{TAB}")).await?;
    types(&new, &format!("short{ENTER}")).await?;
    new.browser
        .until("an address is", &asks_for("not an email"))
        .await?;
    types(&new, &format!("{}{ENTER}", ZHANG.1)).await?;
    new.browser
        .until("a long password is", &asks_for("8 characters"))
        .await?;
    types(&new, &format!("long enough{ENTER}")).await?;
    new.browser
        .until("another email is", &asks_for("another one"))
        .await?;
    types(&new, &format!("new@example.org{ENTER}")).await?;
    new.is_connected().await?;
    // A registered user can send, and log in with the chosen password.
    new.writes_to(ZHANG.0).await?;
    new.sends("I am new here").await?;
    new.sees("I am new here", "sent", "sent").await?;
    new.browser.click("logout").await?;
    new.logs_in("new@example.org", "long enough").await?;
    new.is_connected().await?;
    new.browser.close().await?;
    Ok(())
}

#[tokio::test]
async fn registration_is_not_offered_when_off() -> Result<()> {
    let server = serve_page_with(&["--registration", "off"]).await?;
    let driver = ChromeDriver::shared()?;
    let zhang = Person::opens(driver, &server, &Look::default()).await?;
    let asked = "performance.getEntriesByType('resource').some(
        entry => entry.name.endsWith('/api/server') && entry.responseEnd > 0)";
    zhang.browser.until("the server was asked", asked).await?;
    zhang.logs_in(ZHANG.1, "wrong").await?;
    zhang.browser.find("login-error").await?;
    let offered = "document.querySelector('[data-testid=register-switch]') !== null";
    assert_eq!(zhang.browser.eval(offered).await?, false);
    zhang.browser.close().await?;
    Ok(())
}

/// Types into the focused element.
async fn types(person: &Person, keys: &str) -> Result<()> {
    let focused = person.browser.driver().active_element().await?;
    Ok(focused.send_keys(keys).await?)
}

#[tokio::test]
async fn logout_shows_the_login_page_also_after_a_reload() -> Result<()> {
    let server = serve_page().await?;
    let driver = ChromeDriver::shared()?;
    let zhang = Person::logged_in(driver, &server, &Look::default(), ZHANG.1).await?;
    zhang.browser.click("logout").await?;
    zhang.browser.find("login-email").await?;
    zhang.browser.driver().refresh().await?;
    zhang.browser.find("login-email").await?;
    zhang.browser.close().await?;
    Ok(())
}

#[tokio::test]
async fn browser_language_is_used_and_can_be_switched_permanently() -> Result<()> {
    let server = serve_page().await?;
    let driver = ChromeDriver::shared()?;
    let look = Look {
        language: "zh-CN",
        ..Look::default()
    };
    let zhang = Person::opens(driver, &server, &look).await?;
    zhang.browser.find("login-submit").await?;
    let chinese = "/[\\u4e00-\\u9fff]/.test(document.querySelector('[data-testid=login-submit]').textContent)";
    zhang.browser.until("Chinese", chinese).await?;
    assert_eq!(
        zhang.browser.eval("document.documentElement.lang").await?,
        "zh-CN"
    );
    // The card has its final size once the server has answered whether registration is on.
    zhang.browser.find("register-switch").await?;
    zhang.browser.click("language-switch").await?;
    zhang
        .browser
        .until("English", &format!("!{chinese}"))
        .await?;
    zhang.browser.driver().refresh().await?;
    zhang.browser.find("login-submit").await?;
    zhang
        .browser
        .until("still English", &format!("!{chinese}"))
        .await?;
    zhang.browser.close().await?;
    Ok(())
}
