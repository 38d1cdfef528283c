//! The folders of the workspace.

use std::env;
use std::path::PathBuf;

use anyhow::{Context, Result};
use serde_json::Value;

use crate::command::{cargo, output};

/// Absolute paths of the workspace.
#[derive(Debug)]
pub(crate) struct Workspace {
    /// The folder of the root `Cargo.toml`.
    pub(crate) root: PathBuf,
    /// Cargo's target folder.
    pub(crate) target: PathBuf,
}

impl Workspace {
    /// Gets the folders from cargo, and makes the root the current directory of all commands.
    pub(crate) fn enter() -> Result<Self> {
        let mut metadata = cargo(&["metadata", "--no-deps", "--format-version", "1"]);
        let metadata = output(&mut metadata).context("cargo cannot read the workspace")?;
        let metadata: Value = serde_json::from_str(&metadata)?;
        let folder = |key: &str| {
            let value = metadata[key].as_str().map(PathBuf::from);
            value.with_context(|| format!("cargo metadata gave no {key}"))
        };
        let (root, target) = (folder("workspace_root")?, folder("target_directory")?);
        env::set_current_dir(&root)?;
        Ok(Self { root, target })
    }
}
