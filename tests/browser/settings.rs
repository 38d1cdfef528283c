//! Settings, which apply to every tab.

use crate::person::{Person, serve_page};
use anyhow::Result;
use tidings_tests::browser::{ChromeDriver, Look};
use tidings_tests::server::ZHANG;

const DARK: &str = "getComputedStyle(document.body).backgroundColor === 'rgb(16, 19, 23)'";

async fn choose(person: &Person, name: &str, value: &str) -> Result<()> {
    let input = format!("[data-testid=settings] input[name='tidings.{name}'][value='{value}']");
    Ok(person.browser.find_css(&input).await?.click().await?)
}

#[tokio::test]
async fn settings_apply_in_every_tab_and_after_a_reload() -> Result<()> {
    let server = serve_page().await?;
    let driver = ChromeDriver::shared()?;
    let zhang = Person::logged_in(driver, &server, &Look::default(), ZHANG.1).await?;
    zhang.writes_to(1001).await?;
    zhang.sends("hello").await?;
    zhang.sees("hello", "sent", "sent").await?;
    let (first, second) = zhang.opens_a_second_tab(&server).await?;
    let web = zhang.browser.driver();
    web.switch_to_window(first).await?;

    zhang.browser.click("settings-open").await?;
    zhang.browser.until("light", &format!("!({DARK})")).await?;
    choose(&zhang, "theme", "dark").await?;
    zhang.browser.until("dark", DARK).await?;
    choose(&zhang, "text", "large").await?;
    let large = "getComputedStyle(document.querySelector('.bubble')).fontSize === '19px'";
    zhang.browser.until("large", large).await?;
    choose(&zhang, "language", "zh-CN").await?;
    let chinese = "document.documentElement.lang === 'zh-CN'";
    zhang.browser.until("Chinese", chinese).await?;
    zhang.browser.click("settings-close").await?;
    let focused = "document.activeElement.dataset.testid === 'settings-open'";
    zhang.browser.until("the focus is back", focused).await?;

    web.switch_to_window(second).await?;
    zhang.browser.until("dark there too", DARK).await?;
    zhang.browser.until("Chinese there too", chinese).await?;
    web.refresh().await?;
    zhang.is_connected().await?;
    zhang.browser.until("still dark", DARK).await?;
    zhang.browser.close().await
}

#[tokio::test]
async fn logout_and_login_in_one_tab_apply_to_the_other() -> Result<()> {
    let server = serve_page().await?;
    let driver = ChromeDriver::shared()?;
    let zhang = Person::logged_in(driver, &server, &Look::default(), ZHANG.1).await?;
    let (first, second) = zhang.opens_a_second_tab(&server).await?;
    let web = zhang.browser.driver();
    zhang.browser.click("logout").await?;
    zhang.browser.find("login-email").await?;
    web.switch_to_window(first).await?;
    zhang.browser.find("login-email").await?;
    zhang.logs_in(ZHANG.1, "1234").await?;
    zhang.is_connected().await?;
    web.switch_to_window(second).await?;
    zhang.is_connected().await?;
    zhang.browser.close().await
}
