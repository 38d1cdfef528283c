//! Coming and going.

use crate::person::{Person, serve_page};
use anyhow::Result;
use tidings_tests::browser::{ChromeDriver, Look};
use tidings_tests::server::ZHANG;

#[tokio::test]
async fn a_wrong_password_is_explained_and_the_right_one_opens_the_chat() -> Result<()> {
    let server = serve_page().await?;
    let driver = ChromeDriver::start().await?;
    let zhang = Person::opens(&driver, &server, &Look::default()).await?;
    zhang.logs_in(ZHANG.1, "wrong").await?;
    let words = zhang.browser.text("login-error").await?;
    assert!(words.to_lowercase().contains("password"), "{words}");
    zhang.logs_in(ZHANG.1, "1234").await?;
    zhang.is_connected().await?;
    zhang.browser.close().await?;
    Ok(())
}

#[tokio::test]
async fn a_logout_ends_in_the_login_page_also_after_a_reload() -> Result<()> {
    let server = serve_page().await?;
    let driver = ChromeDriver::start().await?;
    let zhang = Person::logged_in(&driver, &server, &Look::default(), ZHANG.1).await?;
    zhang.browser.click("logout").await?;
    zhang.browser.find("login-email").await?;
    zhang.browser.driver().refresh().await?;
    zhang.browser.find("login-email").await?;
    zhang.browser.close().await?;
    Ok(())
}

#[tokio::test]
async fn the_browsers_language_is_spoken_and_can_be_switched_for_good() -> Result<()> {
    let server = serve_page().await?;
    let driver = ChromeDriver::start().await?;
    let look = Look {
        language: "zh-CN",
        ..Look::default()
    };
    let zhang = Person::opens(&driver, &server, &look).await?;
    zhang.browser.find("login-submit").await?;
    let chinese = "/[\\u4e00-\\u9fff]/.test(document.querySelector('[data-testid=login-submit]').textContent)";
    zhang.browser.until("Chinese", chinese).await?;
    assert_eq!(
        zhang.browser.eval("document.documentElement.lang").await?,
        "zh-CN"
    );
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
