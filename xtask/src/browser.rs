//! Chromium and its driver, which the tests steer, and fonts that have Chinese and emoji.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};
use serde_json::json;

use crate::command::{find_on_path, output};
use crate::debian;
use crate::step::Steps;
use crate::version::Version;

const BROWSERS: [&str; 4] = [
    "chromium",
    "chromium-browser",
    "google-chrome",
    "google-chrome-stable",
];
const DRIVERS: [&str; 2] = ["chromedriver", "chromium.chromedriver"];

/// A browser and the driver that fits it.
#[derive(Debug)]
pub(crate) struct Browser {
    /// `CHROMIUM`, or the first found on PATH.
    pub(crate) chromium: PathBuf,
    /// `CHROMEDRIVER`, or the first found on PATH.
    pub(crate) driver: PathBuf,
}

/// Finds browser, driver and fonts, after installing them if need be and possible.
pub(crate) fn ensure(steps: &mut Steps) -> Result<Browser> {
    let mut missing = Vec::new();
    if find("CHROMIUM", &BROWSERS)?.is_none() {
        missing.push("chromium");
    }
    if find("CHROMEDRIVER", &DRIVERS)?.is_none() {
        missing.push("chromium-driver");
    }
    // Without them pictures show boxes for the demo users' names, or for a thumb up.
    if !has_font(":lang=zh-cn") {
        missing.push("fonts-noto-cjk");
    }
    if !has_font(":charset=1f9d1") {
        missing.push("fonts-noto-color-emoji");
    }
    if !missing.is_empty() {
        let purpose = format!("what the browser tests need ({}) is", missing.join(", "));
        debian::install(steps, &missing, &purpose)?;
    }
    let absent = "was installed but is not on PATH; give its path in the environment as";
    let browser = Browser {
        chromium: find("CHROMIUM", &BROWSERS)?
            .with_context(|| format!("chromium {absent} CHROMIUM"))?,
        driver: find("CHROMEDRIVER", &DRIVERS)?
            .with_context(|| format!("chromedriver {absent} CHROMEDRIVER"))?,
    };
    browser.check_versions()?;
    Ok(browser)
}

impl Browser {
    /// A driver drives only a browser of its own major version.
    fn check_versions(&self) -> Result<()> {
        let (chromium, driver) = (version(&self.chromium)?, version(&self.driver)?);
        if chromium.major != driver.major {
            bail!(
                "{} is version {chromium} but {} is {driver}; install two of the same version, or \
                 choose them with CHROMIUM and CHROMEDRIVER",
                self.chromium.display(),
                self.driver.display(),
            );
        }
        println!("    browser: {} {chromium}", self.chromium.display());
        println!("    driver:  {} {driver}", self.driver.display());
        Ok(())
    }

    /// Writes the capabilities with which `wasm-bindgen-test-runner` starts its browser.
    ///
    /// The runner adds `headless`, `no-sandbox` and `disable-dev-shm-usage` itself, and the driver
    /// gives each session a fresh profile, which it deletes.
    pub(crate) fn write_capabilities(&self, file: &Path) -> Result<()> {
        let capabilities = json!({
            "goog:chromeOptions": {
                "binary": self.chromium,
                "args": [
                    "disable-background-networking",
                    "disable-component-update",
                    "disable-gpu",
                    "disable-sync",
                    "no-default-browser-check",
                    "no-first-run",
                ],
            },
        });
        fs::create_dir_all(file.parent().context("no folder for the capabilities")?)?;
        fs::write(file, format!("{capabilities:#}\n"))?;
        Ok(())
    }
}

/// The path in the environment variable, which must then be right, or the first name on PATH.
fn find(variable: &str, names: &[&str]) -> Result<Option<PathBuf>> {
    if let Some(path) = env::var_os(variable).map(PathBuf::from) {
        if !path.is_file() {
            bail!(
                "{variable} is {}, which is no file; correct or unset it",
                path.display()
            );
        }
        return Ok(Some(path));
    }
    Ok(names.iter().find_map(|name| find_on_path(name)))
}

fn version(file: &Path) -> Result<Version> {
    output(Command::new(file).arg("--version"))
        .and_then(|text| Version::in_output(&text))
        .with_context(|| format!("{} does not say its version; reinstall it", file.display()))
}

/// Asks fontconfig; macOS, which has none, comes with the fonts we look for.
fn has_font(pattern: &str) -> bool {
    cfg!(target_os = "macos")
        || output(Command::new("fc-list").args([pattern, "family"]))
            .is_some_and(|fonts| !fonts.trim().is_empty())
}
