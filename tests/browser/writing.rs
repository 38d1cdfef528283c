//! Emoji by keyboard, what there is no room for, and the turn of the day.

use crate::person::{Person, serve_page};
use anyhow::{Result, bail};
use serde_json::json;
use thirtyfour::Key;
use tidings_shared::outbox::OUTBOX_MAX;
use tidings_tests::browser::{Browser, ChromeDriver, Look};
use tidings_tests::server::{LI, ZHANG};
use tidings_tests::socket::Socket;

/// Presses keys wherever the focus is.
async fn presses(browser: &Browser, keys: &[Key]) -> Result<()> {
    for key in keys {
        browser
            .driver()
            .active_element()
            .await?
            .send_keys("" + key.clone())
            .await?;
    }
    Ok(())
}

#[tokio::test]
async fn an_emoji_is_chosen_by_keyboard_and_stands_large_when_alone() -> Result<()> {
    let server = serve_page().await?;
    let driver = ChromeDriver::shared()?;
    let zhang = Person::logged_in(driver, &server, &Look::default(), ZHANG.1).await?;
    zhang.writes_to(1001).await?;
    let browser = &zhang.browser;
    let field_has_focus = "document.activeElement.dataset.testid === 'composer-input'";
    browser.until("ready to write", field_has_focus).await?;
    browser.click("emoji-open").await?;
    browser
        .until(
            "the first has the focus",
            "document.activeElement.textContent === '😀'",
        )
        .await?;
    presses(browser, &[Key::Escape]).await?;
    browser
        .until(
            "closed",
            "!document.querySelector('[data-testid=emoji-grid]')",
        )
        .await?;
    browser
        .until("the field has the focus", field_has_focus)
        .await?;

    browser.click("emoji-open").await?;
    browser
        .until("open", "document.activeElement.textContent === '😀'")
        .await?;
    presses(browser, &[Key::Down, Key::Right, Key::Enter]).await?;
    browser
        .until("the field has the focus", field_has_focus)
        .await?;
    let chosen = "document.querySelector('[data-testid=composer-input]').value";
    assert_eq!(browser.eval(chosen).await?, "😊");
    presses(browser, &[Key::Enter]).await?;
    zhang.sees("😊", "sent", "sent").await?;
    zhang.says("😊 and words").await?;
    zhang.sees("😊 and words", "sent", "sent").await?;
    let large = "[...document.querySelectorAll('.message.large')].map(m => m.querySelector('[data-testid=message-text]').textContent)";
    assert_eq!(browser.eval(large).await?, json!(["😊"]));

    // What was chosen comes first, also after a reload.
    browser.driver().refresh().await?;
    zhang.is_connected().await?;
    browser.until("ready to write", field_has_focus).await?;
    browser.click("emoji-open").await?;
    browser
        .until(
            "chosen before",
            "document.activeElement.textContent === '😊'",
        )
        .await?;
    zhang.browser.close().await
}

#[tokio::test]
async fn what_cannot_be_kept_until_it_is_sent_stays_in_the_field() -> Result<()> {
    let server = serve_page().await?;
    let driver = ChromeDriver::shared()?;
    let zhang = Person::logged_in(driver, &server, &Look::default(), ZHANG.1).await?;
    zhang.writes_to(1001).await?;
    zhang.browser.offline(true).await?;
    // Faster than anybody types, and one more than there is room for.
    let writes = format!(
        "(field => {{
            for (let n = 0; n <= {OUTBOX_MAX}; n++) {{
                field.value = 'line ' + n;
                field.dispatchEvent(new InputEvent('input', {{bubbles: true}}));
                field.dispatchEvent(new KeyboardEvent('keydown',
                    {{key: 'Enter', bubbles: true, cancelable: true}}));
            }}
        }})(document.querySelector('[data-testid=composer-input]'))"
    );
    zhang.browser.eval(&writes).await?;
    let too_many = format!("line {OUTBOX_MAX}");
    let last = format!("line {}", OUTBOX_MAX - 1);
    let field = "document.querySelector('[data-testid=composer-input]').value";
    let stays = format!("{field} === '{too_many}'");
    zhang.browser.until("it is in the field", &stays).await?;
    zhang.sees(&last, "sent", "pending").await?;
    let told = "document.body.innerText.includes('Too many messages')";
    zhang.browser.until("why it was not sent", told).await?;

    zhang.browser.offline(false).await?;
    zhang.is_connected().await?;
    zhang.sees(&last, "sent", "sent").await?;
    presses(&zhang.browser, &[Key::Enter]).await?;
    zhang.sees(&too_many, "sent", "sent").await?;
    assert_eq!(zhang.browser.eval(field).await?, "");
    let place = "[...document.querySelectorAll('.message-rows .message')].at(-1).dataset.seq";
    assert_eq!(
        zhang.browser.eval(place).await?,
        (OUTBOX_MAX + 1).to_string(),
        "each was stored once"
    );
    zhang.browser.close().await
}

