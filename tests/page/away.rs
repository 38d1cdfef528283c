//! A page whose network stops, or that nobody looks at.

use super::person::{Person, serve_page, serve_page_with};
use anyhow::Result;
use serde_json::json;
use std::time::{Duration, Instant};
use tidings_tests::PATIENCE;
use tidings_tests::browser::{ChromeDriver, Look};
use tidings_tests::proxy::Proxy;
use tidings_tests::server::{LI, Server, WANG, ZHANG};
use tidings_tests::socket::Socket;

/// Whether the page has noticed that it is not connected.
pub(crate) const NOT_LIVE: &str =
    "document.querySelector('[data-testid=connection]').dataset.phase !== 'live'";

fn proxied(server: &Server) -> Result<(Proxy, String)> {
    let proxy = Proxy::start(server.address().parse()?, 1)?;
    let url = format!("http://{}/", proxy.address());
    Ok((proxy, url))
}

/// What the store has of the conversation of Zhang and Li.
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

/// A network that stops without closing anything.
pub(crate) struct Freeze {
    /// Flags of the server, which say how often the page looks whether it is there.
    pub(crate) flags: &'static [&'static str],
    /// The page cannot notice earlier: nothing was closed.
    pub(crate) noticed_after: Duration,
    /// Until it goes on.
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
    zhang.says("before").await?;
    zhang.sees("before", "sent", "sent").await?;

    proxy.freeze();
    let frozen_at = Instant::now();
    let texts = ["one", "two", "three"];
    for text in texts {
        zhang.says(text).await?;
    }
    for text in texts {
        zhang.sees(text, "sent", "pending").await?;
    }
    zhang
        .browser
        .until_within(
            freeze.noticed_after + PATIENCE,
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

    // The reload hangs in the frozen network, and goes on when it thaws. The driver's answer waits
    // for it too.
    let thaw = async {
        // The fault's own length.
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

/// A page that was hidden for so long is up to date as soon as it is shown. Meanwhile Chromium lets
/// timers run once a minute only, which it is told to start at once.
pub(crate) async fn hidden_for(time: Duration) -> Result<()> {
    let server = serve_page().await?;
    let driver = ChromeDriver::shared()?;
    let zhang = Person::logged_in(driver, &server, &Look::default(), ZHANG.1).await?;
    zhang.writes_to(1002).await?;
    let page = zhang.browser.driver().window().await?;
    let other = zhang.browser.driver().new_tab().await?;
    zhang.browser.driver().switch_to_window(other).await?;
    // Not acknowledged in time, it would close the connection after 9 s.
    let mut wang = Socket::bound(&server, WANG).await?;
    wang.say(1002, 1000, "soon after").await?;
    zhang.browser.wait_in_page(time).await?;
    // The first one said nothing for longer than the server waits.
    let mut wang = Socket::bound(&server, WANG).await?;
    wang.say(1002, 1000, "while hidden").await?;
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
