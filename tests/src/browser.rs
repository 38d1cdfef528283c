//! A real Chromium, driven over the WebDriver protocol: one headless browser per person, with a
//! temporary profile.

mod other;

pub use other::OtherDriver;

use crate::TEST_TIMEOUT;
use anyhow::{Context, Result, anyhow, bail, ensure};
use rustix::process::{Pid, Signal, kill_process_group};
use serde_json::{Value, json};
use std::path::Path;
use std::process::Stdio;
use std::sync::OnceLock;
use std::time::{Duration, Instant};
use tempfile::TempDir;
use thirtyfour::prelude::*;
use thirtyfour::{ChromeCapabilities, ChromiumLikeCapabilities, DesiredCapabilities};
use tidings_services::Keeper;
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::{Child, Command};
use tokio::time::timeout;

/// How long one script waits for a condition. When the page is left meanwhile, that is noticed
/// after twice this time.
const SLICE: Duration = Duration::from_secs(3);

/// How often the start of ChromeDriver is attempted. It chooses a free port of IPv6 and exits if
/// the same port of IPv4 is in use, which happens when many connections are open.
const START_ATTEMPTS: usize = 10;

/// How long Chromium may take to start. It is some 300 MB, read from a disk that may still be busy
/// with what was compiled before; ChromeDriver gives up after a minute and is asked once more.
const OPEN_TIMEOUT: Duration = Duration::from_mins(3);

/// Debian's build of Chromium without windows: the same engine, which starts in half the time. This
/// is the program itself and not its wrapper script, because ChromeDriver kills the process it
/// started.
const HEADLESS_SHELL: &str = "/usr/lib/chromium/chromium-headless-shell";

/// Chromium's command line: no window, no sandbox (which root cannot have), and no background
/// requests.
const ARGUMENTS: [&str; 15] = [
    // Timers of hidden tabs run once a minute from the first second on, not only from the fifth
    // minute.
    "--enable-features=IntensiveWakeUpThrottling:grace_period_seconds/1",
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
    // Features that the page does not need and that slow down every start.
    "--disable-extensions",
    "--disable-component-extensions-with-background-pages",
    "--disable-breakpad",
    "--hide-scrollbars",
];

/// The ChromeDriver process. Dropping it, or the end of this process, kills it and its browsers and
/// removes their profiles.
pub struct ChromeDriver {
    child: Child,
    url: String,
    _keeper: Keeper,
    _profiles: TempDir,
}

impl Drop for ChromeDriver {
    fn drop(&mut self) {
        // The browsers are in its process group and would outlive it.
        let group = self
            .child
            .id()
            .and_then(|pid| Pid::from_raw(i32::try_from(pid).ok()?));
        if let Some(group) = group {
            // Fails only when all of them are gone already.
            let _ = kill_process_group(group, Signal::KILL);
        }
    }
}

