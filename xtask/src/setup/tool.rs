//! Programs that are crates, installed by `cargo install` where cargo puts programs.

use std::fs;

use anyhow::{Context, Result};

use super::{Missing, command};
use crate::command::{cargo, find_on_path, output};
use crate::workspace::Workspace;

/// A program published as a crate.
pub(super) struct Tool {
    package: &'static str,
    program: &'static str,
    /// What is installed when none is found.
    version: String,
    /// Whether any patch of the same `major.minor` does as well.
    any_patch: bool,
    /// Whether its published lock file is used.
    locked: bool,
}

impl Tool {
    /// One whose program has its name, in any patch of a version.
    pub(super) fn new(package: &'static str, version: &str) -> Self {
        Self {
            package,
            program: package,
            version: version.to_owned(),
            any_patch: true,
            locked: true,
        }
    }

    /// Makes of the compiler's wasm what a browser can load; it must be of exactly the version of
    /// the crate that the client is linked with. Its own lock file names a version of a crate that
    /// can no longer be had.
    pub(super) fn wasm_bindgen(workspace: &Workspace) -> Result<Self> {
        let lock = fs::read_to_string(workspace.root.join("Cargo.lock"))?;
        let version = locked(&lock, "wasm-bindgen").context("Cargo.lock has no wasm-bindgen")?;
        Ok(Self {
            program: "wasm-bindgen",
            any_patch: false,
            locked: false,
            ..Self::new("wasm-bindgen-cli", version)
        })
    }

    /// It, if PATH has none or one of another version, which it then replaces.
    pub(super) fn missing(&self) -> Option<Missing> {
        let text = output(&mut command(self.program, &["--version"]));
        let found = text.as_deref().and_then(version_in);
        if found.is_some_and(|found| self.accepts(found)) {
            return None;
        }
        let exact = format!("{}@{}", self.package, self.version);
        let mut install = if find_on_path("cargo-binstall").is_some() {
            cargo(&["binstall", "--no-confirm", "--force", &exact])
        } else {
            cargo(&["install", "--force", &exact])
        };
        if self.locked {
            install.arg("--locked");
        }
        // These run for a moment: what counts is how soon they are built.
        install
            .env("CARGO_PROFILE_RELEASE_LTO", "off")
            .env("CARGO_PROFILE_RELEASE_CODEGEN_UNITS", "16")
            .env("CARGO_PROFILE_RELEASE_DEBUG", "0")
            .env("CARGO_PROFILE_RELEASE_OPT_LEVEL", "1");
        let replaced = found.map(|found| format!(", in place of {found},"));
        Some(Missing {
            name: format!("{exact}{} with cargo", replaced.unwrap_or_default()),
            commands: vec![install],
        })
    }

    fn accepts(&self, found: &str) -> bool {
        let minor = |version: &str| version.rsplit_once('.').map(|(minor, _)| minor.to_owned());
        found == self.version || self.any_patch && minor(found) == minor(&self.version)
    }
}

/// The first version in what a program prints, such as `trunk 0.21.14`.
fn version_in(text: &str) -> Option<&str> {
    text.split_whitespace()
        .find(|word| word.starts_with(|first: char| first.is_ascii_digit()))
}

/// The version of `package` in a `Cargo.lock`.
fn locked<'a>(lock: &'a str, package: &str) -> Option<&'a str> {
    let entry = format!("name = \"{package}\"\nversion = \"");
    let (_, rest) = lock.split_once(&entry)?;
    rest.split('"').next()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_patch_matters_only_where_the_tool_says_so() {
        let mut tool = Tool::new("trunk", "0.21.14");
        assert!(tool.accepts("0.21.7") && !tool.accepts("0.22.14"));
        tool.any_patch = false;
        assert!(tool.accepts("0.21.14") && !tool.accepts("0.21.13"));
    }

    #[test]
    fn versions_are_read_from_output_and_from_the_lock_file() {
        assert_eq!(version_in("wasm-bindgen 0.2.130 (abc)"), Some("0.2.130"));
        let lock = "[[package]]\nname = \"wasm-bindgen-futures\"\nversion = \"0.4.5\"\n\n\
                    [[package]]\nname = \"wasm-bindgen\"\nversion = \"0.2.130\"\n";
        assert_eq!(locked(lock, "wasm-bindgen"), Some("0.2.130"));
        assert_eq!(locked(lock, "wasm"), None);
    }
}
