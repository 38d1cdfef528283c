//! A person who uses the page in a browser.

use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};
use std::path::{Path, PathBuf};
use thirtyfour::{Key, WindowHandle};
use tidings_tests::browser::{Browser, ChromeDriver, Look};
use tidings_tests::server::Server;

/// The texts of the open thread's messages.
pub(crate) const MESSAGES: &str =
    "[...document.querySelectorAll('.message-rows [data-testid=message-text]')]";

/// The distance of the thread from its end in CSS pixels, once it has not scrolled for some frames.
const DISTANCE_AT_REST: &str = "(async () => {
    const log = document.querySelector('[data-testid=thread]');
    for (let [still, at] = [0, -1]; still < 20; at = log.scrollTop) {
        await new Promise(requestAnimationFrame);
        still = log.scrollTop === at ? still + 1 : 0;
    }
    return log.scrollHeight - log.clientHeight - log.scrollTop;
})()";

/// A server with the built page.
pub(crate) async fn serve_page() -> Result<Server> {
    serve_page_with(&[]).await
}

/// The same, with flags.
pub(crate) async fn serve_page_with(flags: &[&str]) -> Result<Server> {
    let folder = built_page()?;
    let folder = folder.to_str().context("a path in UTF-8")?;
    Server::start(&[&["--client-dir", folder], flags].concat()).await
}

/// The folder of the built page: `TIDINGS_CLIENT_DIR`, or `dist` of the workspace.
pub(crate) fn built_page() -> Result<PathBuf> {
    let folder = std::env::var_os("TIDINGS_CLIENT_DIR").map_or_else(
        || Path::new(env!("CARGO_MANIFEST_DIR")).join("../dist"),
        PathBuf::from,
    );
    ensure!(
        folder.join("index.html").is_file(),
        "no page in {}: build it with `trunk build --release`",
        folder.display()
    );
    Ok(folder)
}

pub(crate) struct Person {
    pub(crate) browser: Browser,
}

impl Person {
    pub(crate) async fn opens(driver: &ChromeDriver, server: &Server, look: &Look) -> Result<Self> {
        Self::at(driver, &server.url("/"), look).await
    }

    /// Opens the page at a given URL.
    pub(crate) async fn at(driver: &ChromeDriver, url: &str, look: &Look) -> Result<Self> {
        let browser = driver.open(look).await?;
        browser.goto(url).await?;
        Ok(Self { browser })
    }

    pub(crate) async fn logged_in(
        driver: &ChromeDriver,
        server: &Server,
        look: &Look,
        email: &str,
    ) -> Result<Self> {
        let person = Self::opens(driver, server, look).await?;
        person.logs_in(email, "1234").await?;
        person.is_connected().await?;
        Ok(person)
    }

    pub(crate) async fn logs_in(&self, email: &str, password: &str) -> Result<()> {
        let address = self.browser.find("login-email").await?;
        address.clear().await?;
        address.send_keys(email).await?;
        let secret = self.browser.find("login-password").await?;
        secret.clear().await?;
        secret.send_keys(password).await?;
        self.browser.click("login-submit").await
    }

    pub(crate) async fn is_connected(&self) -> Result<()> {
        let live = "document.querySelector('[data-testid=connection]').dataset.phase === 'live'";
        self.browser.until("connected", live).await
    }

    /// Opens the page in a second tab with the same login, and switches to it. Returns both tabs.
    pub(crate) async fn opens_a_second_tab(
        &self,
        server: &Server,
    ) -> Result<(WindowHandle, WindowHandle)> {
        let web = self.browser.driver();
        let tabs = (web.window().await?, web.new_tab().await?);
        web.switch_to_window(tabs.1.clone()).await?;
        self.browser.goto(&server.url("/")).await?;
        self.is_connected().await?;
        Ok(tabs)
    }

    /// Opens a conversation from the list of contacts.
    pub(crate) async fn writes_to(&self, peer: i64) -> Result<()> {
        self.browser.click("contacts-tab").await?;
        self.browser
            .find_css(&format!("[data-testid=contact-row][data-peer='{peer}']"))
            .await?
            .click()
            .await?;
        self.browser.find("composer-input").await.map(drop)
    }

