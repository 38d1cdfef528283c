//! The page in development: `trunk serve`, and `cargo run -- --demo` beside it.

use crate::person::Person;
use anyhow::{Context, Result};
use std::path::Path;
use std::time::Duration;
use tidings_tests::browser::{ChromeDriver, Look};
use tidings_tests::server::ZHANG;

/// How long trunk may take to build the page for debugging.
const BUILD: Duration = Duration::from_mins(5);

#[tokio::test]
#[ignore = "needs `trunk serve` and `cargo run -- --demo`: cargo xtask test"]
async fn trunk_serves_a_page_that_works_and_reloads_on_a_change() -> Result<()> {
    let page = std::env::var("TIDINGS_PAGE").context("no TIDINGS_PAGE, trunk's address")?;
    let driver = ChromeDriver::shared()?;
    let zhang = Person::at(driver, &page, &Look::default()).await?;
    zhang.logs_in(ZHANG.1, "1234").await?;
    zhang.is_connected().await?;
    zhang.writes_to(1001).await?;
    zhang.sends("hello").await?;
    zhang.sees("hello", "sent", "sent").await?;

    zhang.browser.eval("window.isOldPage = true").await?;
    // Written again unchanged, which counts as a change for the watcher.
    let style = Path::new(env!("CARGO_MANIFEST_DIR")).join("../client/style/base.css");
    std::fs::write(&style, std::fs::read(&style)?)?;
    zhang
        .browser
        .until_within(BUILD, "the page anew", "!window.isOldPage")
        .await?;
    zhang.is_connected().await?;
    zhang.browser.close().await
}
