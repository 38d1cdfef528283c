//! axe-core, the accessibility checker that the browser tests put into the page. It is published as
//! an npm package (MPL-2.0) and only ever run beside the page, never shipped with it.

use std::fs;
use std::path::PathBuf;
use std::process::Command;

use anyhow::Result;

use crate::command::{find_on_path, run};
use crate::debian;
use crate::step::Steps;
use crate::tools;

/// Rules come with each version, so the one that is tested against is fixed.
const VERSION: &str = "4.12.1";

/// The path of its script, after fetching it into the user's cache if need be.
pub(crate) fn ensure(steps: &mut Steps) -> Result<PathBuf> {
    let home = tools::cache()?
        .join("tools")
        .join(format!("axe-core-{VERSION}"));
    let script = home.join("node_modules/axe-core/axe.min.js");
    if script.is_file() {
        return Ok(script);
    }
    if find_on_path("npm").is_none() {
        debian::install(steps, &["npm"], "npm, which fetches axe-core, is")?;
    }
    let name = format!("fetch axe-core {VERSION} into {}", home.display());
    steps.step(name, || {
        let partial = home.with_added_extension("partial");
        tools::remove(&partial)?;
        fs::create_dir_all(&partial)?;
        let mut npm = Command::new("npm");
        npm.args(["install", "--silent", "--ignore-scripts", "--prefix"])
            .arg(&partial)
            .arg(format!("axe-core@{VERSION}"));
        run(&mut npm, "it needs the network the first time")?;
        tools::remove(&home)?;
        // Under its own name only when it is whole.
        Ok(fs::rename(&partial, &home)?)
    })?;
    Ok(script)
}
