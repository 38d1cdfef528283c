//! Announcements to screen readers: each message that arrives in the open conversation, once, and
//! no history.

use crate::past;
use crate::person::{Person, serve_page, serve_page_with};
use anyhow::Result;
use serde_json::json;
use tidings_tests::browser::{ChromeDriver, Look};
use tidings_tests::proxy::{Conditions, Flow, Proxy};
use tidings_tests::server::{LI, WANG, ZHANG};
use tidings_tests::socket::Socket;

/// Records what is added to the live region, from the first node of the page on: whole nodes,
/// although their texts may be inserted later, and changed texts. Also records the frames that
/// arrive.
const LISTEN: &str = "
    window.announced = [];
    window.frames_received = [];
    const region = '[data-testid=announcer]';
    const isIn = node => (node.closest ? node : node.parentElement)?.closest(region);
    new MutationObserver(records => {
        const added = records.flatMap(record => [...record.addedNodes]);
        const wholes = added.filter(node => !added.some(other => other !== node && other.contains(node)));
        // Nodes of one render in document order, in whatever order they were inserted.
        wholes.sort((a, b) => a.compareDocumentPosition(b) & Node.DOCUMENT_POSITION_FOLLOWING ? -1 : 1);
        for (const node of wholes) {
            const into = isIn(node) ? node : node.querySelector?.(region);
            if (into?.textContent) announced.push(into.textContent);
        }
        for (const record of records)
            if (record.type === 'characterData' && isIn(record.target) && !added.some(node => node.contains(record.target)))
                announced.push(record.target.data);
    }).observe(document, {subtree: true, childList: true, characterData: true});
    window.WebSocket = class extends WebSocket {
        constructor(...given) {
            super(...given);
            this.addEventListener('message', event => frames_received.push(JSON.parse(event.data)));
        }
    };";

/// Logs 张三 in, with the recorder in the page.
async fn with_listener(driver: &ChromeDriver, url: &str) -> Result<Person> {
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

/// Waits until the last of these messages was announced, and checks that only these were.
async fn has_announced(zhang: &Person, expected: &[&str]) -> Result<()> {
    let Some(last) = expected.last() else {
        anyhow::bail!("there is nothing to wait for")
    };
    let here = format!("announced.at(-1) === {}", json!(last));
    zhang
        .browser
        .until(&format!("announced {last:?}"), &here)
        .await?;
    assert_eq!(zhang.browser.eval("announced").await?, json!(expected));
    Ok(())
}

#[tokio::test]
async fn live_message_is_announced_once_with_its_sender() -> Result<()> {
    let server = serve_page().await?;
    let mut li = Socket::bound(&server, LI).await?;
    let mut wang = Socket::bound(&server, WANG).await?;
    let driver = ChromeDriver::shared()?;
    let zhang = with_listener(driver, &server.url("/")).await?;

    li.send_message(1001, 1000, "before it is open").await?;
    zhang.badge_shows(1001, "1").await?;
    zhang.opens_conversation(1001).await?;
    zhang.sees("before it is open", "received", "sent").await?;
    li.send_message(1001, 1000, "hello").await?;
    has_announced(&zhang, &["李四: hello"]).await?;

    wang.send_message(1002, 1000, "elsewhere").await?;
    zhang.badge_shows(1002, "1").await?;
    zhang.sends("one's own").await?;
    zhang.sees("one's own", "sent", "sent").await?;
    let push = li.frame(4).await?;
    li.ack(&push["tid"]).await?;
    for text in ["the same", "the same", "<b>and</b> more"] {
        li.send_message(1001, 1000, text).await?;
    }
    let announced = [
        "李四: hello",
        "李四: the same",
        "李四: the same",
        "李四: <b>and</b> more",
    ];
    has_announced(&zhang, &announced).await?;

    // The region is audible and not visible; the thread itself, to which history is added too, is
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
async fn each_message_of_a_burst_is_announced() -> Result<()> {
    const COUNT: usize = 8;
    let server = serve_page().await?;
    let mut li = Socket::bound(&server, LI).await?;
    let driver = ChromeDriver::shared()?;
    let zhang = with_listener(driver, &server.url("/")).await?;
    zhang.writes_to(1001).await?;
    zhang
        .browser
        .until(
            "an empty thread",
            "document.querySelector('.thread .empty')",
        )
        .await?;
    // So slow that a render takes longer than the framework's time slice: several messages arrive
    // before the next render.
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
    let announced: Vec<String> = (1..=COUNT).map(|n| format!("李四: {n}")).collect();
    let announced: Vec<&str> = announced.iter().map(String::as_str).collect();
    has_announced(&zhang, &announced).await?;
    zhang.browser.close().await
}

#[tokio::test]
async fn history_is_not_announced() -> Result<()> {
    let server = serve_page().await?;
    past::write(&server, LI, 1000, 170, past::mixed).await?;
    past::read(&server, ZHANG, 1001).await?;
    past::write(&server, WANG, 1000, 3, past::mixed).await?;
    let driver = ChromeDriver::shared()?;
    let zhang = with_listener(driver, &server.url("/")).await?;
    let browser = &zhang.browser;
    let row = |at: i32, seq: u32| {
        format!(
            "[...document.querySelectorAll('.message-rows [data-testid=message]')].at({at}).dataset.seq === '{seq}'"
        )
    };

    // Opened, scrolled up to its start, closed for another and opened again.
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
    assert_eq!(browser.eval("announced").await?, json!([]));

    // Messages missed while disconnected.
    browser.offline(true).await?;
    let gone = "document.querySelector('[data-testid=connection]').dataset.phase !== 'live'";
    browser.until("offline", gone).await?;
    let mut li = Socket::bound(&server, LI).await?;
    for n in 1..=3 {
        li.send_message(1001, 1000, &format!("missed {n}")).await?;
    }
    browser.offline(false).await?;
    zhang.sees("missed 3", "received", "sent").await?;
    li.send_message(1001, 1000, "live").await?;
    has_announced(&zhang, &["李四: live"]).await?;

    // After a reload everything is history.
    browser.driver().refresh().await?;
    zhang.is_connected().await?;
    zhang.opens_conversation(1001).await?;
    zhang.sees("live", "received", "sent").await?;
    li.send_message(1001, 1000, "live again").await?;
    has_announced(&zhang, &["李四: live again"]).await?;
    zhang.browser.close().await
}

#[tokio::test]
async fn repeated_push_is_not_announced_again() -> Result<()> {
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
    let zhang = with_listener(driver, &format!("http://{}/", proxy.address())).await?;
    zhang.writes_to(1001).await?;
    li.send_message(1001, 1000, "hello").await?;
    has_announced(&zhang, &["李四: hello"]).await?;

    // Acknowledgements of the page do not arrive.
    let one_way = Conditions {
        to_server: Flow {
            frozen: true,
            ..Flow::default()
        },
        ..Conditions::default()
    };
    proxy.set(one_way);
    li.send_message(1001, 1000, "again and again").await?;
    let repeats = "frames_received.filter(frame => frame.dup).length > 1";
    zhang.browser.until("two repeats", repeats).await?;
    li.send_message(1001, 1000, "what comes after").await?;
    let announced = [
        "李四: hello",
        "李四: again and again",
        "李四: what comes after",
    ];
    has_announced(&zhang, &announced).await?;
    zhang.browser.close().await
}
