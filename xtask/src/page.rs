//! Building the page: trunk and wasm-bindgen, then the compressed forms beside each file.

use std::env;
use std::ffi::OsString;
use std::path::PathBuf;
use std::process::Command;

use anyhow::{Context, Result};

use crate::command::run;
use crate::compress;
use crate::edition;
use crate::lockfile::locked_version;
use crate::rust;
use crate::small_std::PageStd;
use crate::step::Steps;
use crate::tools::{Tool, program};
use crate::version::Version;
use crate::workspace::Workspace;

/// The compiler's flags, for what is built for a named target; parted by 0x1f, so that a folder may
/// have a space in its name.
const RUSTFLAGS: &str = "CARGO_ENCODED_RUSTFLAGS";

/// Where the page's tools are.
#[derive(Debug)]
pub(crate) struct PageTools {
    /// The folder of `trunk`.
    pub(crate) trunk: PathBuf,
    /// The folder of `wasm-bindgen` and `wasm-bindgen-test-runner`.
    pub(crate) wasm_bindgen: PathBuf,
}

/// Finds or installs the wasm target, trunk and wasm-bindgen.
pub(crate) fn ensure_tools(workspace: &Workspace, steps: &mut Steps) -> Result<PageTools> {
    rust::ensure_wasm_target(steps)?;
    let trunk = Tool {
        package: "trunk",
        // 0.22 needs a newer Rust than this workspace does.
        version: Version {
            major: 0,
            minor: 21,
            patch: 14,
        },
        any_patch: true,
        programs: &["trunk"],
        locked: true,
        opt_level: "0",
    };
    let wasm_bindgen = Tool {
        package: "wasm-bindgen-cli",
        // It must be of exactly the version of the crate that the client is linked with.
        version: locked_version(&workspace.root, "wasm-bindgen")?,
        any_patch: false,
        programs: &["wasm-bindgen", "wasm-bindgen-test-runner"],
        // Its own lock file names a version of a crate that can no longer be had.
        locked: false,
        opt_level: "1",
    };
    Ok(PageTools {
        trunk: trunk.ensure(steps)?,
        wasm_bindgen: wasm_bindgen.ensure(steps)?,
    })
}

impl PageTools {
    /// A trunk command that runs in the root, downloads nothing and finds these tools first.
    pub(crate) fn trunk(&self, workspace: &Workspace, arguments: &[&str]) -> Result<Command> {
        let mut command = program(&self.trunk.join("trunk"), &["--offline=true"]);
        command
            .args(arguments)
            .env("TRUNK_SKIP_VERSION_CHECK", "true");
        command
            .current_dir(&workspace.root)
            .env("PATH", self.search_path()?);
        Ok(command)
    }

    fn search_path(&self) -> Result<OsString> {
        let path = env::var_os("PATH").unwrap_or_default();
        let own = [self.wasm_bindgen.clone(), self.trunk.clone()];
        env::join_paths(own.into_iter().chain(env::split_paths(&path)))
            .context("the cache folder has a colon in its path; set XDG_CACHE_HOME to another")
    }
}

/// Fetches the sources of all dependencies: trunk is told not to use the network.
pub(crate) fn fetch(workspace: &Workspace, steps: &mut Steps) -> Result<()> {
    steps.step("fetch the dependencies", || {
        let advice = "it needs the network the first time";
        run(workspace.cargo().args(["fetch", "--quiet"]), advice)
    })
}

/// Builds the page into `dist`, tools included.
pub(crate) fn build(workspace: &Workspace, steps: &mut Steps) -> Result<()> {
    let tools = ensure_tools(workspace, steps)?;
    fetch(workspace, steps)?;
    build_with(&tools, workspace, steps)
}

/// Builds the page into `dist`, with tools that are there and dependencies that are fetched.
pub(crate) fn build_with(
    tools: &PageTools,
    workspace: &Workspace,
    steps: &mut Steps,
) -> Result<()> {
    let std = PageStd::ensure(workspace, steps);
    // trunk empties its folder first; what is served changes only once the build has succeeded.
    let built = workspace.scratch().join("page");
    steps.step("build the page", || {
        let mut trunk = tools.trunk(workspace, &["build", "--release", "--dist"])?;
        let mut flags = without_our_paths(workspace)?;
        flags.extend(std.flags().iter().map(ToString::to_string));
        trunk.arg(&built).env(RUSTFLAGS, flags.join("\x1f"));
        run(
            std.tell(&mut trunk),
            "see the compiler's or trunk's message above",
        )
    })?;
    edition::complete(&built)?;
    let sizes = steps.step("compress the page", || {
        compress::publish(&built, &workspace.dist())
    })?;
    compress::print_table(&sizes);
    match std {
        PageStd::Small => compress::check_budget(&sizes),
        PageStd::Plain => Ok(()),
    }
}

/// What is compiled may name source files, as panic messages do; with these flags not where they lie
/// on the machine that built the page. It is smaller for that, and the same from any folder.
fn without_our_paths(workspace: &Workspace) -> Result<Vec<String>> {
    let cargo_home = std::env::var_os("CARGO_HOME")
        .map(PathBuf::from)
        .or_else(|| std::env::var_os("HOME").map(|home| PathBuf::from(home).join(".cargo")));
    let sources = cargo_home.map(|home| home.join("registry").join("src"));
    let registries = sources
        .and_then(|folder| folder.read_dir().ok())
        .into_iter()
        .flatten();
    let mut flags = vec![format!(
        "--remap-path-prefix={}=.",
        workspace.root.display()
    )];
    for registry in registries {
        let path = registry?.path();
        flags.push(format!("--remap-path-prefix={}=crates", path.display()));
    }
    Ok(flags)
}
