//! A page that the browser translates: it replaces every text node by elements of its own.

use crate::past;
use crate::person::{Person, serve_page};
use anyhow::Result;
use serde_json::json;
use thirtyfour::Key;
use tidings_tests::browser::{ChromeDriver, Look};
use tidings_tests::server::{LI, Server, WANG, ZHANG};
use tidings_tests::socket::Socket;

/// Replaces each text like Chrome's translator, from the start on and as soon as it is added; also
/// texts of persons, which a real translator skips.
const TRANSLATOR: &str = "
    const font = () => document.createElement('font');
    const wrap = root => {
        const walker = document.createTreeWalker(root, NodeFilter.SHOW_TEXT);
        const texts = [];
        while (walker.nextNode()) texts.push(walker.currentNode);
        for (const text of texts) {
            const parent = text.parentElement;
            if (!text.data.trim() || parent?.closest('font, script, style, textarea, title')) continue;
            const [outer, inner] = [font(), font()];
            inner.textContent = text.data;
            outer.append(inner);
            text.replaceWith(outer);
        }
    };
    new MutationObserver(() => document.body && wrap(document.body))
        .observe(document, { childList: true, subtree: true });";

/// Every text on the screen has been replaced.
const ALL_WRAPPED: &str = "(() => {
    const walker = document.createTreeWalker(document.querySelector('#app'), NodeFilter.SHOW_TEXT);
    let [all, texts] = [true, 0];
    while (walker.nextNode()) {
        const text = walker.currentNode;
        if (!text.data.trim() || text.parentElement.closest('script, style, textarea')) continue;
        texts += 1;
        all &&= text.parentElement.localName === 'font';
    }
    return all && texts > 0;
})()";

/// Elements whose text is written by persons.
const OF_PERSONS: &str = "
    .row:not(.row-new-group) .row-name, .row-preview > :last-child, .thread-name, .head-self .head-name, .sender-name,
    .group-face-name, .pick span, .bubble-text, textarea, [data-testid=announcer]";

/// Sends a text on a new connection.
async fn send_as(server: &Server, from: (i64, &str), text: &str) -> Result<()> {
    let mut socket = Socket::bound(server, from).await?;
    past::line(&mut socket, from.0, ZHANG.0, text).await
}

struct Translated {
    person: Person,
    narrow: bool,
}

impl Translated {
    async fn is_whole(&self, screen: &str) -> Result<()> {
        let browser = &self.person.browser;
        browser.until(screen, ALL_WRAPPED).await?;
        let lives = "!document.querySelector('.ended').open && !window.tidingsPanic";
        assert_eq!(browser.eval(lives).await?, true, "the page ended: {screen}");
        let persons = json!(OF_PERSONS);
        let left_alone = format!(
            "[...document.querySelectorAll({persons})].every(e => e.closest('[translate=no]'))"
        );
        assert_eq!(browser.eval(&left_alone).await?, true, "{screen}");
        Ok(())
    }

    /// Opens a dialog or a panel, checks it and closes it.
    async fn opens(&self, opener: &str, shown: &str, closer: &str) -> Result<()> {
        let browser = &self.person.browser;
        browser.click(opener).await?;
        browser.find(shown).await?;
        self.is_whole(shown).await?;
        browser.click(closer).await?;
        let gone = format!("!document.querySelector('[data-testid={closer}]')");
        browser.until(&format!("{shown} is closed"), &gone).await
    }

    async fn back_to_the_list(&self) -> Result<()> {
        if self.narrow {
            self.person.browser.click("back").await?;
        }
        self.person.browser.click("chats-tab").await?;
        self.person.browser.find("conversation-row").await.map(drop)
    }

    async fn login(&self) -> Result<()> {
        let browser = &self.person.browser;
        browser.find("login-email").await?;
        self.is_whole("login").await?;
        for words in ["I have an account", "Create an account"] {
            browser.click("register-switch").await?;
            self.person.reads("register-switch", words).await?;
        }
        for language in ["zh-CN", "en"] {
            browser.click("language-switch").await?;
            self.speaks(language).await?;
        }
        self.person.logs_in(ZHANG.1, "wrong").await?;
        browser.find("login-error").await?;
        self.is_whole("login that failed").await?;
        self.person.logs_in(ZHANG.1, "1234").await?;
        self.person.is_connected().await?;
        browser.find("conversation-row").await?;
        self.is_whole("list").await
    }

