//! Presence of the peer.

use crate::person::{Person, serve_page};
use anyhow::Result;
use tidings_tests::browser::{ChromeDriver, Look};
use tidings_tests::server::{LI, ZHANG};
use tidings_tests::socket::Socket;

#[tokio::test]
async fn online_dot_is_shown_until_the_peer_disconnects() -> Result<()> {
    let server = serve_page().await?;
    let mut li = Socket::bound(&server, LI).await?;
    crate::past::line(&mut li, LI.0, ZHANG.0, "here I am").await?;
    let driver = ChromeDriver::shared()?;
    let zhang = Person::logged_in(driver, &server, &Look::default(), ZHANG.1).await?;
    zhang.opens_conversation(LI.0).await?;
    let dot = format!(
        "document.querySelector('[data-peer=\"{}\"] [data-testid=online]') !== null",
        LI.0
    );
    let status_has = |text: &str| {
        format!("document.querySelector('[data-testid=standing]')?.textContent.includes('{text}')")
    };
    zhang.browser.until("a dot", &dot).await?;
    zhang
        .browser
        .until("the status, too", &status_has("online"))
        .await?;
    drop(li);
    zhang.browser.until("no dot", &format!("!{dot}")).await?;
    zhang
        .browser
        .until("when they left", &status_has("last seen"))
        .await?;
    let _li = Socket::bound(&server, LI).await?;
    zhang.browser.until("a dot again", &dot).await?;
    zhang.browser.close().await
}
