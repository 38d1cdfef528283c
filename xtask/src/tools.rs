//! The programs that cargo does not bring along, each in the version the workspace needs.
//!
//! One of that version on PATH is used as it is. Else it is installed into the user's cache, a
//! folder a version, where all clones of the workspace find it. `~/.cargo/bin` is left alone.

use std::env;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};

use crate::command::{cargo, find_on_path, is_executable, output, run};
use crate::step::Steps;
use crate::version::Version;

/// A program published as a crate.
#[derive(Debug)]
pub(crate) struct Tool {
    /// The crate.
    pub(crate) package: &'static str,
    /// What is installed when none is found.
    pub(crate) version: Version,
    /// Whether any patch of the same `major.minor` does as well.
    pub(crate) any_patch: bool,
    /// Its programs, all needed; the first is asked for its version.
    pub(crate) programs: &'static [&'static str],
    /// Whether its published lock file is used.
    pub(crate) locked: bool,
    /// Optimisation level; these run for a moment, so what counts is how soon they are built.
    pub(crate) opt_level: &'static str,
}

impl Tool {
    /// The folder that holds the programs, after installing them if need be.
    pub(crate) fn ensure(&self, steps: &mut Steps) -> Result<PathBuf> {
        if let Some(folder) = self.on_path() {
            return Ok(folder);
        }
        let home = cache()?
            .join("tools")
            .join(format!("{}-{}", self.package, self.version));
        let folder = home.join("bin");
        if !self.is_in(&folder) {
            let name = format!(
                "install {} {} into {}",
                self.package,
                self.version,
                home.display()
            );
            steps.step(name, || self.install(&home))?;
        }
        Ok(folder)
    }

    fn on_path(&self) -> Option<PathBuf> {
        let folder = find_on_path(self.programs[0])?.parent()?.to_owned();
        self.is_in(&folder).then_some(folder)
    }

    fn is_in(&self, folder: &Path) -> bool {
        self.programs
            .iter()
            .all(|program| is_executable(&folder.join(program)))
            && output(&mut program(&folder.join(self.programs[0]), &["--version"]))
                .and_then(|text| Version::in_output(&text))
                .is_some_and(|found| self.accepts(found))
    }

    fn accepts(&self, found: Version) -> bool {
        let same_minor = (found.major, found.minor) == (self.version.major, self.version.minor);
        found == self.version || self.any_patch && same_minor
    }

    /// Installs into a folder beside `home` and renames it, so that `home` is never half there.
    fn install(&self, home: &Path) -> Result<()> {
        let parent = home.parent().context("the cache folder has no parent")?;
        fs::create_dir_all(parent).with_context(|| {
            format!(
                "{} cannot be made; set XDG_CACHE_HOME to a writable folder",
                parent.display()
            )
        })?;
        let lock = File::create(home.with_added_extension("lock"))?;
        if lock.try_lock().is_err() {
            println!("    another task is installing it; waiting for that one");
            lock.lock()?;
        }
        if self.is_in(&home.join("bin")) {
            return Ok(());
        }
        let partial = home.with_added_extension("partial");
        remove(&partial)?;
        if !self.fetch_built(&partial) {
            self.compile(&partial)?;
        }
        remove(home)?;
        fs::rename(&partial, home)?;
        Ok(())
    }

    /// With `cargo binstall`, where that is installed; whether it worked.
    fn fetch_built(&self, partial: &Path) -> bool {
        if find_on_path("cargo-binstall").is_none() {
            return false;
        }
        let mut binstall = cargo();
        binstall.args([
            "binstall",
            "--no-confirm",
            "--disable-strategies",
            "compile",
            "--root",
        ]);
        binstall
            .arg(partial)
            .arg(format!("{}@{}", self.package, self.version));
        let result = run(&mut binstall, "it will be compiled here instead");
        if let Err(error) = &result {
            println!("    {error:#}");
        }
        result.is_ok() && self.is_in(&partial.join("bin"))
    }

    fn compile(&self, partial: &Path) -> Result<()> {
        println!("    compiled from source, once; on two cores this takes about two minutes");
        let build = cache()?
            .join("build")
            .join(format!("{}-{}", self.package, self.version));
        let mut install = cargo();
        install.args([
            "install",
            self.package,
            "--version",
            &self.version.to_string(),
        ]);
        if self.locked {
            install.arg("--locked");
        }
        install
            .arg("--root")
            .arg(partial)
            .current_dir(cache()?)
            .env("CARGO_TARGET_DIR", &build)
            .env("CARGO_PROFILE_RELEASE_LTO", "off")
            .env("CARGO_PROFILE_RELEASE_CODEGEN_UNITS", "16")
            .env("CARGO_PROFILE_RELEASE_DEBUG", "0")
            .env("CARGO_PROFILE_RELEASE_OPT_LEVEL", self.opt_level)
            .env_remove("CARGO_BUILD_TARGET");
        run(
            &mut install,
            "it needs the network and a C compiler; see the lines above",
        )?;
        // Kept when that failed or was interrupted, so that the next try goes on from there.
        remove(&build)
    }
}

/// Calls an installed tool. trunk takes `NO_COLOR=1`, the usual form, for a mistake.
pub(crate) fn program(file: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(file);
    command.args(arguments);
    if env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty()) {
        command.env("NO_COLOR", "true");
    } else {
        command.env_remove("NO_COLOR");
    }
    command
}

/// This project's folder in the user's cache.
pub(crate) fn cache() -> Result<PathBuf> {
    let folder = |name| {
        env::var_os(name)
            .map(PathBuf::from)
            .filter(|path| path.is_absolute())
    };
    let base = folder("XDG_CACHE_HOME").or_else(|| Some(folder("HOME")?.join(".cache")));
    Ok(base
        .context("neither XDG_CACHE_HOME nor HOME is set; set one of them")?
        .join("tidings"))
}

/// Removes a folder with all that is in it, if it is there.
pub(crate) fn remove(folder: &Path) -> Result<()> {
    if folder.exists() {
        fs::remove_dir_all(folder)
            .with_context(|| format!("{} cannot be removed; remove it", folder.display()))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tool(any_patch: bool) -> Tool {
        Tool {
            package: "trunk",
            version: Version {
                major: 0,
                minor: 21,
                patch: 14,
            },
            any_patch,
            programs: &["trunk"],
            locked: true,
            opt_level: "0",
        }
    }

    fn accepts(tool: &Tool, version: &str) -> bool {
        tool.accepts(version.parse().unwrap())
    }

    #[test]
    fn the_patch_matters_only_where_the_tool_says_so() {
        assert!(accepts(&tool(true), "0.21.7"));
        assert!(!accepts(&tool(true), "0.22.14"));
        assert!(!accepts(&tool(false), "0.21.13"));
        assert!(accepts(&tool(false), "0.21.14"));
    }

    #[test]
    fn a_folder_that_lacks_a_program_holds_no_tool() {
        let folder = tempfile::tempdir().unwrap();
        assert!(!tool(true).is_in(folder.path()));
    }
}
