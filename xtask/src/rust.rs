//! What the Rust toolchain itself must have: the wasm target, rustfmt and clippy.

use std::path::Path;
use std::process::Command;

use anyhow::{Result, bail};

use crate::command::{cargo, find_on_path, output, run};
use crate::step::Steps;

/// The target the page is built for.
pub(crate) const WASM: &str = "wasm32-unknown-unknown";

/// Adds the wasm target if the toolchain lacks it.
pub(crate) fn ensure_wasm_target(steps: &mut Steps) -> Result<()> {
    if has_wasm_target() {
        return Ok(());
    }
    steps.step(format!("add the Rust target {WASM}"), || {
        rustup(
            &["target", "add", WASM],
            &format!("add the standard library of {WASM}"),
        )
    })
}

/// Adds rustfmt and clippy if the toolchain lacks them, as a minimal one does.
pub(crate) fn ensure_components(steps: &mut Steps) -> Result<()> {
    for (component, subcommand) in [("rustfmt", "fmt"), ("clippy", "clippy")] {
        if output(cargo().args([subcommand, "--version"])).is_some() {
            continue;
        }
        steps.step(format!("add the Rust component {component}"), || {
            add_component(component)
        })?;
    }
    Ok(())
}

/// Has rustup add a component.
pub(crate) fn add_component(component: &str) -> Result<()> {
    rustup(
        &["component", "add", component],
        &format!("install {component}"),
    )
}

fn has_wasm_target() -> bool {
    let mut rustc = Command::new("rustc");
    rustc.args(["--print", "target-libdir", "--target", WASM]);
    output(&mut rustc).is_some_and(|folder| Path::new(folder.trim()).is_dir())
}

fn rustup(arguments: &[&str], otherwise: &str) -> Result<()> {
    let Some(rustup) = find_on_path("rustup") else {
        bail!("this Rust does not come from rustup; {otherwise} the way your Rust was installed");
    };
    let advice = "it needs the network; try again when it is there";
    run(Command::new(rustup).args(arguments), advice)
}
