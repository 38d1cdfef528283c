//! Running other programs.

use std::env;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};

/// The cargo that runs this task, so that a `+toolchain` given to it holds for all steps.
pub(crate) fn cargo(arguments: &[&str]) -> Command {
    let mut command = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command.args(arguments);
    forget_own_package(&mut command);
    command
}

/// A trunk command. trunk rejects `NO_COLOR=1`, the usual form, so it gets `NO_COLOR=true`.
pub(crate) fn trunk(arguments: &[&str]) -> Command {
    let mut command = Command::new("trunk");
    command.args(arguments);
    forget_own_package(&mut command);
    if env::var_os("NO_COLOR").is_some() {
        command.env("NO_COLOR", "true");
    }
    command
}

/// Removes the variables with which `cargo run` describes the package of this program. ring's build
/// script depends on them: with changing values it would be rerun, and all dependents rebuilt.
fn forget_own_package(command: &mut Command) {
    for (name, _) in env::vars_os() {
        let text = name.to_string_lossy();
        if text.starts_with("CARGO_PKG_") || text.starts_with("CARGO_MANIFEST_") {
            command.env_remove(name);
        }
    }
}

/// Prints the command as one would type it, and runs it with its output shown.
pub(crate) fn run(command: &mut Command) -> Result<()> {
    let line = line(command);
    println!("    $ {line}");
    let status = command
        .status()
        .with_context(|| format!("`{line}` did not start"))?;
    if !status.success() {
        bail!("`{line}` failed ({status}); see above");
    }
    Ok(())
}

/// The standard output of a command; `None` if it is missing or fails.
pub(crate) fn output(command: &mut Command) -> Option<String> {
    let output = command
        .output()
        .ok()
        .filter(|output| output.status.success())?;
    Some(String::from_utf8_lossy(&output.stdout).into_owned())
}

/// The first executable of that name on PATH.
pub(crate) fn find_on_path(name: &str) -> Option<PathBuf> {
    use std::os::unix::fs::PermissionsExt as _;
    let path = env::var_os("PATH")?;
    env::split_paths(&path)
        .map(|folder| folder.join(name))
        .find(|file| {
            file.metadata()
                .is_ok_and(|data| data.is_file() && data.permissions().mode() & 0o111 != 0)
        })
}

/// The command line: variables, program name without its folder, and arguments.
pub(crate) fn line(command: &Command) -> String {
    let variables = command.get_envs().filter_map(|(name, value)| {
        let (name, value) = (name.to_string_lossy(), value?.to_string_lossy());
        Some(format!("{name}={value}"))
    });
    let program = Path::new(command.get_program());
    let name = program.file_name().unwrap_or(program.as_os_str());
    let arguments = command.get_args();
    let parts = std::iter::once(name).chain(arguments);
    variables
        .chain(parts.map(|part| part.to_string_lossy().into_owned()))
        .collect::<Vec<_>>()
        .join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn command_is_printed_as_typed() {
        let mut command = Command::new("/usr/bin/cargo");
        command.args(["test", "--test", "browser"]).env("A", "b");
        assert_eq!(line(&command), "A=b cargo test --test browser");
    }
}
