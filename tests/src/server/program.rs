//! The program under test, and its commands other than `serve`.

use crate::TEST_TIMEOUT;
use anyhow::{Context, Result, bail};
use std::path::{Path, PathBuf};
use std::process::Stdio;
use tokio::io::AsyncWriteExt;
use tokio::process::{Child, Command};
use tokio::time::timeout;

/// Runs the program in `folder`, on a SQLite file there.
///
/// # Errors
/// With what it printed as an error, when it fails.
pub async fn command(folder: &Path, arguments: &[&str], input: &str) -> Result<String> {
    run(program(folder)?, arguments, input).await
}

/// The same with a configuration file in place of `DATABASE_URL`.
///
/// # Errors
/// With what it printed as an error, when it fails.
pub async fn command_with_config(folder: &Path, arguments: &[&str], file: &Path) -> Result<String> {
    let mut program = program(folder)?;
    program
        .env_remove("DATABASE_URL")
        .env("TIDINGS_CONFIG", file);
    run(program, arguments, "").await
}

/// Starts the program in `folder`, on a SQLite file there, without waiting for its end.
///
/// # Errors
/// When there is no program.
pub fn start(folder: &Path, arguments: &[&str]) -> Result<Child> {
    Ok(program(folder)?
        .args(arguments)
        .stdout(Stdio::null())
        .spawn()?)
}

pub(super) async fn run(mut program: Command, arguments: &[&str], input: &str) -> Result<String> {
    let mut child = program
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()?;
    let mut stdin = child.stdin.take().context("a pipe")?;
    // A program that needs no input may have ended already.
    let _ = stdin.write_all(input.as_bytes()).await;
    drop(stdin);
    let output = timeout(TEST_TIMEOUT, child.wait_with_output())
        .await
        .context("it does not end")??;
    if !output.status.success() {
        bail!("{}", String::from_utf8_lossy(&output.stderr));
    }
    Ok(String::from_utf8(output.stdout)?)
}

/// The program, configured with a SQLite file in `folder` and nothing else.
pub(super) fn program(folder: &Path) -> Result<Command> {
    let mut command = Command::new(binary()?);
    set_up(&mut command, folder);
    Ok(command)
}

/// Removes the settings of this machine from the environment, which must not affect the tests.
pub(super) fn set_up(command: &mut Command, folder: &Path) {
    for (name, _) in std::env::vars_os() {
        if name.to_string_lossy().starts_with("TIDINGS_") {
            command.env_remove(name);
        }
    }
    command
        .current_dir(folder)
        .env("DATABASE_URL", "sqlite://tidings.db")
        .env_remove("REDIS_URL")
        // Tests of the drain and of limits set these themselves. The others send more at once than
        // a user may, and run on any disk.
        .env("TIDINGS_DRAIN_MS", "0")
        .env("TIDINGS_USER_REQUESTS", "0")
        .env("TIDINGS_USER_BYTES", "0")
        .env("TIDINGS_DISK_FLOOR_MB", "0")
        .env(
            "TIDINGS_LOG",
            std::env::var("TIDINGS_TEST_LOG").unwrap_or("warn".into()),
        )
        .kill_on_drop(true);
}

/// The program under test. Cargo builds it in the same call and passes its path to the tests.
pub(super) fn binary() -> Result<PathBuf> {
    std::env::var_os("CARGO_BIN_EXE_tidings-under-test")
        .map(PathBuf::from)
        .context("no server to test: run this by `cargo test`, which builds it")
}
