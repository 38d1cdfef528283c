//! Programs published as crates, installed by `cargo install`.

use std::fs;

use anyhow::{Context, Result};

use super::{Missing, command};
use crate::command::{cargo, find_on_path, output};
use crate::workspace::Workspace;

/// A program published as a crate.
pub(super) struct Tool {
    package: &'static str,
    program: &'static str,
    /// The version to install.
    version: String,
    /// Whether any patch version of the same `major.minor` is accepted.
    any_patch: bool,
    /// Whether to use its published lock file.
    locked: bool,
}

impl Tool {
    /// A tool whose program has the name of its package, in any patch version.
    pub(super) fn new(package: &'static str, version: &str) -> Self {
        Self {
            package,
            program: package,
            version: version.to_owned(),
            any_patch: true,
            locked: true,
        }
    }

    /// The tool that makes the compiler's wasm loadable by a browser. Its version must equal that
    /// of the crate that the client is linked with. Its own lock file names a crate version that is
    /// no longer available.
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

    /// The tool as missing, if PATH has none or one of another version, which is then replaced.
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
        // The tools run briefly, so fast builds matter more than fast programs.
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

/// The first version in the output of a program, such as `trunk 0.21.14`.
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
    fn patch_version_matters_only_for_exact_tools() {
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
