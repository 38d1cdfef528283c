//! Running other programs.

use std::env;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};

/// The cargo that runs this task, so that a `+toolchain` given to it holds for all steps.
pub(crate) fn cargo() -> Command {
    Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()))
}

/// Runs `command` with its output shown; `advice` is a sentence on what to do should it fail.
pub(crate) fn run(command: &mut Command, advice: &str) -> Result<()> {
    let line = line(command);
    println!("    $ {line}");
    let status = command
        .status()
        .with_context(|| format!("`{line}` did not start; {advice}"))?;
    if !status.success() {
        bail!("`{line}` failed ({status}); {advice}");
    }
    Ok(())
}

/// What `command` prints on its standard output, or nothing if it is missing or fails.
pub(crate) fn output(command: &mut Command) -> Option<String> {
    let output = command
        .output()
        .ok()
        .filter(|output| output.status.success())?;
    Some(String::from_utf8_lossy(&output.stdout).into_owned())
}

/// The first executable of that name on PATH.
pub(crate) fn find_on_path(name: &str) -> Option<PathBuf> {
    let path = env::var_os("PATH")?;
    env::split_paths(&path)
        .map(|folder| folder.join(name))
        .find(|file| is_executable(file))
}

/// Whether this is a file that may be executed by someone.
pub(crate) fn is_executable(file: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt as _;
    file.metadata()
        .is_ok_and(|data| data.is_file() && data.permissions().mode() & 0o111 != 0)
}

/// The command as one would type it: the program's name without its folder, and the arguments.
fn line(command: &Command) -> String {
    let program = Path::new(command.get_program());
    let name = program
        .file_name()
        .unwrap_or(program.as_os_str())
        .to_string_lossy();
    let arguments = command
        .get_args()
        .map(|argument| argument.to_string_lossy());
    std::iter::once(name)
        .chain(arguments)
        .collect::<Vec<_>>()
        .join(" ")
}
