//! The standard library that the page is linked with: compiled along with it, for size. The one that
//! rustup brings is compiled for speed, and to say where and why a program panicked; in the page
//! nobody reads that, and it is a tenth of what goes over the wire.
//!
//! A stable compiler does this only when told that it may do what is unstable. That is said to the
//! build of the page alone.

use std::path::Path;
use std::process::Command;

use anyhow::Result;

use crate::command::{output, run};
use crate::rust::{WASM, add_component};
use crate::step::Steps;
use crate::workspace::Workspace;

/// Lets a stable compiler, and a stable cargo, do what is unstable.
const UNSTABLE: (&str, &str) = ("RUSTC_BOOTSTRAP", "1");
/// What cargo compiles from the sources, and how.
const BUILD: [(&str, &str); 2] = [
    ("CARGO_UNSTABLE_BUILD_STD", "std,panic_abort"),
    ("CARGO_UNSTABLE_BUILD_STD_FEATURES", "optimize_for_size"),
];
/// A panic ends the program at once, with no message, and nothing knows where it was. What is written
/// with `{:?}` is nothing.
const FLAGS: [&str; 4] = [
    "-Zunstable-options",
    "-Cpanic=immediate-abort",
    "-Zlocation-detail=none",
    "-Zfmt-debug=none",
];

/// Which standard library the page gets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum PageStd {
    /// Its own.
    Small,
    /// The one that came with the target, for lack of the sources.
    Plain,
}

impl PageStd {
    /// Finds the sources or has rustup add them, and fetches what they depend on. Without them the
    /// page is larger and works all the same, so that is said and is no error.
    pub(crate) fn ensure(workspace: &Workspace, steps: &mut Steps) -> Self {
        match sources(workspace, steps) {
            Ok(()) => Self::Small,
            Err(error) => {
                println!(
                    "    {error:#}\n    so the page gets the standard library that came with \
                     {WASM}, and is a tenth larger over the wire; its budget is not checked"
                );
                Self::Plain
            }
        }
    }

    /// The compiler's flags for the page and all it is linked with.
    pub(crate) fn flags(self) -> &'static [&'static str] {
        match self {
            Self::Small => &FLAGS,
            Self::Plain => &[],
        }
    }

    /// Tells a command that calls cargo to compile the library.
    pub(crate) fn tell(self, command: &mut Command) -> &mut Command {
        match self {
            Self::Small => command.envs([UNSTABLE]).envs(BUILD),
            Self::Plain => command,
        }
    }
}

fn sources(workspace: &Workspace, steps: &mut Steps) -> Result<()> {
    let mut rustc = Command::new("rustc");
    rustc
        .envs([UNSTABLE])
        .args(FLAGS)
        .args(["--print", "cfg", "--target", WASM]);
    anyhow::ensure!(
        output(&mut rustc).is_some(),
        "this Rust does not know {}",
        FLAGS.join(" ")
    );
    if !has_sources() {
        steps.step("add the sources of the standard library", || {
            add_component("rust-src")
        })?;
    }
    steps.step("fetch what the standard library depends on", || {
        let mut fetch = workspace.cargo();
        PageStd::Small.tell(fetch.args(["fetch", "--quiet", "--target", WASM]));
        run(&mut fetch, "it needs the network the first time")
    })
}

fn has_sources() -> bool {
    let mut rustc = Command::new("rustc");
    output(rustc.args(["--print", "sysroot"])).is_some_and(|folder| {
        let library = Path::new(folder.trim()).join("lib/rustlib/src/rust/library");
        library.join("Cargo.lock").is_file() && library.join("std/Cargo.toml").is_file()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(which: PageStd) -> Vec<String> {
        let mut command = Command::new("cargo");
        let variables = which.tell(&mut command).get_envs();
        variables
            .map(|(name, _)| name.to_string_lossy().into_owned())
            .collect()
    }

    #[test]
    fn only_the_build_of_a_small_library_may_do_what_is_unstable() {
        assert!(told(PageStd::Small).contains(&UNSTABLE.0.to_owned()));
        assert!(told(PageStd::Plain).is_empty());
        assert!(PageStd::Plain.flags().is_empty());
    }
}