    /// Opens a conversation from the list of conversations.
    pub(crate) async fn opens_conversation(&self, peer: i64) -> Result<()> {
        self.browser
            .find_css(&format!(
                "[data-testid=conversation-row][data-peer='{peer}']"
            ))
            .await?
            .click()
            .await?;
        self.browser.find("composer-input").await.map(drop)
    }

    /// Types a line and presses Enter.
    pub(crate) async fn sends(&self, text: &str) -> Result<()> {
        let input = self.browser.find("composer-input").await?;
        input.send_keys(text).await?;
        Ok(input.send_keys("" + Key::Enter).await?)
    }

    /// Waits until the open thread shows this text exactly once, in this state.
    pub(crate) async fn sees(&self, text: &str, direction: &str, state: &str) -> Result<()> {
        let expression = format!(
            "(() => {{
                const found = [...document.querySelectorAll('.message-rows [data-testid=message]')].filter(
                    message => message.querySelector('[data-testid=message-text]').textContent === {});
                return found.length === 1 && found[0].dataset.direction === {}
                    && found[0].dataset.state === {};
            }})()",
            json!(text),
            json!(direction),
            json!(state)
        );
        self.browser
            .until(&format!("sees {text:?} {direction}, {state}"), &expression)
            .await
    }

    /// Waits until one of the elements with this test id has this text.
    pub(crate) async fn reads(&self, id: &str, text: &str) -> Result<()> {
        let expression = format!(
            "[...document.querySelectorAll('[data-testid={id}]')].some(e => e.textContent === {})",
            json!(text)
        );
        self.browser
            .until(&format!("{id} reads {text:?}"), &expression)
            .await
    }

    /// Waits for this status text in the account dialog.
    pub(crate) async fn reads_profile_status(&self, text: &str) -> Result<()> {
        self.reads("profile-said", text).await
    }

    /// The texts of the open thread, in their order.
    pub(crate) async fn thread(&self) -> Result<Vec<String>> {
        let texts = format!("{MESSAGES}.map(e => e.textContent)");
        let texts = self.browser.eval(&texts).await?;
        Ok(serde_json::from_value(texts)?)
    }

    /// Waits until the page has this title.
    pub(crate) async fn titled(&self, title: &str) -> Result<()> {
        let expression = format!("document.title === {}", json!(title));
        self.browser
            .until(&format!("the title {title:?}"), &expression)
            .await
    }

    /// The peers of the conversation list, from the top.
    pub(crate) async fn list(&self) -> Result<Vec<String>> {
        let peers = self
            .browser
            .eval("[...document.querySelectorAll('[data-testid=conversation-row]')].map(e => e.dataset.peer)")
            .await?;
        Ok(serde_json::from_value(peers)?)
    }

    /// Waits until the badge of a conversation shows this count; empty means no badge.
    pub(crate) async fn badge_shows(&self, peer: i64, count: &str) -> Result<()> {
        let expression = format!(
            "(document.querySelector('[data-testid=conversation-row][data-peer=\"{peer}\"] [data-testid=row-badge]')?.textContent.trim() ?? '') === {}",
            json!(count)
        );
        self.browser
            .until(&format!("badge {count:?} of {peer}"), &expression)
            .await
    }

    /// Turns the wheel over the thread once.
    pub(crate) async fn turns_the_wheel_up(&self) -> Result<()> {
        let middle = self.middle_of_the_thread().await?;
        let turn = json!({"type": "mouseWheel", "x": middle[0], "y": middle[1],
                          "deltaX": 0, "deltaY": -1500});
        self.browser
            .cdp("Input.dispatchMouseEvent", turn)
            .await
            .map(drop)
    }

    /// The middle of the thread as x and y in CSS pixels.
    pub(crate) async fn middle_of_the_thread(&self) -> Result<Value> {
        self.browser
            .eval(
                "(box => [box.x + box.width / 2, box.y + box.height / 2])
                    (document.querySelector('[data-testid=thread]').getBoundingClientRect())",
            )
            .await
    }

    /// The distance of the thread from its end in CSS pixels, once it has stopped scrolling.
    pub(crate) async fn distance_at_rest(&self) -> Result<f64> {
        let below = self.browser.eval(DISTANCE_AT_REST).await?;
        below.as_f64().context("no number")
    }
}
