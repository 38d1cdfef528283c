//! Where the workspace and its products are.

use std::path::PathBuf;
use std::process::Command;

use anyhow::{Context, Result, bail};
use serde_json::Value;

use crate::command::cargo;

/// The folders everything happens in; all are absolute.
#[derive(Debug)]
pub(crate) struct Workspace {
    /// The folder of the root `Cargo.toml`.
    pub(crate) root: PathBuf,
    /// Cargo's target folder: `CARGO_TARGET_DIR` if set, else `target` in the root.
    pub(crate) target: PathBuf,
}

impl Workspace {
    /// Asks cargo.
    pub(crate) fn find() -> Result<Self> {
        let output = cargo()
            .args(["metadata", "--no-deps", "--format-version", "1"])
            .output()
            .context("cargo could not be started; is Rust installed?")?;
        if !output.status.success() {
            bail!(
                "cargo could not read the workspace: {}",
                String::from_utf8_lossy(&output.stderr).trim()
            );
        }
        let metadata: Value = serde_json::from_slice(&output.stdout)?;
        let folder = |key: &str| {
            let value = metadata[key].as_str();
            value
                .map(PathBuf::from)
                .with_context(|| format!("cargo metadata gave no {key}"))
        };
        Ok(Self {
            root: folder("workspace_root")?,
            target: folder("target_directory")?,
        })
    }

    /// The built page, as the server serves it.
    pub(crate) fn dist(&self) -> PathBuf {
        self.root.join("dist")
    }

    /// The server's executable; `profile` is cargo's folder name, `debug` or `release`.
    pub(crate) fn server(&self, profile: &str) -> PathBuf {
        self.target.join(profile).join("tidings")
    }

    /// The tasks' own intermediate products; all of it may be deleted at any time.
    pub(crate) fn scratch(&self) -> PathBuf {
        self.target.join("xtask")
    }

    /// Where the tests leave pictures of the page.
    pub(crate) fn pictures(&self) -> PathBuf {
        self.target.join("pictures")
    }

    /// A cargo command that runs in the root.
    pub(crate) fn cargo(&self) -> Command {
        let mut command = cargo();
        command.current_dir(&self.root);
        command
    }
}
