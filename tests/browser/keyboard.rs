//! Everything by keyboard alone: nothing is clicked, and only keys and the page move the focus. The
//! focus must be visible at each stop: see `page/keys.rs`.

mod account;
mod dialogs;

use crate::past;
use crate::person::{Person, serve_page};
use anyhow::{Result, ensure};
use serde_json::json;
use std::time::Instant;
use thirtyfour::Key;
use tidings_tests::TEST_TIMEOUT;
use tidings_tests::browser::{ChromeDriver, Look};
use tidings_tests::server::{LI, Server, WANG, ZHANG};
use tidings_tests::socket::Socket;

/// Logs 张三 in by keyboard.
async fn logs_in_by_keyboard(
    driver: &ChromeDriver,
    server: &Server,
    look: &Look,
) -> Result<Person> {
    let zhang = Person::opens(driver, server, look).await?;
    zhang.focus_is_on("login-email").await?;
    zhang.types(ZHANG.1).await?;
    zhang.types(Key::Tab).await?;
    zhang.focus_is_on("login-password").await?;
    zhang.types("1234" + Key::Enter).await?;
    zhang.is_connected().await?;
    Ok(zhang)
}

impl Person {
    /// Moves the focus to the first conversation, once there are any.
    async fn tabs_to_the_list(&self) -> Result<()> {
        self.browser.find("conversation-row").await?;
        self.tabs_to("conversation-row").await
    }

    /// Opens the first conversation, which moves the focus to the composer.
    async fn opens_the_first(&self) -> Result<()> {
        self.tabs_to_the_list().await?;
        self.types(Key::Enter).await?;
        self.focus_is_on("composer-input").await
    }

    /// Opens a dialog or a panel, which moves the focus to `begins_with`.
    async fn opens_from(&self, by: &str, begins_with: &str) -> Result<()> {
        self.focus_is_on(by).await?;
        self.types(Key::Enter).await?;
        self.focus_is_on(begins_with).await
    }

    /// Closes a dialog or a panel by a key, which moves the focus back.
    async fn closes(&self, id: &str, by: Key, back_to: &str) -> Result<()> {
        self.types(by).await?;
        self.is_gone(&format!("[data-testid={id}]")).await?;
        self.focus_is_on(back_to).await
    }

    /// Waits until the focus is on the row of this peer in a list.
    async fn focus_is_on_row(&self, id: &str, peer: &str) -> Result<()> {
        let there = format!(
            "document.activeElement.matches('[data-testid={id}][data-peer={}]')",
            json!(peer)
        );
        self.focus_is(&format!("the {id} of {peer}"), &there).await
    }

    /// Waits until the message with this text has the focus.
    async fn focus_is_on_message(&self, text: &str) -> Result<()> {
        let there = format!(
            "document.activeElement.querySelector(':scope [data-testid=message-text]')?.textContent === {}
                && document.activeElement.dataset.testid === 'message'",
            json!(text)
        );
        self.focus_is(&format!("{text:?}"), &there).await
    }

    async fn is_gone(&self, selector: &str) -> Result<()> {
        let gone = format!("document.querySelector({}) === null", json!(selector));
        self.browser
            .until(&format!("{selector} is gone"), &gone)
            .await
    }
}

#[tokio::test]
async fn login_opening_and_writing_work_by_keyboard() -> Result<()> {
    let server = serve_page().await?;
    let mut li = Socket::bound(&server, LI).await?;
    li.send_message(1001, 1000, "from li").await?;
    let mut wang = Socket::bound(&server, WANG).await?;
    wang.send_message(1002, 1000, "from wang").await?;
    let driver = ChromeDriver::shared()?;
    let zhang = logs_in_by_keyboard(driver, &server, &Look::default()).await?;

    zhang.tabs_to_the_list().await?;
    zhang.focus_is_on_row("conversation-row", "1002").await?;
    zhang.types(Key::Down).await?;
    zhang.focus_is_on_row("conversation-row", "1001").await?;
    zhang.types(Key::Up).await?;
    zhang.focus_is_on_row("conversation-row", "1002").await?;
    zhang.types("" + Key::Down + Key::Enter).await?;
    zhang.reads("thread-name", "李四").await?;
    zhang.focus_is_on("composer-input").await?;

    zhang.types("two").await?;
    zhang.types(Key::Shift + Key::Enter).await?;
    zhang.types("lines" + Key::Enter).await?;
    zhang.sees("two\nlines", "sent", "sent").await?;
    let push = li.frame(4).await?;
    li.ack(&push["tid"]).await?;
    li.send_message(1001, 1000, "and an answer").await?;
    zhang.sees("and an answer", "received", "sent").await?;

    // Up moves from an empty composer to the last message from self, and not from a non-empty one.
    zhang.focus_is_on("composer-input").await?;
    zhang.types(Key::Up).await?;
    zhang.focus_is_on_message("two\nlines").await?;
    zhang.types(Key::Down).await?;
    zhang.focus_is_on_message("and an answer").await?;
    zhang.types(Key::Escape).await?;
    zhang.focus_is_on("composer-input").await?;
    zhang.types("by the button" + Key::Up).await?;
    zhang.focus_is_on("composer-input").await?;
    zhang.tabs_to("composer-send").await?;
    zhang.types(Key::Enter).await?;
    zhang.sees("by the button", "sent", "sent").await?;
    zhang.focus_is_on("composer-input").await?;
    zhang.browser.close().await
}