/// The page's clock stands so many seconds before midnight when the page is loaded.
fn late(seconds: u32) -> String {
    format!(
        "(() => {{
            const Real = Date;
            const midnight = new Real();
            midnight.setHours(24, 0, 0, 0);
            const shift = midnight - {seconds} * 1000 - Real.now();
            window.Date = class extends Real {{
                constructor(...given) {{
                    given.length ? super(...given) : super(Real.now() + shift);
                }}
                static now() {{ return Real.now() + shift; }}
            }};
        }})()"
    )
}

#[tokio::test]
async fn at_midnight_today_becomes_yesterday() -> Result<()> {
    let server = serve_page().await?;
    let mut li = Socket::bound(&server, LI).await?;
    li.say(1001, 1000, "before midnight").await?;
    let driver = ChromeDriver::shared()?;
    let day = |name: &str| format!("document.querySelector('.day').textContent === '{name}'");
    // On a machine so slow that it is past midnight before anybody looks, earlier.
    for seconds in [6, 12, 24] {
        let browser = driver.open(&Look::default()).await?;
        browser.goto(&server.url("/")).await?;
        let zhang = Person { browser };
        zhang.logs_in(ZHANG.1, "1234").await?;
        zhang.is_connected().await?;
        let script = json!({"source": late(seconds)});
        zhang
            .browser
            .cdp("Page.addScriptToEvaluateOnNewDocument", script)
            .await?;
        zhang.browser.driver().refresh().await?;
        zhang.is_connected().await?;
        zhang.opens_conversation(1001).await?;
        zhang.sees("before midnight", "received", "sent").await?;
        let was_today = zhang.browser.eval(&day("Today")).await? == true;
        zhang.browser.until("yesterday", &day("Yesterday")).await?;
        assert_eq!(zhang.browser.text("row-time").await?, "Yesterday");
        zhang.browser.close().await?;
        if was_today {
            return Ok(());
        }
    }
    bail!("it is never today")
}

/// Has the page live in another time zone, and shows it again.
async fn travels(browser: &Browser, zone: &str) -> Result<()> {
    let web = browser.driver();
    let page = web.window().await?;
    browser
        .cdp("Emulation.setTimezoneOverride", json!({"timezoneId": zone}))
        .await?;
    let elsewhere = web.new_tab().await?;
    web.switch_to_window(elsewhere).await?;
    web.close_window().await?;
    Ok(web.switch_to_window(page).await?)
}

#[tokio::test]
async fn a_page_shown_in_another_time_zone_tells_its_times() -> Result<()> {
    let server = serve_page().await?;
    let mut li = Socket::bound(&server, LI).await?;
    let data = json!({"senderUid": LI.0, "recipientUid": ZHANG.0, "content": "now", "msgType": 1});
    let sent = li.ask(3, data).await?;
    let driver = ChromeDriver::shared()?;
    // The headless shell hides no tab.
    let look = Look {
        whole: true,
        ..Look::default()
    };
    let zhang = Person::logged_in(driver, &server, &look, ZHANG.1).await?;
    zhang.opens_conversation(LI.0).await?;
    for zone in ["Asia/Shanghai", "Pacific/Midway", "Asia/Kathmandu"] {
        travels(&zhang.browser, zone).await?;
        let times = format!(
            "(time => ['.bubble-meta', '[data-testid=row-time]'].every(
                part => document.querySelector(part).textContent.trim() === time))(
                new Intl.DateTimeFormat('en', {{hour: '2-digit', minute: '2-digit',
                    hourCycle: 'h23', timeZone: '{zone}'}}).format({}))",
            sent["createTime"]
        );
        zhang
            .browser
            .until(&format!("times of {zone}"), &times)
            .await?;
    }
    zhang.browser.close().await
}
