//! The page on bad networks, on suspended machines, in hidden tabs and in two tabs.

use crate::away::{Freeze, NOT_LIVE, hidden_for, sends_into_a_frozen_network, stored};
use crate::person::{Person, serve_page, serve_page_with};
use anyhow::Result;
use serde_json::json;
use std::time::{Duration, Instant};
use tidings_tests::browser::{ChromeDriver, Look};
use tidings_tests::server::{WANG, ZHANG};
use tidings_tests::socket::Socket;

#[tokio::test]
async fn sends_into_a_frozen_network_arrive_once_and_in_order() -> Result<()> {
    let freeze = Freeze {
        flags: &["--heartbeat-min-ms", "1000", "--heartbeat-max-ms", "1000"],
        noticed_after: Duration::from_secs(10),
        lasts: Duration::from_secs(13),
    };
    sends_into_a_frozen_network(&freeze).await
}

#[tokio::test]
async fn hidden_page_is_up_to_date_when_shown() -> Result<()> {
    // An unacknowledged push would close the connection after 9 s.
    hidden_for(Duration::from_secs(12)).await
}

#[tokio::test]
async fn offline_browser_with_open_socket_sends_when_back_online() -> Result<()> {
    let server = serve_page().await?;
    let driver = ChromeDriver::shared()?;
    let zhang = Person::logged_in(driver, &server, &Look::default(), ZHANG.1).await?;
    zhang.writes_to(1001).await?;
    zhang.browser.offline(true).await?;
    zhang.sends("into the void").await?;
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
async fn suspended_laptop_catches_up_after_waking() -> Result<()> {
    // While the laptop sleeps the server closes its connection as idle.
    let server = serve_page_with(&[
        "--idle-timeout-ms",
        "3000",
        "--heartbeat-min-ms",
        "1000",
        "--heartbeat-max-ms",
        "1500",
    ])
    .await?;
    // A ChromeDriver of its own, because all of its browsers are stopped.
    let driver = ChromeDriver::start().await?;
    let zhang = Person::logged_in(&driver, &server, &Look::default(), ZHANG.1).await?;
    // One connection per message, because on a slow machine the server would close this one as idle
    // too.
    let wang = server.login(WANG.1).await?;
    let send = async |text: &str| {
        let mut wang = Socket::bound_with(&server, &wang, json!({"uid": WANG.0})).await?;
        wang.send_message(WANG.0, ZHANG.0, text).await.map(drop)
    };
    send("before").await?;
    zhang.opens_conversation(1002).await?;
    zhang.sees("before", "received", "sent").await?;

    let asleep = driver.stop_browsers().await?;
    let until = Instant::now() + Duration::from_secs(6);
    let mut sent = 0;
    let mut pace = tokio::time::interval(Duration::from_millis(200));
    while Instant::now() < until {
        pace.tick().await;
        send(&format!("while asleep {sent}")).await?;
        sent += 1;
    }
    let woken_at = Instant::now();
    asleep.wake().await?;
    zhang
        .sees(&format!("while asleep {}", sent - 1), "received", "sent")
        .await?;
    println!(
        "{sent} missed messages shown {:?} after waking",
        woken_at.elapsed()
    );
    let mut expected = vec!["before".to_owned()];
    expected.extend((0..sent).map(|n| format!("while asleep {n}")));
    assert_eq!(zhang.thread().await?, expected);
    zhang.browser.close().await?;
    Ok(())
}

#[tokio::test]
async fn two_tabs_of_one_user_stay_in_sync() -> Result<()> {
    let server = serve_page().await?;
    let driver = ChromeDriver::shared()?;
    let zhang = Person::logged_in(driver, &server, &Look::default(), ZHANG.1).await?;
    let mut wang = Socket::bound(&server, WANG).await?;
    wang.send_message(1002, 1000, "to both").await?;
    zhang.badge_shows(1002, "1").await?;

    let (first, second) = zhang.opens_a_second_tab(&server).await?;
    let web = zhang.browser.driver();
    zhang.badge_shows(1002, "1").await?;
    zhang.opens_conversation(1002).await?;
    zhang.sees("to both", "received", "sent").await?;
    zhang.sends("from the second").await?;
    zhang.sees("from the second", "sent", "sent").await?;

    web.switch_to_window(first).await?;
    zhang.badge_shows(1002, "").await?;
    zhang.opens_conversation(1002).await?;
    zhang.sees("from the second", "sent", "sent").await?;
    zhang.sends("from the first").await?;
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