    /// Waits until the page is in this language, its texts too.
    async fn speaks(&self, language: &str) -> Result<()> {
        let words = if language == "en" {
            "Settings|Password"
        } else {
            "设置|密码"
        };
        let spoken = format!(
            "document.documentElement.lang === '{language}'
                && /{words}/.test(document.querySelector('#app').innerHTML)"
        );
        self.person.browser.until(language, &spoken).await
    }

    async fn dialogs(&self) -> Result<()> {
        let browser = &self.person.browser;
        self.opens("profile-open", "profile-logins", "profile-close")
            .await?;
        self.opens("panel-open", "panel-frame", "panel-close")
            .await?;
        for language in ["zh-CN", "en"] {
            browser.click("settings-open").await?;
            self.is_whole("settings").await?;
            let input = format!("[data-testid=settings] input[value='{language}']");
            browser.find_css(&input).await?.click().await?;
            self.speaks(language).await?;
            self.person.is_connected().await?;
            if browser
                .eval("!!document.querySelector('[data-testid=settings]')")
                .await?
                == true
            {
                browser.click("settings-close").await?;
            }
        }
        browser.find("search").await?.send_keys("nobody").await?;
        self.is_whole("nothing found").await?;
        let search = browser.find("search").await?;
        search.send_keys("\u{e003}".repeat("nobody".len())).await?;
        browser.click("contacts-tab").await?;
        browser.find("contact-row").await?;
        self.is_whole("contacts").await?;
        browser.click("new-group").await?;
        browser.click("group-submit").await?;
        browser.find("group-error").await?;
        self.is_whole("group dialog with an error").await?;
        browser.click("group-cancel").await?;
        self.person.creates("Hikers", &[LI.0]).await?;
        self.person.reads("member-count", "2 members").await?;
        self.opens("group-open", "group-count", "group-panel-close")
            .await?;
        self.back_to_the_list().await?;
        self.is_whole("list with a group").await
    }

    async fn conversation(&self, server: &Server) -> Result<()> {
        let (person, browser) = (&self.person, &self.person.browser);
        person.opens_conversation(LI.0).await?;
        person.sees("before", "received", "sent").await?;
        self.is_whole("thread").await?;
        person.sends("one").await?;
        person.sees("one", "sent", "sent").await?;
        send_as(server, LI, "two").await?;
        person.sees("two", "received", "sent").await?;
        send_as(server, WANG, "elsewhere").await?;
        person.titled("(1) Tidings").await?;
        browser.click("emoji-open").await?;
        let cell = browser.find_css("[data-testid=emoji-grid] button").await?;
        cell.click().await?;
        browser
            .find("composer-input")
            .await?
            .send_keys("" + Key::Enter)
            .await?;
        person.sees("😀", "sent", "sent").await?;
        browser.offline(true).await?;
        person.sends("from a tunnel").await?;
        person.sees("from a tunnel", "sent", "pending").await?;
        browser.offline(false).await?;
        person.sees("from a tunnel", "sent", "sent").await?;
        self.is_whole("thread with all of it").await?;
        self.back_to_the_list().await?;
        person.badge_shows(WANG.0, "1").await?;
        send_as(server, WANG, "again").await?;
        person.badge_shows(WANG.0, "2").await?;
        person.opens_conversation(WANG.0).await?;
        person.sees("again", "received", "sent").await?;
        self.is_whole("another thread").await
    }
}

async fn goes_on(look: &Look) -> Result<()> {
    let server = serve_page().await?;
    send_as(&server, LI, "before").await?;
    let browser = ChromeDriver::shared()?.open(look).await?;
    let source = json!({"source": TRANSLATOR});
    browser
        .cdp("Page.addScriptToEvaluateOnNewDocument", source)
        .await?;
    browser.goto(&server.url("/")).await?;
    let page = Translated {
        person: Person { browser },
        narrow: look.width < 640,
    };
    page.login().await?;
    page.dialogs().await?;
    page.conversation(&server).await?;
    // The connection status still updates.
    drop(server);
    let offline = "document.querySelector('.chip-status').textContent.includes('Offline')";
    page.person.browser.until("offline", offline).await?;
    page.is_whole("offline").await?;
    page.person.browser.close().await
}

#[tokio::test]
async fn translated_page_works_on_every_screen() -> Result<()> {
    goes_on(&Look::default()).await
}

#[tokio::test]
async fn translated_page_works_on_every_phone_screen() -> Result<()> {
    let look = Look {
        width: 360,
        height: 740,
        ..Look::default()
    };
    goes_on(&look).await
}
