//! The page on bad networks, on sleeping machines, in hidden tabs and beside itself.

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
async fn a_hidden_page_is_up_to_date_as_soon_as_it_is_shown() -> Result<()> {
    // What is not acknowledged meanwhile closes the connection after 9 s.
    hidden_for(Duration::from_secs(12)).await
}

#[tokio::test]
async fn a_browser_that_goes_offline_with_its_socket_open_delivers_when_it_is_back() -> Result<()> {
    let server = serve_page().await?;
    let driver = ChromeDriver::shared()?;
    let zhang = Person::logged_in(driver, &server, &Look::default(), ZHANG.1).await?;
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
    // Its own: all of its browsers are stopped.
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

#[tokio::test]
async fn two_tabs_of_one_person_stay_in_step() -> Result<()> {
    let server = serve_page().await?;
    let driver = ChromeDriver::shared()?;
    let zhang = Person::logged_in(driver, &server, &Look::default(), ZHANG.1).await?;
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
