//! Installation of what the other commands need. The first line of output lists everything that is
//! missing; what is installed already is not changed.

mod packages;
mod tool;

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Result, ensure};

use crate::command::{cargo, output};
use crate::step::Steps;
use crate::workspace::Workspace;
use tool::Tool;

/// The target the page is built for.
pub(crate) const WASM: &str = "wasm32-unknown-unknown";
/// axe-core, the accessibility checker that the browser tests inject into the page. Its version is
/// fixed, because each version may add rules. It is never shipped.
const AXE: &str = "axe-core@4.12.1";

/// The purpose of a set-up. Each but `Audit` includes those before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Need {
    /// Checking the dependencies.
    Audit,
    /// Building the page.
    Page,
    /// All tests.
    Tests,
    /// All tests, and those in other browsers.
    Soak,
}

/// A missing tool.
struct Missing {
    name: String,
    /// The commands that install it.
    commands: Vec<Command>,
}

/// Prints what is missing, and installs it.
pub(crate) fn ensure(workspace: &Workspace, steps: &mut Steps, need: Need) -> Result<()> {
    let missing = missing(workspace, need)?;
    if missing.is_empty() {
        return Ok(());
    }
    println!("to install: {}", names(&missing));
    for Missing { name, commands } in missing {
        for mut command in commands {
            steps.run(format!("install {name}"), &mut command)?;
        }
    }
    let missing = self::missing(workspace, need)?;
    ensure!(
        missing.is_empty(),
        "installed, but not on PATH: {}; is cargo's bin folder there, and first?",
        names(&missing)
    );
    Ok(())
}

/// The script of axe-core, where [`ensure`] puts it.
pub(crate) fn axe(workspace: &Workspace) -> PathBuf {
    axe_home(workspace).join("node_modules/axe-core/axe.min.js")
}

fn axe_home(workspace: &Workspace) -> PathBuf {
    workspace.target.join("tools").join(AXE)
}

fn names(missing: &[Missing]) -> String {
    let names: Vec<_> = missing.iter().map(|part| part.name.as_str()).collect();
    names.join("; ")
}

fn missing(workspace: &Workspace, need: Need) -> Result<Vec<Missing>> {
    let mut missing = Vec::new();
    let mut add = |name: String, commands| missing.push(Missing { name, commands });
    if need == Need::Audit {
        return Ok(Tool::new("cargo-deny", "0.20.2")
            .missing()
            .into_iter()
            .collect());
    }
    if !has_wasm_target() {
        let rustup = command("rustup", &["target", "add", WASM]);
        add(format!("the Rust target {WASM}"), vec![rustup]);
    }
    if need >= Need::Tests {
        for (component, subcommand) in [("rustfmt", "fmt"), ("clippy", "clippy")] {
            if output(&mut cargo(&[subcommand, "--version"])).is_none() {
                let rustup = command("rustup", &["component", "add", component]);
                add(format!("the Rust component {component}"), vec![rustup]);
            }
        }
        let packages = packages::missing(need);
        if !packages.is_empty() {
            let name = format!("system packages {}", packages.join(" "));
            add(name, packages::install(&packages)?);
        }
        if !axe(workspace).is_file() {
            let mut npm = command("npm", &["install", "--silent", "--ignore-scripts"]);
            npm.arg("--prefix").arg(axe_home(workspace)).arg(AXE);
            add(format!("{AXE} into target/tools"), vec![npm]);
        }
    }
    // 0.22 needs a newer Rust than this workspace.
    missing.extend(Tool::new("trunk", "0.21.14").missing());
    missing.extend(Tool::wasm_bindgen(workspace)?.missing());
    if need == Need::Soak {
        missing.extend(Tool::new("geckodriver", "0.37.1").missing());
    }
    Ok(missing)
}

fn has_wasm_target() -> bool {
    let mut rustc = command("rustc", &["--print", "target-libdir", "--target", WASM]);
    output(&mut rustc).is_some_and(|folder| Path::new(folder.trim()).is_dir())
}

fn command(program: &str, arguments: &[&str]) -> Command {
    let mut command = Command::new(program);
    command.args(arguments);
    command
}