impl ChromeDriver {
    /// The instance that the tests of this process share, started by the first test that needs it.
    ///
    /// # Errors
    /// When it does not start.
    pub fn shared() -> Result<&'static Self> {
        static SHARED: OnceLock<Result<ChromeDriver, String>> = OnceLock::new();
        let shared = SHARED.get_or_init(|| {
            // In a runtime of its own, because the test's may be in use here.
            let starting = std::thread::spawn(|| {
                let runtime = tokio::runtime::Runtime::new()?;
                runtime.block_on(Self::start())
            });
            let started = starting.join().map_err(|_| "it panicked".to_owned())?;
            started.map_err(|error| format!("{error:#}"))
        });
        shared.as_ref().map_err(|error| anyhow!("{error}"))
    }

    /// Starts ChromeDriver (`CHROMEDRIVER`, or the one on the path) on a free port.
    ///
    /// # Errors
    /// When it is not there or does not say that it listens.
    pub async fn start() -> Result<Self> {
        let mut last_line = String::new();
        for _ in 0..START_ATTEMPTS {
            match Self::start_once().await? {
                Ok(started) => return Ok(started),
                Err(last) => last_line = last,
            }
        }
        bail!("ChromeDriver ended {START_ATTEMPTS} times; it said: {last_line}");
    }

    /// Starts it once. The inner error is the last line it printed before it ended.
    async fn start_once() -> Result<Result<Self, String>> {
        let program = std::env::var_os("CHROMEDRIVER").unwrap_or("chromedriver".into());
        let profiles = tempfile::tempdir()?;
        let mut child = Command::new(&program)
            .arg("--port=0")
            .env("TMPDIR", profiles.path())
            .process_group(0)
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
            let mut last = String::new();
            while let Some(line) = lines.next_line().await? {
                if let Some(port) = line.trim_end_matches('.').rsplit("on port ").next()
                    && line.contains("started successfully")
                {
                    return anyhow::Ok(Ok(port.to_owned()));
                }
                last = line;
            }
            Ok(Err(last))
        };
        let port = timeout(TEST_TIMEOUT, listening)
            .await
            .context("ChromeDriver says nothing")??;
        let group = child.id().context("ChromeDriver has ended")?;
        let keeper = Keeper::of_group(group, profiles.path())?;
        Ok(port.map(|port| Self {
            child,
            url: format!("http://127.0.0.1:{port}"),
            _keeper: keeper,
            _profiles: profiles,
        }))
    }

    /// Opens a browser with a profile of its own.
    ///
    /// # Errors
    /// When Chromium does not start: `CHROMIUM`, else the headless shell if installed, else the one
    /// that ChromeDriver finds.
    pub async fn open(&self, look: &Look) -> Result<Browser> {
        let mut capabilities = DesiredCapabilities::chrome();
        if let Some(path) = std::env::var_os("CHROMIUM") {
            capabilities.set_binary(&path.to_string_lossy())?;
        } else if !look.full_chromium && Path::new(HEADLESS_SHELL).exists() {
            capabilities.set_binary(HEADLESS_SHELL)?;
        }
        for argument in ARGUMENTS {
            capabilities.add_arg(argument)?;
        }
        capabilities.add_arg(&format!("--window-size={},{}", look.width, look.height))?;
        capabilities.add_arg(&format!("--accept-lang={}", look.language))?;
        let driver = self.chromium(capabilities).await?;
        driver.set_script_timeout(TEST_TIMEOUT).await?;
        let browser = Browser { driver };
        // Enabled from the start: `Browser::offline` does not affect sockets opened before.
        browser.cdp("Network.enable", json!({})).await?;
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

    /// Starts Chromium; tries once more if ChromeDriver gives up.
    async fn chromium(&self, capabilities: ChromeCapabilities) -> Result<WebDriver> {
        let start = async {
            match WebDriver::new(&self.url, capabilities.clone()).await {
                Ok(driver) => Ok(driver),
                Err(_) => WebDriver::new(&self.url, capabilities).await,
            }
        };
        timeout(OPEN_TIMEOUT, start)
            .await
            .map_err(anyhow::Error::from)
            .and_then(|started| Ok(started?))
            .context("Chromium does not start")
    }

    /// Stops every process of the browsers, as a laptop's sleep does.
    ///
    /// # Errors
    /// When there is none.
    pub async fn stop_browsers(&self) -> Result<StoppedBrowsers> {
        let driver = self.child.id().context("ChromeDriver has ended")?;
        let pids = descendants(driver).await?;
        if pids.is_empty() {
            bail!("no browser to stop");
        }
        signal("-STOP", &pids).await?;
        Ok(StoppedBrowsers { pids })
    }
}

/// Browsers whose processes are stopped.
pub struct StoppedBrowsers {
    pids: Vec<u32>,
}

impl StoppedBrowsers {
    /// Continues them.
    ///
    /// # Errors
    /// When one of them is gone.
    pub async fn wake(self) -> Result<()> {
        signal("-CONT", &self.pids).await
    }
}

async fn signal(name: &str, pids: &[u32]) -> Result<()> {
    let pids = pids.iter().map(u32::to_string);
    let status = Command::new("kill").arg(name).args(pids).status().await?;
    ensure!(status.success(), "kill {name} failed");
    Ok(())
}

/// The descendants of a process (Linux).
async fn descendants(ancestor: u32) -> Result<Vec<u32>> {
    let mut found = vec![ancestor];
    let mut next = 0;
    while let Some(&pid) = found.get(next) {
        next += 1;
        let mut threads = tokio::fs::read_dir(format!("/proc/{pid}/task")).await?;
        while let Some(thread) = threads.next_entry().await? {
            let children = tokio::fs::read_to_string(thread.path().join("children")).await;
            found.extend(
                children
                    .iter()
                    .flat_map(|c| c.split_whitespace())
                    .filter_map(|c| c.parse::<u32>().ok()),
            );
        }
    }
    found.remove(0);
    Ok(found)
}

/// The settings of a browser.
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
    /// Whether it is the full Chromium: the headless shell has no notifications.
    pub full_chromium: bool,
}

impl Default for Look {
    fn default() -> Self {
        Self {
            width: 1280,
            height: 800,
            scale: 1,
            language: "en-US",
            dark: false,
            full_chromium: false,
        }
    }
}

/// A browser with one tab or more. One that is not closed ends with its ChromeDriver.
pub struct Browser {
    driver: WebDriver,
}

impl Drop for Browser {
    fn drop(&mut self) {
        // Otherwise thirtyfour would send a quit command and block this thread, which may have to
        // process the answer, for a minute. Fails when the browser was closed.
        let _ = self.driver.clone().leak();
    }
}

impl Browser {
    /// The driver, for commands without a method here.
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

