//! What a screen reader is told: each message that comes while its conversation is open, once, and
//! nothing that was there before.

use crate::past;
use crate::person::{Person, serve_page, serve_page_with};
use anyhow::Result;
use serde_json::json;
use tidings_tests::browser::{ChromeDriver, Look};
use tidings_tests::proxy::{Conditions, Flow, Proxy};
use tidings_tests::server::{LI, WANG, ZHANG};
use tidings_tests::socket::Socket;

/// Notes what comes into the live region, from the first node of the page on: nodes as wholes,
/// although their texts may be put into them later, and texts that change. Notes the frames that
/// arrive, too.
const LISTEN: &str = "
    window.told = [];
    window.frames_heard = [];
    const region = '[data-testid=announcer]';
    const isIn = node => (node.closest ? node : node.parentElement)?.closest(region);
    new MutationObserver(records => {
        const added = records.flatMap(record => [...record.addedNodes]);
        const wholes = added.filter(node => !added.some(other => other !== node && other.contains(node)));
        // Those of one render as they stand, in whatever order they were put there.
        wholes.sort((a, b) => a.compareDocumentPosition(b) & Node.DOCUMENT_POSITION_FOLLOWING ? -1 : 1);
        for (const node of wholes) {
            const into = isIn(node) ? node : node.querySelector?.(region);
            if (into?.textContent) told.push(into.textContent);
        }
        for (const record of records)
            if (record.type === 'characterData' && isIn(record.target) && !added.some(node => node.contains(record.target)))
                told.push(record.target.data);
    }).observe(document, {subtree: true, childList: true, characterData: true});
    window.WebSocket = class extends WebSocket {
        constructor(...given) {
            super(...given);
            this.addEventListener('message', event => frames_heard.push(JSON.parse(event.data)));
        }
    };";

/// 张三, whose page is listened to.
async fn listened_to(driver: &ChromeDriver, url: &str) -> Result<Person> {
    let browser = driver.open(&Look::default()).await?;
    browser
        .cdp(
            "Page.addScriptToEvaluateOnNewDocument",
            json!({"source": LISTEN}),
        )
        .await?;
    browser.goto(url).await?;
    let zhang = Person { browser };
    zhang.logs_in(ZHANG.1, "1234").await?;
    zhang.is_connected().await?;
    Ok(zhang)
}

/// Waits until a message from 李四 was told, and expects that nothing else was but these.
async fn has_been_told(zhang: &Person, expected: &[&str]) -> Result<()> {
    let Some(last) = expected.last() else {
        anyhow::bail!("there is nothing to wait for")
    };
    let here = format!("told.at(-1) === {}", json!(last));
    zhang
        .browser
        .until(&format!("told {last:?}"), &here)
        .await?;
    assert_eq!(zhang.browser.eval("told").await?, json!(expected));
    Ok(())
}

#[tokio::test]
async fn what_comes_into_the_open_conversation_is_told_once_with_its_sender() -> Result<()> {
    let server = serve_page().await?;
    let mut li = Socket::bound(&server, LI).await?;
    let mut wang = Socket::bound(&server, WANG).await?;
    let driver = ChromeDriver::shared()?;
    let zhang = listened_to(driver, &server.url("/")).await?;

    li.say(1001, 1000, "before it is open").await?;
    zhang.badge_shows(1001, "1").await?;
    zhang.opens_conversation(1001).await?;
    zhang.sees("before it is open", "received", "sent").await?;
    li.say(1001, 1000, "hello").await?;
    has_been_told(&zhang, &["李四: hello"]).await?;

    wang.say(1002, 1000, "elsewhere").await?;
    zhang.badge_shows(1002, "1").await?;
    zhang.says("one's own").await?;
    zhang.sees("one's own", "sent", "sent").await?;
    let push = li.frame(4).await?;
    li.ack(&push["tid"]).await?;
    for text in ["the same", "the same", "<b>and</b> more"] {
        li.say(1001, 1000, text).await?;
    }
    let told = [
        "李四: hello",
        "李四: the same",
        "李四: the same",
        "李四: <b>and</b> more",
    ];
    has_been_told(&zhang, &told).await?;

    // The region can be heard and is not seen; the thread itself, where history comes in too, is
    // silent.
    let region = zhang
        .browser
        .eval(
            "(() => {
                const region = document.querySelector('[data-testid=announcer]');
                const box = region.getBoundingClientRect();
                return [
                    region.ariaLive, getComputedStyle(region).display, box.width <= 1 && box.height <= 1,
                    region.closest('[aria-hidden=true], [inert]'),
                    document.querySelector('[data-testid=thread]').ariaLive,
                ];
            })()",
        )
        .await?;
    assert_eq!(region, json!(["polite", "block", true, null, "off"]));
    zhang.browser.close().await
}

