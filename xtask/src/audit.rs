//! `audit`: the rules of `deny.toml`.

use anyhow::Result;

use crate::command::run;
use crate::step::Steps;
use crate::tools::{Tool, program};
use crate::version::Version;
use crate::workspace::Workspace;

/// Checks licences, bans and sources, and the advisories if asked to.
pub(crate) fn audit(workspace: &Workspace, steps: &mut Steps, advisories: bool) -> Result<()> {
    let deny = Tool {
        package: "cargo-deny",
        version: Version {
            major: 0,
            minor: 20,
            patch: 2,
        },
        any_patch: true,
        programs: &["cargo-deny"],
        locked: true,
        opt_level: "0",
    };
    let folder = deny.ensure(steps)?;
    steps.step("check the dependencies against deny.toml", || {
        let mut check = program(
            &folder.join("cargo-deny"),
            &["check", "bans", "licenses", "sources"],
        );
        let advice = "change the dependency, or state and explain an exception in deny.toml";
        run(check.current_dir(&workspace.root), advice)
    })?;
    if advisories {
        steps.step("check the dependencies for known weaknesses", || {
            let mut check = program(&folder.join("cargo-deny"), &["check", "advisories"]);
            let advice = "update what it names; if nothing is named, the network was not there";
            run(check.current_dir(&workspace.root), advice)
        })?;
    }
    steps.print_summary();
    Ok(())
}
