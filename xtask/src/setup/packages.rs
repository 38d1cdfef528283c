//! System packages. They are installed without asking only as root on systems with apt.

use std::env;
use std::fs;
use std::process::Command;

use anyhow::{Result, bail};

use super::{Need, command};
use crate::command::{find_on_path, output};

/// The Debian names of the missing packages.
pub(super) fn missing(need: Need) -> Vec<&'static str> {
    let on_path = |names: &[&str]| names.iter().any(|name| find_on_path(name).is_some());
    let set = |variable| env::var_os(variable).is_some();
    let mut wanted = vec![
        (
            "chromium",
            set("CHROMIUM") || on_path(&["chromium", "google-chrome"]),
        ),
        // It halves the time of the browser tests.
        (
            "chromium-headless-shell",
            set("CHROMIUM") || on_path(&["chromium-headless-shell", "google-chrome"]),
        ),
        (
            "chromium-driver",
            set("CHROMEDRIVER") || on_path(&["chromedriver"]),
        ),
        // Without these fonts screenshots show boxes for the demo users' names and for emoji.
        ("fonts-noto-cjk", has_font(":lang=zh-cn")),
        ("fonts-noto-color-emoji", has_font(":charset=1f9d1")),
        // Debian may start these two as services, which the tests do not use.
        ("redis-server", on_path(&["redis-server"])),
        ("postgresql", on_path(&["initdb"]) || has_postgres()),
        ("npm", on_path(&["npm"])),
    ];
    if need == Need::Soak {
        wanted.extend([
            ("firefox-esr", on_path(&["firefox-esr", "firefox"])),
            ("webkit2gtk-driver", on_path(&["WebKitWebDriver"])),
            ("xvfb", on_path(&["Xvfb"])),
        ]);
    }
    let missing = wanted.into_iter().filter(|(_, is_there)| !is_there);
    missing.map(|(name, _)| name).collect()
}

/// The commands that install `packages`, or an error that says what to do.
pub(super) fn install(packages: &[&str]) -> Result<Vec<Command>> {
    if !rustix::process::geteuid().is_root() || find_on_path("apt-get").is_none() {
        let list = packages.join(" ");
        bail!("install what the tests need: on Debian, `sudo apt-get install {list}`");
    }
    let update = command("apt-get", &["update", "-qq"]);
    let mut install = command("apt-get", &["install", "-y", "-qq"]);
    install
        .arg("--no-install-recommends")
        .args(packages)
        .env("DEBIAN_FRONTEND", "noninteractive");
    Ok(vec![update, install])
}

/// Checks with fontconfig. macOS does not have it, but has the fonts.
fn has_font(pattern: &str) -> bool {
    cfg!(target_os = "macos")
        || output(&mut command("fc-list", &[pattern, "family"]))
            .is_some_and(|fonts| !fonts.trim().is_empty())
}

/// Checks Debian's folders of each version of Postgres. A client alone has no `initdb`.
fn has_postgres() -> bool {
    let versions = fs::read_dir("/usr/lib/postgresql");
    let mut versions = versions.into_iter().flatten().flatten();
    versions.any(|version| version.path().join("bin/initdb").is_file())
}