    /// Evaluates a JavaScript expression, and awaits it if it is a promise.
    ///
    /// # Errors
    /// When it throws.
    pub async fn eval(&self, expression: &str) -> Result<Value> {
        // A wait before may have set a shorter time-out.
        self.driver.set_script_timeout(TEST_TIMEOUT).await?;
        let script = format!("return ({expression});");
        Ok(self.driver.execute(&script, vec![]).await?.json().clone())
    }

    /// Waits until a JavaScript expression is true. It is evaluated at every change of the page.
    ///
    /// # Errors
    /// With the page's text, when it does not become true.
    pub async fn until(&self, what: &str, expression: &str) -> Result<()> {
        self.until_within(TEST_TIMEOUT, what, expression).await
    }

    /// The same with another time limit.
    ///
    /// # Errors
    /// With the page's text, when it does not become true.
    pub async fn until_within(&self, limit: Duration, what: &str, expression: &str) -> Result<()> {
        let end = Instant::now() + limit;
        while Instant::now() < end {
            // A navigation aborts the script: evaluate it in the next page.
            if self.holds_within(SLICE, expression).await.unwrap_or(false) {
                return Ok(());
            }
        }
        let page = self.eval("document.body.innerText").await?;
        bail!("{what}: not so after {limit:?}: {expression}\nthe page reads: {page}");
    }

    async fn holds_within(&self, limit: Duration, expression: &str) -> Result<bool> {
        let script = format!(
            "const done = arguments[arguments.length - 1];
             const holds = () => {{ try {{ return !!({expression}); }} catch (e) {{ return false; }} }};
             let timer, poll;
             const end = value => {{
                 clearTimeout(timer); clearInterval(poll); observer.disconnect(); done(value);
             }};
             const observer = new MutationObserver(() => holds() && end(true));
             observer.observe(document, {{
                 subtree: true, childList: true, attributes: true, characterData: true
             }});
             // Scrolling and input values mutate no nodes, so poll as well.
             poll = setInterval(() => holds() && end(true), 200);
             timer = setTimeout(() => end(holds()), {});
             if (holds()) end(true);",
            limit.as_millis()
        );
        self.driver.set_script_timeout(limit * 2).await?;
        let held = self.driver.execute_async(&script, vec![]).await?;
        Ok(held.json() == &json!(true))
    }

    /// The first element with this `data-testid`.
    ///
    /// # Errors
    /// When there is none.
    pub async fn find(&self, id: &str) -> Result<WebElement> {
        self.find_css(&format!("[data-testid={id}]")).await
    }

    /// The first element of this selector. Waits until there is one and, if it is in a dialog,
    /// until the dialog is open.
    ///
    /// # Errors
    /// When there is none.
    pub async fn find_css(&self, selector: &str) -> Result<WebElement> {
        let found = format!(
            "!document.querySelector({}).closest('dialog:not([open])')",
            json!(selector)
        );
        self.until(selector, &found).await?;
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

    /// Runs a JavaScript expression in the service worker. Its value is not returned.
    ///
    /// # Errors
    /// When there is no service worker.
    pub async fn run_in_worker(&self, expression: &str) -> Result<()> {
        let targets = self.cdp("Target.getTargets", json!({})).await?;
        let mut targets = targets["targetInfos"].as_array().into_iter().flatten();
        let worker = targets
            .find(|target| target["type"] == "service_worker")
            .context("no service worker")?;
        let attach = json!({"targetId": worker["targetId"], "flatten": false});
        let session = self.cdp("Target.attachToTarget", attach).await?;
        let evaluate = json!({"id": 1, "method": "Runtime.evaluate",
                              "params": {"expression": expression}});
        let message = json!({"sessionId": session["sessionId"], "message": evaluate.to_string()});
        self.cdp("Target.sendMessageToTarget", message)
            .await
            .map(drop)
    }

    /// Disconnects this tab from every network, or reconnects it. An open WebSocket stays open, but
    /// transfers nothing.
    ///
    /// # Errors
    /// When Chromium refuses.
    pub async fn offline(&self, offline: bool) -> Result<()> {
        let conditions = json!({"offline": offline, "latency": 0, "downloadThroughput": -1,
                                "uploadThroughput": -1});
        self.cdp("Network.emulateNetworkConditions", conditions)
            .await
            .map(drop)
    }

    /// Waits this long while the present tab is shown.
    ///
    /// # Errors
    /// When it is gone.
    pub async fn wait_in_page(&self, time: Duration) -> Result<()> {
        self.driver.set_script_timeout(2 * TEST_TIMEOUT).await?;
        let end = Instant::now() + time;
        // In pieces, because the driver's HTTP connection times out after two minutes.
        while let Some(left) = end.checked_duration_since(Instant::now()) {
            let piece = left.min(TEST_TIMEOUT).as_millis();
            let script = format!("setTimeout(arguments[arguments.length - 1], {piece})");
            self.driver.execute_async(&script, vec![]).await?;
        }
        Ok(())
    }

    /// A screenshot as PNG.
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
        Ok(self.driver.clone().quit().await?)
    }
}
