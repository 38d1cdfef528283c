//! A real Chromium, driven over the WebDriver protocol: one browser a person, headless, with a
//! profile of its
//! own that is gone afterwards.

use crate::PATIENCE;
use anyhow::{Context, Result, bail};
use serde_json::{Value, json};
use std::process::Stdio;
use std::time::Duration;
use thirtyfour::prelude::*;
use thirtyfour::{ChromiumLikeCapabilities, DesiredCapabilities};
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::{Child, Command};
use tokio::time::timeout;

/// What Chromium is started with: no window, no sandbox (which root cannot have), and no calls
/// home.
const ARGUMENTS: [&str; 11] = [
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-quic",
    "--no-first-run",
    "--no-default-browser-check",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--hide-scrollbars",
];

/// The process that starts browsers. Dropping it ends it and its browsers.
pub struct ChromeDriver {
    child: Child,
    url: String,
}

impl ChromeDriver {
    /// Starts ChromeDriver (`CHROMEDRIVER`, or the one on the path) on a free port.
    ///
    /// # Errors
    /// When it is not there or does not say that it listens.
    pub async fn start() -> Result<Self> {
        let program = std::env::var_os("CHROMEDRIVER").unwrap_or("chromedriver".into());
        let mut child = Command::new(&program)
            .arg("--port=0")
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .kill_on_drop(true)
            .spawn()
            .with_context(|| {
                format!(
                    "cannot start {}; install chromium-driver",
                    program.display()
                )
            })?;
        let mut lines = BufReader::new(child.stdout.take().context("a pipe")?).lines();
        let listening = async {
            while let Some(line) = lines.next_line().await? {
                if let Some(port) = line.trim_end_matches('.').rsplit("on port ").next()
                    && line.contains("started successfully")
                {
                    return Ok(port.to_owned());
                }
            }
            bail!("ChromeDriver ended");
        };
        let port = timeout(PATIENCE, listening)
            .await
            .context("ChromeDriver says nothing")??;
        Ok(Self {
            child,
            url: format!("http://127.0.0.1:{port}"),
        })
    }

    /// Opens a browser with a profile of its own.
    ///
    /// # Errors
    /// When Chromium (`CHROMIUM`, or the one ChromeDriver finds) does not start.
    pub async fn open(&self, look: &Look) -> Result<Browser> {
        let mut capabilities = DesiredCapabilities::chrome();
        if let Some(path) = std::env::var_os("CHROMIUM") {
            capabilities.set_binary(&path.to_string_lossy())?;
        }
        for argument in ARGUMENTS {
            capabilities.add_arg(argument)?;
        }
        capabilities.add_arg(&format!("--window-size={},{}", look.width, look.height))?;
        capabilities.add_arg(&format!("--accept-lang={}", look.language))?;
        let driver = timeout(PATIENCE, WebDriver::new(&self.url, capabilities))
            .await
            .context("Chromium does not start")??;
        driver.set_script_timeout(PATIENCE).await?;
        let browser = Browser { driver };
        let scheme = if look.dark { "dark" } else { "light" };
        let features = json!([{"name": "prefers-color-scheme", "value": scheme}]);
        browser
            .cdp("Emulation.setEmulatedMedia", json!({"features": features}))
            .await?;
        let metrics = json!({"width": look.width, "height": look.height,
                             "deviceScaleFactor": look.scale, "mobile": look.width < 640});
        browser
            .cdp("Emulation.setDeviceMetricsOverride", metrics)
            .await?;
        Ok(browser)
    }

    /// Ends ChromeDriver, after the browsers were closed.
    ///
    /// # Errors
    /// When it is gone already.
    pub async fn end(mut self) -> Result<()> {
        Ok(self.child.kill().await?)
    }
}

/// How a browser looks to the page.
pub struct Look {
    /// In CSS pixels.
    pub width: u32,
    /// In CSS pixels.
    pub height: u32,
    /// Device pixels a CSS pixel.
    pub scale: u32,
    /// As in `zh-CN`.
    pub language: &'static str,
    /// Whether the person prefers dark pages.
    pub dark: bool,
}

