//! A page with a frozen network, or one that is hidden.

use super::person::{Person, serve_page, serve_page_with};
use anyhow::Result;
use serde_json::json;
use std::time::{Duration, Instant};
use tidings_tests::TEST_TIMEOUT;
use tidings_tests::browser::{ChromeDriver, Look};
use tidings_tests::proxy::Proxy;
use tidings_tests::server::{LI, Server, WANG, ZHANG};
use tidings_tests::socket::Socket;

/// Whether the page has detected that it is not connected.
pub(crate) const NOT_LIVE: &str =
    "document.querySelector('[data-testid=connection]').dataset.phase !== 'live'";

fn proxied(server: &Server) -> Result<(Proxy, String)> {
    let proxy = Proxy::start(server.address().parse()?, 1)?;
    let url = format!("http://{}/", proxy.address());
    Ok((proxy, url))
}

/// The texts of the conversation of Zhang and Li in the store.
pub(crate) async fn stored(server: &Server) -> Result<Vec<String>> {
    let mut witness = Socket::bound(server, ZHANG).await?;
    let page = witness
        .ask(
            2,
            json!({"ownerUid": 1000, "otherUid": 1001, "afterSeq": 0}),
        )
        .await?;
    let contents = page
        .as_array()
        .into_iter()
        .flatten()
        .map(|m| m["content"].clone());
    Ok(contents
        .map(serde_json::from_value)
        .collect::<Result<_, _>>()?)
}

/// A network that freezes without closing connections.
pub(crate) struct Freeze {
    /// Flags of the server, which set the heartbeat interval.
    pub(crate) flags: &'static [&'static str],
    /// The earliest time of detection, because nothing is closed.
    pub(crate) noticed_after: Duration,
    /// How long the network is frozen.
    pub(crate) lasts: Duration,
}

/// Three sends into a frozen network and a reload arrive once and in order.
pub(crate) async fn sends_into_a_frozen_network(freeze: &Freeze) -> Result<()> {
    let server = serve_page_with(freeze.flags).await?;
    let driver = ChromeDriver::shared()?;
    let (proxy, url) = proxied(&server)?;
    let li = Person::logged_in(driver, &server, &Look::default(), LI.1).await?;
    let zhang = Person::at(driver, &url, &Look::default()).await?;
    zhang.logs_in(ZHANG.1, "1234").await?;
    zhang.is_connected().await?;
    zhang.writes_to(1001).await?;
    zhang.sends("before").await?;
    zhang.sees("before", "sent", "sent").await?;

    proxy.freeze();
    let frozen_at = Instant::now();
    let texts = ["one", "two", "three"];
    for text in texts {
        zhang.sends(text).await?;
    }
    for text in texts {
        zhang.sees(text, "sent", "pending").await?;
    }
    zhang
        .browser
        .until_within(
            freeze.noticed_after + TEST_TIMEOUT,
            "notices the silence",
            NOT_LIVE,
        )
        .await?;
    println!("noticed after {:?}", frozen_at.elapsed());
    assert!(
        frozen_at.elapsed() >= freeze.noticed_after,
        "the network froze, nothing closed"
    );
    zhang.sees("three", "sent", "pending").await?;

    // The reload, and with it the driver's answer, hangs until the network thaws.
    let thaw = async {
        // The duration of the fault.
        tokio::time::sleep(freeze.lasts.saturating_sub(frozen_at.elapsed())).await;
        proxy.thaw();
    };
    let (reloaded, ()) = tokio::join!(zhang.browser.driver().refresh(), thaw);
    reloaded?;
    zhang.is_connected().await?;
    zhang.opens_conversation(1001).await?;
    li.opens_conversation(1000).await?;
    let expected = ["before", "one", "two", "three"];
    for text in expected {
        zhang.sees(text, "sent", "sent").await?;
        li.sees(text, "received", "sent").await?;
    }
    assert_eq!(zhang.thread().await?, expected);
    assert_eq!(li.thread().await?, expected);
    assert_eq!(stored(&server).await?, expected);
    zhang.browser.close().await?;
    li.browser.close().await?;
    Ok(())
}

/// A page that was hidden for this time is up to date when it is shown. Meanwhile Chromium runs
/// timers only once a minute, which is configured to start at once.
pub(crate) async fn hidden_for(time: Duration) -> Result<()> {
    let server = serve_page().await?;
    let driver = ChromeDriver::shared()?;
    let zhang = Person::logged_in(driver, &server, &Look::default(), ZHANG.1).await?;
    zhang.writes_to(1002).await?;
    let page = zhang.browser.driver().window().await?;
    let other = zhang.browser.driver().new_tab().await?;
    zhang.browser.driver().switch_to_window(other).await?;
    // Without an acknowledgement in time the server would close the connection after 9 s.
    let mut wang = Socket::bound(&server, WANG).await?;
    wang.send_message(1002, 1000, "soon after").await?;
    zhang.browser.wait_in_page(time).await?;
    // A new connection, because the first one was silent for longer than the server allows.
    let mut wang = Socket::bound(&server, WANG).await?;
    wang.send_message(1002, 1000, "while hidden").await?;
    let shown_at = Instant::now();
    zhang.browser.driver().switch_to_window(page).await?;
    zhang.sees("while hidden", "received", "sent").await?;
    zhang.is_connected().await?;
    let took = shown_at.elapsed();
    println!("hidden for {time:?}, connected and up to date {took:?} after being shown");
    zhang.browser.click("panel-open").await?;
    let never = "document.querySelector('[data-testid=panel-reconnects] span').textContent === '0'";
    zhang
        .browser
        .until("the same connection all the while", never)
        .await?;
    zhang.browser.close().await?;
    Ok(())
}
