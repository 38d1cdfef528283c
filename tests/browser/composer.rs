//! The composer: emoji by keyboard and a full outbox; and the change of day and time zone.

use crate::person::{Person, serve_page};
use anyhow::{Result, bail};
use serde_json::json;
use thirtyfour::Key;
use tidings_shared::outbox::OUTBOX_MAX;
use tidings_tests::browser::{Browser, ChromeDriver, Look};
use tidings_tests::server::{LI, ZHANG};
use tidings_tests::socket::Socket;

/// Presses keys on the focused element.
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
async fn emoji_is_chosen_by_keyboard_and_large_when_alone() -> Result<()> {
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
    zhang.sends("😊 and words").await?;
    zhang.sees("😊 and words", "sent", "sent").await?;
    let large = "[...document.querySelectorAll('.message.large')].map(m => m.querySelector('[data-testid=message-text]').textContent)";
    assert_eq!(browser.eval(large).await?, json!(["😊"]));

    // The last chosen emoji comes first, also after a reload.
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
async fn message_over_the_outbox_limit_stays_in_the_field() -> Result<()> {
    let server = serve_page().await?;
    let driver = ChromeDriver::shared()?;
    let zhang = Person::logged_in(driver, &server, &Look::default(), ZHANG.1).await?;
    zhang.writes_to(1001).await?;
    zhang.browser.offline(true).await?;
    // Faster than a person types, and one more than the outbox holds.
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
    let reason = "document.body.innerText.includes('Too many messages')";
    zhang.browser.until("why it was not sent", reason).await?;

    zhang.browser.offline(false).await?;
    zhang.is_connected().await?;
    zhang.sees(&last, "sent", "sent").await?;
    presses(&zhang.browser, &[Key::Enter]).await?;
    zhang.sees(&too_many, "sent", "sent").await?;
    assert_eq!(zhang.browser.eval(field).await?, "");
    let last_seq = "[...document.querySelectorAll('.message-rows .message')].at(-1).dataset.seq";
    assert_eq!(
        zhang.browser.eval(last_seq).await?,
        (OUTBOX_MAX + 1).to_string(),
        "each was stored once"
    );
    zhang.browser.close().await
}

/// Sets the page's clock to so many seconds before midnight at the load of the page.
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
    li.send_message(1001, 1000, "before midnight").await?;
    let driver = ChromeDriver::shared()?;
    let day = |name: &str| format!("document.querySelector('.day').textContent === '{name}'");
    // Starts earlier if a slow machine was past midnight before the first check.
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

/// Sets another time zone for the page, and hides and shows the page.
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
async fn page_shown_in_another_time_zone_updates_its_times() -> Result<()> {
    let server = serve_page().await?;
    let mut li = Socket::bound(&server, LI).await?;
    let data = json!({"senderUid": LI.0, "recipientUid": ZHANG.0, "content": "now", "msgType": 1});
    let sent = li.ask(3, data).await?;
    let driver = ChromeDriver::shared()?;
    // The headless shell never hides a tab.
    let look = Look {
        full_chromium: true,
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