#[tokio::test]
async fn each_of_many_that_come_at_once_is_told() -> Result<()> {
    const COUNT: usize = 8;
    let server = serve_page().await?;
    let mut li = Socket::bound(&server, LI).await?;
    let driver = ChromeDriver::shared()?;
    let zhang = listened_to(driver, &server.url("/")).await?;
    zhang.writes_to(1001).await?;
    zhang
        .browser
        .until(
            "an empty thread",
            "document.querySelector('.thread .empty')",
        )
        .await?;
    // So slow that a render takes longer than the framework works without a pause: several messages
    // come before the next one.
    let slow = json!({"rate": 20});
    zhang
        .browser
        .cdp("Emulation.setCPUThrottlingRate", slow)
        .await?;
    for n in 1..=COUNT {
        let data = json!({"senderUid": 1001, "recipientUid": 1000, "content": n.to_string(),
                          "msgType": 1});
        li.send(json!({"type": 3, "data": data})).await?;
    }
    let told: Vec<String> = (1..=COUNT).map(|n| format!("李四: {n}")).collect();
    let told: Vec<&str> = told.iter().map(String::as_str).collect();
    has_been_told(&zhang, &told).await?;
    zhang.browser.close().await
}

#[tokio::test]
async fn history_is_not_told_however_it_comes() -> Result<()> {
    let server = serve_page().await?;
    past::write(&server, LI, 1000, 170, past::mixed).await?;
    past::read(&server, ZHANG, 1001).await?;
    past::write(&server, WANG, 1000, 3, past::mixed).await?;
    let driver = ChromeDriver::shared()?;
    let zhang = listened_to(driver, &server.url("/")).await?;
    let browser = &zhang.browser;
    let row = |at: i32, seq: u32| {
        format!(
            "[...document.querySelectorAll('.message-rows [data-testid=message]')].at({at}).dataset.seq === '{seq}'"
        )
    };

    // Opened, scrolled up to its beginning, left for another and opened again.
    zhang.opens_conversation(1001).await?;
    let up = format!(
        "(document.querySelector('[data-testid=thread]').scrollTop = 0, {})",
        row(0, 1)
    );
    browser.until("the beginning", &up).await?;
    zhang.opens_conversation(1002).await?;
    let other = "document.querySelectorAll('.message-rows [data-testid=message]').length === 3";
    browser.until("the other", other).await?;
    zhang.opens_conversation(1001).await?;
    browser.until("the end again", &row(-1, 170)).await?;
    assert_eq!(browser.eval("told").await?, json!([]));

    // Missed while the connection was gone.
    browser.offline(true).await?;
    let gone = "document.querySelector('[data-testid=connection]').dataset.phase !== 'live'";
    browser.until("offline", gone).await?;
    let mut li = Socket::bound(&server, LI).await?;
    for n in 1..=3 {
        li.say(1001, 1000, &format!("missed {n}")).await?;
    }
    browser.offline(false).await?;
    zhang.sees("missed 3", "received", "sent").await?;
    li.say(1001, 1000, "live").await?;
    has_been_told(&zhang, &["李四: live"]).await?;

    // After a reload everything is history.
    browser.driver().refresh().await?;
    zhang.is_connected().await?;
    zhang.opens_conversation(1001).await?;
    zhang.sees("live", "received", "sent").await?;
    li.say(1001, 1000, "live again").await?;
    has_been_told(&zhang, &["李四: live again"]).await?;
    zhang.browser.close().await
}

#[tokio::test]
async fn a_push_that_comes_again_is_not_told_again() -> Result<()> {
    let server = serve_page_with(&[
        "--ack-timeout-ms",
        "300",
        "--repush-interval-ms",
        "300",
        "--repush-attempts",
        "100",
    ])
    .await?;
    let proxy = Proxy::start(server.address().parse()?, 1)?;
    let mut li = Socket::bound(&server, LI).await?;
    let driver = ChromeDriver::shared()?;
    let zhang = listened_to(driver, &format!("http://{}/", proxy.address())).await?;
    zhang.writes_to(1001).await?;
    li.say(1001, 1000, "hello").await?;
    has_been_told(&zhang, &["李四: hello"]).await?;

    // What the page acknowledges does not arrive.
    let one_way = Conditions {
        to_server: Flow {
            frozen: true,
            ..Flow::default()
        },
        ..Conditions::default()
    };
    proxy.set(one_way);
    li.say(1001, 1000, "again and again").await?;
    let repeats = "frames_heard.filter(frame => frame.dup).length > 1";
    zhang.browser.until("two repeats", repeats).await?;
    li.say(1001, 1000, "what comes after").await?;
    let told = [
        "李四: hello",
        "李四: again and again",
        "李四: what comes after",
    ];
    has_been_told(&zhang, &told).await?;
    zhang.browser.close().await
}
