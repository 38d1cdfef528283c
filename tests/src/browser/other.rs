//! Firefox and `WebKit`, over WebDriver alone: they do not support [`Browser::cdp`] and the methods
//! that use it.

use super::{Browser, OPEN_TIMEOUT};
use crate::TEST_TIMEOUT;
use anyhow::{Context, Result};
use serde_json::{Value, json};
use std::ffi::OsString;
use std::path::PathBuf;
use std::process::Stdio;
use tempfile::TempDir;
use thirtyfour::WebDriver;
use tidings_services::{Keeper, free_port};
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::net::TcpStream;
use tokio::process::{Child, Command};
use tokio::time::{Duration, sleep, timeout};

/// Where distributions install the browser of `WebKit`'s GTK port, in a folder named for the
/// version.
const LIBRARIES: &str = "/usr/lib";

/// The driver of another browser, and the processes it needs. Dropping it kills them.
pub struct OtherDriver {
    url: String,
    capabilities: Value,
    _processes: Vec<Process>,
}

/// A process group and its temporary folder.
struct Process {
    // First: fields are dropped in their order, and it kills the group.
    _keeper: Keeper,
    child: Child,
    _folder: TempDir,
}

impl Process {
    /// Starts it.
    fn start(mut command: Command, output: Stdio) -> Result<Self> {
        let folder = tempfile::tempdir()?;
        let program = command.as_std().get_program().to_owned();
        let child = command
            .env("TMPDIR", folder.path())
            // Where it would store its user data.
            .env("HOME", folder.path())
            .process_group(0)
            .stdout(output)
            .stderr(Stdio::null())
            .kill_on_drop(true)
            .spawn()
            .with_context(|| format!("no {}: run `cargo xtask soak`", program.display()))?;
        let group = child.id().context("it has ended")?;
        Ok(Self {
            _keeper: Keeper::of_group(group, folder.path())?,
            child,
            _folder: folder,
        })
    }
}

impl OtherDriver {
    /// Firefox without a window, by `GECKODRIVER` or the one on the path.
    ///
    /// # Errors
    /// When it is not there or does not listen.
    pub async fn firefox() -> Result<Self> {
        let port = free_port()?.to_string();
        let mut driver = program("GECKODRIVER", "geckodriver");
        driver.args(["--port", &port]);
        let driver = Process::start(driver, Stdio::null())?;
        let options = json!({"args": ["-headless"]});
        let capabilities = json!({"browserName": "firefox", "moz:firefoxOptions": options});
        Self::listening(&port, capabilities, vec![driver]).await
    }

    /// The browser of `WebKit`'s GTK port, on a display of its own (Xvfb), by `WEBKIT_DRIVER` or
    /// `WebKitWebDriver` on the path.
    ///
    /// # Errors
    /// When it is not there or does not listen.
    pub async fn webkit() -> Result<Self> {
        let mut display = Command::new("Xvfb");
        display.args(["-displayfd", "1", "-nolisten", "tcp"]);
        display.args(["-screen", "0", "1280x800x24"]);
        let mut display = Process::start(display, Stdio::piped())?;
        let output = display.child.stdout.take().context("a pipe")?;
        let mut lines = BufReader::new(output).lines();
        let number = timeout(TEST_TIMEOUT, lines.next_line()).await;
        let number = number.context("Xvfb says nothing")??;
        let number = number.context("Xvfb has ended")?;

        let port = free_port()?.to_string();
        let mut driver = program("WEBKIT_DRIVER", "WebKitWebDriver");
        driver
            .arg(format!("--port={port}"))
            .env("DISPLAY", format!(":{number}"))
            .env("LIBGL_ALWAYS_SOFTWARE", "1")
            .env("WEBKIT_DISABLE_COMPOSITING_MODE", "1");
        let driver = Process::start(driver, Stdio::null())?;
        let options = json!({"binary": mini_browser()?, "args": ["--automation"]});
        let capabilities = json!({"webkitgtk:browserOptions": options});
        Self::listening(&port, capabilities, vec![driver, display]).await
    }

    /// Waits until the first of the processes listens.
    async fn listening(port: &str, capabilities: Value, processes: Vec<Process>) -> Result<Self> {
        let address = format!("127.0.0.1:{port}");
        let listens = async {
            while TcpStream::connect(&address).await.is_err() {
                sleep(Duration::from_millis(20)).await;
            }
        };
        timeout(TEST_TIMEOUT, listens)
            .await
            .context("the driver does not listen")?;
        Ok(Self {
            url: format!("http://{address}"),
            capabilities,
            _processes: processes,
        })
    }

    /// Opens a browser with a profile of its own.
    ///
    /// # Errors
    /// When it does not start.
    pub async fn open(&self) -> Result<Browser> {
        let capabilities: serde_json::Map<_, _> =
            serde_json::from_value(self.capabilities.clone())?;
        let starting = WebDriver::new(&self.url, capabilities);
        let driver = timeout(OPEN_TIMEOUT, starting).await??;
        driver.set_script_timeout(TEST_TIMEOUT).await?;
        Ok(Browser { driver })
    }
}

fn program(variable: &str, name: &str) -> Command {
    Command::new(std::env::var_os(variable).unwrap_or_else(|| OsString::from(name)))
}

/// `MiniBrowser` of the newest version, which is beside `WebKit`'s own processes.
fn mini_browser() -> Result<PathBuf> {
    let inside = |folder: PathBuf| std::fs::read_dir(folder).into_iter().flatten().flatten();
    let systems = inside(LIBRARIES.into()).map(|system| system.path());
    let versions = systems.flat_map(|system| inside(system).map(|version| version.path()));
    versions
        .map(|version| version.join("MiniBrowser"))
        .filter(|browser| browser.is_file())
        .max()
        .with_context(|| format!("no MiniBrowser in {LIBRARIES}: run `cargo xtask soak`"))
}