#[tokio::test]
async fn focused_row_keeps_focus_when_the_list_reorders() -> Result<()> {
    let server = serve_page().await?;
    let mut li = Socket::bound(&server, LI).await?;
    li.send_message(1001, 1000, "from li").await?;
    let mut wang = Socket::bound(&server, WANG).await?;
    wang.send_message(1002, 1000, "from wang").await?;
    let driver = ChromeDriver::shared()?;
    let zhang = logs_in_by_keyboard(driver, &server, &Look::default()).await?;
    zhang.tabs_to_the_list().await?;
    zhang.types(Key::Down).await?;
    zhang.focus_is_on_row("conversation-row", "1001").await?;
    li.send_message(1001, 1000, "more from li").await?;
    zhang.badge_shows(1001, "2").await?;
    assert_eq!(zhang.list().await?, ["1001", "1002"], "newest first");
    zhang.focus_is_on_row("conversation-row", "1001").await?;
    zhang.types(Key::Down).await?;
    zhang.focus_is_on_row("conversation-row", "1002").await?;
    // The row above moves below it.
    wang.send_message(1002, 1000, "more from wang").await?;
    zhang.badge_shows(1002, "2").await?;
    zhang.focus_is_on_row("conversation-row", "1002").await?;
    zhang.browser.close().await
}

/// Waits until the thread has not moved for three frames.
const STILL: &str = "(async log => {
    const frame = () => new Promise(requestAnimationFrame);
    for (let still = 0, at; still < 3; await frame()) {
        still = log.scrollTop === at ? still + 1 : 0;
        at = log.scrollTop;
    }
})(document.querySelector('[data-testid=thread]'))";

#[tokio::test]
async fn long_history_scrolls_to_its_start_and_back_by_keyboard() -> Result<()> {
    const COUNT: usize = 170;
    // Without links, each of which is a tab stop.
    let line: fn(usize) -> String = |n| format!("line {n}\n").repeat(1 + n % 4);
    let server = serve_page().await?;
    past::write(&server, WANG, 1000, COUNT, line).await?;
    past::read(&server, ZHANG, 1002).await?;
    let driver = ChromeDriver::shared()?;
    let zhang = logs_in_by_keyboard(driver, &server, &Look::default()).await?;
    let first = "document.querySelector('.message-rows [data-testid=message]').dataset.seq";
    let end = format!(
        "[...document.querySelectorAll('.message-rows [data-testid=message]')].at(-1).dataset.seq === '{COUNT}'"
    );

    zhang.opens_the_first().await?;
    zhang.browser.until("its end", &end).await?;
    zhang.tabs_back_to("thread").await?;
    let at =
        |place: &str| format!("(log => {place})(document.querySelector('[data-testid=thread]'))");
    let beginning = format!("{first} === '1' && {}", at("log.scrollTop === 0"));
    let limit = Instant::now() + TEST_TIMEOUT;
    zhang.browser.eval(STILL).await?;
    while zhang.browser.eval(&beginning).await? != true {
        ensure!(Instant::now() < limit, "the beginning is never reached");
        // Chrome scrolls smoothly, and a key pressed at the end of the scroll is lost.
        zhang.types(Key::Home).await?;
        zhang.browser.eval(STILL).await?;
    }
    let texts: Vec<String> = (1..=COUNT).map(line).collect();
    assert_eq!(zhang.thread().await?, texts);
    zhang.types(Key::PageDown).await?;
    let on = at("log.scrollTop > log.clientHeight / 2");
    zhang.browser.until("a page down", &on).await?;

    zhang.tabs_to("jump").await?;
    zhang.types(Key::Enter).await?;
    zhang.is_gone("[data-testid=jump]").await?;
    let end = at("log.scrollHeight - log.clientHeight - log.scrollTop < 2");
    zhang.browser.until("the end", &end).await?;
    // The button is gone; the focus continues in the thread.
    zhang.focus_is_on("thread").await?;
    zhang.types(Key::Up).await?;
    zhang.focus_is_on_message(&line(COUNT)).await?;
    zhang.browser.close().await
}

