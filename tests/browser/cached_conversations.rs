//! Conversations that were closed stay in the page for a while, so that they open faster, without
//! any other visible effect.

use crate::group::create;
use crate::past;
use crate::person::{Person, serve_page};
use anyhow::Result;
use serde_json::json;
use tidings_tests::browser::{ChromeDriver, Look};
use tidings_tests::server::{LI, Server, WANG, ZHANG};
use tidings_tests::socket::Socket;

/// The page of 张三, with two conversations that are read.
async fn with_two(server: &Server, driver: &ChromeDriver) -> Result<Person> {
    past::write(server, LI, 1000, 60, |n| format!("of 李四 {n}")).await?;
    past::write(server, WANG, 1000, 60, past::mixed).await?;
    for from in [LI, WANG] {
        past::read(server, ZHANG, from.0).await?;
    }
    let zhang = Person::logged_in(driver, server, &Look::default(), ZHANG.1).await?;
    zhang.opens_conversation(1001).await?;
    shows(&zhang, 1001, 60).await?;
    Ok(zhang)
}

/// Waits until the last message of this conversation, with this `seq`, is at the bottom of the
/// thread.
async fn shows(zhang: &Person, peer: i64, seq: usize) -> Result<()> {
    let shown = format!(
        "(() => {{
            const current = document.querySelector('[aria-current=true]').dataset.peer;
            const row = document.querySelector('.message-rows').lastElementChild;
            const below = row.closest('.thread').getBoundingClientRect().bottom
                - row.getBoundingClientRect().bottom;
            return current === '{peer}' && row.dataset.seq === '{seq}' && below >= 0 && below < 24;
        }})()"
    );
    let what = format!("message {seq} of {peer}");
    zhang.browser.until(&what, &shown).await
}

#[tokio::test]
async fn reopened_conversation_keeps_its_rows_and_adds_new_ones() -> Result<()> {
    let server = serve_page().await?;
    let driver = ChromeDriver::shared()?;
    let zhang = with_two(&server, driver).await?;
    let mark = "document.querySelector('.message-rows').lastElementChild.wasHere = true";
    zhang.browser.eval(mark).await?;

    zhang.opens_conversation(1002).await?;
    shows(&zhang, 1002, 60).await?;
    let mut li = Socket::bound(&server, LI).await?;
    li.send_message(1001, 1000, "since then").await?;
    zhang.badge_shows(1001, "1").await?;
    zhang.opens_conversation(1001).await?;
    zhang.sees("since then", "received", "sent").await?;
    let same = "document.querySelector('.message-rows [data-seq=\"60\"]').wasHere === true";
    zhang.browser.until("the row that was there", same).await?;
    let divided = "document.querySelector('.message-rows .unread-divider')
        .nextElementSibling.dataset.seq === '61'";
    zhang.browser.until("what is new", divided).await?;
    zhang.badge_shows(1001, "").await?;
    zhang.browser.close().await
}

#[tokio::test]
async fn cached_conversation_is_hidden_from_find_and_screen_readers() -> Result<()> {
    let server = serve_page().await?;
    let driver = ChromeDriver::shared()?;
    let zhang = with_two(&server, driver).await?;
    let aloud = async || -> Result<bool> {
        let all = json!({});
        let tree = zhang
            .browser
            .cdp("Accessibility.getFullAXTree", all)
            .await?;
        let mut nodes = tree["nodes"].as_array().into_iter().flatten();
        Ok(nodes.any(|node| node["name"]["value"] == "of 李四 59"))
    };
    assert!(aloud().await?, "it is read aloud where it is open");
    zhang.opens_conversation(1002).await?;
    shows(&zhang, 1002, 60).await?;

    let hidden = "(() => {
        const left = [...document.querySelectorAll('.left-rows .message')];
        const height = document.querySelector('.left-rows').getBoundingClientRect().height;
        return left.length > 0 && height === 0 && left.every(row => !row.checkVisibility());
    })()";
    zhang
        .browser
        .until("it is there and hidden", hidden)
        .await?;
    let found = zhang.browser.eval("window.find('of 李四 59')").await?;
    assert_eq!(found, json!(false));
    assert!(!aloud().await?, "a screen reader finds it");

    // The first row by keyboard belongs to the open conversation.
    zhang
        .browser
        .eval("document.querySelector('.message-rows .message').focus()")
        .await?;
    zhang
        .browser
        .eval(
            "document.activeElement.dispatchEvent(new KeyboardEvent('keydown', {key: 'Home', bubbles: true}))",
        )
        .await?;
    let open = "document.activeElement.closest('.message-rows') !== null";
    zhang.browser.until("a row of the open one", open).await?;
    zhang.browser.close().await
}

#[tokio::test]
async fn only_the_last_conversations_and_rows_are_cached() -> Result<()> {
    let server = serve_page().await?;
    let driver = ChromeDriver::shared()?;
    let mut groups = Vec::new();
    for name in ["A", "B", "C"] {
        groups.push(create(&server, ZHANG, name, &[]).await?);
    }
    let zhang = with_two(&server, driver).await?;
    // Scrolled up to the first message, and back to the end.
    let up = "(document.querySelector('.thread').scrollTop = 0,
        document.querySelector('.message-rows .message').dataset.seq === '1')";
    zhang.browser.until("the beginning", up).await?;
    let down = "document.querySelector('.thread').scrollTop = 1e6";
    zhang.browser.eval(down).await?;
    zhang.opens_conversation(1002).await?;
    shows(&zhang, 1002, 60).await?;
    let rows = "(lists => lists.length === 1 && lists[0].childElementCount === 50)
        (document.querySelectorAll('.left-rows'))";
    zhang.browser.until("50 rows of it", rows).await?;

    for group in groups {
        let row = format!("[data-testid=conversation-row][data-peer='g{group}']");
        zhang.browser.find_css(&row).await?.click().await?;
        let open = format!("document.querySelector(\"{row}\").ariaCurrent === 'true'");
        zhang.browser.until("it is open", &open).await?;
    }
    let lists = "document.querySelectorAll('.left-rows').length === 2
        && !document.querySelector('.left-rows .message')";
    zhang.browser.until("the last two", lists).await?;
    zhang.browser.close().await
}