impl Default for Look {
    fn default() -> Self {
        Self {
            width: 1280,
            height: 800,
            scale: 1,
            language: "en-US",
            dark: false,
        }
    }
}

/// A browser with one tab or more.
pub struct Browser {
    driver: WebDriver,
}

impl Browser {
    /// The driver, for what is said only once.
    pub const fn driver(&self) -> &WebDriver {
        &self.driver
    }

    /// Opens an address in the present tab.
    ///
    /// # Errors
    /// When it cannot be loaded.
    pub async fn goto(&self, url: &str) -> Result<()> {
        Ok(self.driver.goto(url).await?)
    }

    /// Evaluates a JavaScript expression.
    ///
    /// # Errors
    /// When it throws.
    pub async fn eval(&self, expression: &str) -> Result<Value> {
        let script = format!("return ({expression});");
        Ok(self.driver.execute(&script, vec![]).await?.json().clone())
    }

    /// Waits until a JavaScript expression is true, looking at every change of the page.
    ///
    /// # Errors
    /// With the page's text, when it does not become true.
    pub async fn until(&self, what: &str, expression: &str) -> Result<()> {
        self.until_within(PATIENCE, what, expression).await
    }

    /// The same with a limit of one's own.
    ///
    /// # Errors
    /// With the page's text, when it does not become true.
    pub async fn until_within(&self, limit: Duration, what: &str, expression: &str) -> Result<()> {
        let script = format!(
            "const done = arguments[arguments.length - 1];
             const holds = () => {{ try {{ return !!({expression}); }} catch (e) {{ return false; }} }};
             let timer, beat;
             const end = value => {{
                 clearTimeout(timer); clearInterval(beat); observer.disconnect(); done(value);
             }};
             const observer = new MutationObserver(() => holds() && end(true));
             observer.observe(document, {{
                 subtree: true, childList: true, attributes: true, characterData: true
             }});
             // Scrolling and values change no nodes.
             beat = setInterval(() => holds() && end(true), 200);
             timer = setTimeout(() => end(holds()), {});
             if (holds()) end(true);",
            limit.as_millis()
        );
        self.driver.set_script_timeout(limit + PATIENCE).await?;
        let held = self.driver.execute_async(&script, vec![]).await?;
        if held.json() == &json!(true) {
            return Ok(());
        }
        let page = self.eval("document.body.innerText").await?;
        bail!("{what}: not so after {limit:?}: {expression}\nthe page reads: {page}");
    }

    /// The first element with this `data-testid`.
    ///
    /// # Errors
    /// When there is none.
    pub async fn find(&self, id: &str) -> Result<WebElement> {
        self.find_css(&format!("[data-testid={id}]")).await
    }

    /// The first element of this selector, waiting until there is one.
    ///
    /// # Errors
    /// When there is none.
    pub async fn find_css(&self, selector: &str) -> Result<WebElement> {
        self.until(
            selector,
            &format!("document.querySelector({})", json!(selector)),
        )
        .await?;
        Ok(self.driver.find(By::Css(selector)).await?)
    }

    /// Clicks on the first element with this `data-testid`.
    ///
    /// # Errors
    /// When there is none, or it cannot be clicked.
    pub async fn click(&self, id: &str) -> Result<()> {
        Ok(self.find(id).await?.click().await?)
    }

    /// Sends a command of the Chrome DevTools Protocol.
    ///
    /// # Errors
    /// When Chromium refuses it.
    pub async fn cdp(&self, command: &str, parameters: Value) -> Result<Value> {
        Ok(self.driver.cdp().send_raw(command, parameters).await?)
    }

    /// A picture of what is shown, as PNG.
    ///
    /// # Errors
    /// When there is none.
    pub async fn picture(&self) -> Result<Vec<u8>> {
        Ok(self.driver.screenshot_as_png().await?)
    }

    /// The text of the first element with this `data-testid`.
    ///
    /// # Errors
    /// When there is none.
    pub async fn text(&self, id: &str) -> Result<String> {
        Ok(self.find(id).await?.text().await?)
    }

    /// Closes the browser.
    ///
    /// # Errors
    /// When it is gone already.
    pub async fn close(self) -> Result<()> {
        Ok(self.driver.quit().await?)
    }
}