#[tokio::test]
async fn emoji_is_inserted_at_the_caret() -> Result<()> {
    let server = serve_page().await?;
    crate::past::line(&mut Socket::bound(&server, LI).await?, 1001, 1000, "hi").await?;
    let driver = ChromeDriver::shared()?;
    let zhang = logs_in_by_keyboard(driver, &server, &Look::default()).await?;
    zhang.opens_the_first().await?;
    let on = |emoji: &str| format!("document.activeElement.textContent === '{emoji}'");

    zhang.types("so " + Key::Tab).await?;
    zhang.focus_is_on("emoji-open").await?;
    zhang.types(Key::Enter).await?;
    zhang.focus_is("the first emoji", &on("😀")).await?;
    zhang.types(Key::Right).await?;
    zhang.focus_is("the next emoji", &on("😄")).await?;
    zhang.types(Key::Enter).await?;
    zhang.focus_is_on("composer-input").await?;
    zhang.types("!").await?;
    let written = zhang.browser.eval("document.activeElement.value").await?;
    assert_eq!(written, "so 😄!");

    // The Tab key closes the grid without a choice.
    zhang.tabs_to("emoji-open").await?;
    zhang.types(Key::Enter).await?;
    zhang.focus_is("the one chosen before", &on("😄")).await?;
    zhang.types(Key::Tab).await?;
    zhang.focus_is_on("composer-send").await?;
    zhang.is_gone("[data-testid=emoji-grid]").await?;
    zhang.browser.close().await
}

#[tokio::test]
async fn conversations_start_from_contacts_and_search() -> Result<()> {
    let server = serve_page().await?;
    let driver = ChromeDriver::shared()?;
    let zhang = logs_in_by_keyboard(driver, &server, &Look::default()).await?;
    zhang.tabs_to("contacts-tab").await?;
    zhang.types(Key::Enter).await?;
    zhang.browser.find("contact-row").await?;
    zhang.tabs_to("contact-row").await?;
    let wang = "document.activeElement.dataset.peer === '1002'";
    zhang.presses_until("王五", wang, || "" + Key::Down).await?;
    zhang.types(Key::Enter).await?;
    zhang.reads("thread-name", "王五").await?;
    zhang.focus_is_on("composer-input").await?;
    zhang.types("from the contacts" + Key::Enter).await?;
    zhang.sees("from the contacts", "sent", "sent").await?;

    zhang.tabs_back_to("chats-tab").await?;
    zhang.types(Key::Enter).await?;
    zhang.tabs_back_to("search").await?;
    zhang.types("李").await?;
    zhang.tabs_to("contact-row").await?;
    zhang.types(Key::Enter).await?;
    zhang.reads("thread-name", "李四").await?;
    zhang.focus_is_on("composer-input").await?;
    zhang.types("from the search" + Key::Enter).await?;
    zhang.sees("from the search", "sent", "sent").await?;
    zhang.browser.close().await
}

#[tokio::test]
async fn refused_message_can_be_resent_or_deleted() -> Result<()> {
    let server = serve_page().await?;
    crate::past::line(&mut Socket::bound(&server, LI).await?, 1001, 1000, "hi").await?;
    let driver = ChromeDriver::shared()?;
    let zhang = logs_in_by_keyboard(driver, &server, &Look::default()).await?;
    zhang.opens_the_first().await?;
    let count = "(send => {
        window.sent = 0;
        WebSocket.prototype.send = function (text) {
            sent += JSON.parse(text).type === 3;
            return send.call(this, text);
        };
    })(WebSocket.prototype.send)";
    zhang.browser.eval(count).await?;
    let failed = "document.querySelector('.message-rows [data-testid=message][data-state=failed]')";
    for (button, sent) in [("delete", 1), ("retry", 3)] {
        // No key types a text that is refused, but it may be pasted.
        zhang
            .browser
            .eval("document.execCommand('insertText', false, 'a\\u0000b')")
            .await?;
        zhang.types(Key::Enter).await?;
        zhang.browser.until("failed", failed).await?;
        zhang.tabs_back_to(button).await?;
        zhang.types(Key::Enter).await?;
        zhang.focus_is_on("thread").await?;
        if button == "delete" {
            zhang
                .is_gone(".message-rows [data-testid=message][data-state=failed]")
                .await?;
        }
        let often = format!("sent === {sent}");
        zhang.browser.until(button, &often).await?;
        zhang.types(Key::Escape).await?;
        zhang.focus_is_on("composer-input").await?;
    }
    zhang.browser.close().await
}

#[tokio::test]
async fn back_in_one_pane_layout_focuses_the_previous_row() -> Result<()> {
    let server = serve_page().await?;
    for from in [LI, WANG] {
        let mut socket = Socket::bound(&server, from).await?;
        socket.send_message(from.0, 1000, "hi").await?;
    }
    let driver = ChromeDriver::shared()?;
    let narrow = Look {
        width: 500,
        ..Look::default()
    };
    let zhang = logs_in_by_keyboard(driver, &server, &narrow).await?;
    zhang.tabs_to_the_list().await?;
    zhang.types(Key::Down).await?;
    zhang.focus_is_on_row("conversation-row", "1001").await?;
    zhang.types(Key::Enter).await?;
    zhang.sees("hi", "received", "sent").await?;
    zhang.tabs_to("back").await?;
    zhang.types(Key::Enter).await?;
    zhang.focus_is_on_row("conversation-row", "1001").await?;
    zhang.browser.close().await
}
