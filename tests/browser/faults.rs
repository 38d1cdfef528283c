//! The page on bad networks, on sleeping machines, in hidden tabs and beside itself.

use crate::person::{Person, serve_page, serve_page_with};
use anyhow::Result;
use serde_json::json;
use std::time::{Duration, Instant};
use tidings_tests::PATIENCE;
use tidings_tests::browser::{ChromeDriver, Look};
use tidings_tests::proxy::Proxy;
use tidings_tests::server::{LI, Server, WANG, ZHANG};
use tidings_tests::socket::Socket;

/// A page that hears nothing notices after its interval, here the default of 45 s, and 10 s.
const NOTICE: Duration = Duration::from_secs(45 + 10);
const NOT_LIVE: &str =
    "document.querySelector('[data-testid=connection]').dataset.phase !== 'live'";

fn proxied(server: &Server) -> Result<(Proxy, String)> {
    let proxy = Proxy::start(server.address().parse()?, 1)?;
    let url = format!("http://{}/", proxy.address());
    Ok((proxy, url))
}

/// What the store has of the conversation of Zhang and Li.
async fn stored(server: &Server) -> Result<Vec<String>> {
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

#[tokio::test]
async fn three_sends_into_a_frozen_network_and_a_reload_arrive_once_and_in_order() -> Result<()> {
    let server = serve_page().await?;
    let driver = ChromeDriver::start().await?;
    let (proxy, url) = proxied(&server)?;
    let li = Person::logged_in(&driver, &server, &Look::default(), LI.1).await?;
    let zhang = Person::at(&driver, &url, &Look::default()).await?;
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
        .until_within(NOTICE + PATIENCE, "notices the silence", NOT_LIVE)
        .await?;
    println!("noticed after {:?}", frozen_at.elapsed());
    assert!(
        frozen_at.elapsed() >= Duration::from_secs(40),
        "the network froze, nothing closed"
    );
    zhang.sees("three", "sent", "pending").await?;

    // The reload hangs in the frozen network, and goes on when it thaws. The driver's answer waits
    // for it too.
    let thaw = async {
        // The fault's own length: a minute in all.
        tokio::time::sleep(Duration::from_mins(1).saturating_sub(frozen_at.elapsed())).await;
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

#[tokio::test]
async fn a_browser_that_goes_offline_with_its_socket_open_delivers_when_it_is_back() -> Result<()> {
    let server = serve_page().await?;
    let driver = ChromeDriver::start().await?;
    let zhang = Person::logged_in(&driver, &server, &Look::default(), ZHANG.1).await?;
    zhang.writes_to(1001).await?;
    zhang.browser.offline(true).await?;
    zhang.says("into the void").await?;
    zhang.sees("into the void", "sent", "pending").await?;
    zhang.browser.until("notices", NOT_LIVE).await?;
    assert!(stored(&server).await?.is_empty());
    zhang.browser.offline(false).await?;
    zhang.is_connected().await?;
    zhang.sees("into the void", "sent", "sent").await?;
    assert_eq!(stored(&server).await?, ["into the void"]);
    zhang.browser.close().await?;
    Ok(())
}

#[tokio::test]
async fn a_laptop_that_slept_is_back_with_everything_it_missed() -> Result<()> {
    // While the laptop sleeps the server gives it up as idle.
    let server = serve_page_with(&[
        "--idle-timeout-ms",
        "3000",
        "--heartbeat-min-ms",
        "1000",
        "--heartbeat-max-ms",
        "1500",
    ])
    .await?;
    let driver = ChromeDriver::start().await?;
    let zhang = Person::logged_in(&driver, &server, &Look::default(), ZHANG.1).await?;
    // With a connection each, or the server would give this one up too when the machine is slow.
    let wang = server.login(WANG.1).await?;
    let says = async |text: &str| {
        let mut wang = Socket::bound_with(&server, &wang, json!({"uid": WANG.0})).await?;
        wang.say(WANG.0, ZHANG.0, text).await.map(drop)
    };
    says("before").await?;
    zhang.opens_conversation(1002).await?;
    zhang.sees("before", "received", "sent").await?;

    let asleep = driver.stop_browsers().await?;
    let until = Instant::now() + Duration::from_secs(6);
    let mut said = 0;
    let mut pace = tokio::time::interval(Duration::from_millis(200));
    while Instant::now() < until {
        pace.tick().await;
        says(&format!("while asleep {said}")).await?;
        said += 1;
    }
    let woken_at = Instant::now();
    asleep.wake().await?;
    zhang
        .sees(&format!("while asleep {}", said - 1), "received", "sent")
        .await?;
    println!(
        "{said} missed messages shown {:?} after waking",
        woken_at.elapsed()
    );
    let mut expected = vec!["before".to_owned()];
    expected.extend((0..said).map(|n| format!("while asleep {n}")));
    assert_eq!(zhang.thread().await?, expected);
    zhang.browser.close().await?;
    Ok(())
}

/// Ten minutes where `TIDINGS_HIDDEN_SECONDS=600`; in an ordinary run long enough for Chromium to
/// let timers run once a minute only, which it is told to start at once.
#[tokio::test]
async fn a_page_hidden_for_minutes_is_up_to_date_as_soon_as_it_is_shown() -> Result<()> {
    let hidden: u64 =
        std::env::var("TIDINGS_HIDDEN_SECONDS").map_or(Ok(75), |text| text.parse())?;
    let server = serve_page().await?;
    let driver = ChromeDriver::start().await?;
    let zhang = Person::logged_in(&driver, &server, &Look::default(), ZHANG.1).await?;
    zhang.writes_to(1002).await?;
    let page = zhang.browser.driver().window().await?;
    let other = zhang.browser.driver().new_tab().await?;
    zhang.browser.driver().switch_to_window(other).await?;
    // Not acknowledged in time, it would close the connection after 9 s.
    let mut wang = Socket::bound(&server, WANG).await?;
    wang.say(1002, 1000, "soon after").await?;
    zhang
        .browser
        .wait_in_page(Duration::from_secs(hidden))
        .await?;
    // The first one said nothing for longer than the server waits.
    let mut wang = Socket::bound(&server, WANG).await?;
    wang.say(1002, 1000, "while hidden").await?;
    let shown_at = Instant::now();
    zhang.browser.driver().switch_to_window(page).await?;
    zhang.sees("while hidden", "received", "sent").await?;
    zhang.is_connected().await?;
    let took = shown_at.elapsed();
    println!("hidden for {hidden} s, connected and up to date {took:?} after being shown");
    zhang.browser.click("panel-open").await?;
    let never = "document.querySelector('[data-testid=panel-reconnects] span').textContent === '0'";
    zhang
        .browser
        .until("the same connection all the while", never)
        .await?;
    zhang.browser.close().await?;
    Ok(())
}

#[tokio::test]
async fn two_tabs_of_one_person_stay_in_step() -> Result<()> {
    let server = serve_page().await?;
    let driver = ChromeDriver::start().await?;
    let zhang = Person::logged_in(&driver, &server, &Look::default(), ZHANG.1).await?;
    let mut wang = Socket::bound(&server, WANG).await?;
    wang.say(1002, 1000, "to both").await?;
    zhang.badge_shows(1002, "1").await?;

    let (first, second) = zhang.opens_a_second_tab(&server).await?;
    let web = zhang.browser.driver();
    zhang.badge_shows(1002, "1").await?;
    zhang.opens_conversation(1002).await?;
    zhang.sees("to both", "received", "sent").await?;
    zhang.says("from the second").await?;
    zhang.sees("from the second", "sent", "sent").await?;

    web.switch_to_window(first).await?;
    zhang.badge_shows(1002, "").await?;
    zhang.opens_conversation(1002).await?;
    zhang.sees("from the second", "sent", "sent").await?;
    zhang.says("from the first").await?;
    zhang.sees("from the first", "sent", "sent").await?;

    web.switch_to_window(second).await?;
    zhang.sees("from the first", "sent", "sent").await?;
    assert_eq!(
        zhang.thread().await?,
        ["to both", "from the second", "from the first"]
    );
    zhang.browser.close().await?;
    Ok(())
}
