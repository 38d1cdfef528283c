//! Packages of the system, installed where that needs no question: as root on Debian or alike.

use std::process::Command;

use anyhow::{Result, bail};

use crate::command::{find_on_path, run};
use crate::step::Steps;

/// Installs `packages`, or says in one sentence what `purpose` they are missing for.
pub(crate) fn install(steps: &mut Steps, packages: &[&str], purpose: &str) -> Result<()> {
    let list = packages.join(" ");
    let is_root = rustix::process::geteuid().is_root();
    if !is_root || find_on_path("apt-get").is_none() {
        bail!(
            "{purpose} missing; install it (Debian: `sudo apt-get install {list}`) and try again"
        );
    }
    steps.step(format!("install {list}"), || {
        let advice = "install the packages by hand and try again";
        run(&mut apt_get(&["update", "-qq"]), advice)?;
        let mut install = apt_get(&["install", "-y", "-qq", "--no-install-recommends"]);
        run(install.args(packages), advice)
    })
}

fn apt_get(arguments: &[&str]) -> Command {
    let mut command = Command::new("apt-get");
    command
        .args(arguments)
        .env("DEBIAN_FRONTEND", "noninteractive");
    command
}
