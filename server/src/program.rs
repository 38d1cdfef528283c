//! The `tidings` program without its allocator: `main.rs` adds only that, so that another package
//! can build the same program.

use crate::command::{self, Cli};
use crate::{config, logging};
use anyhow::Context;
use clap::{CommandFactory, FromArgMatches};
use std::ffi::OsString;
use std::process::ExitCode;

/// Runs the command line. Returns when it is done; errors are written to standard error.
pub fn main() -> ExitCode {
    let runtime = tokio::runtime::Runtime::new().context("cannot start the runtime");
    match runtime.and_then(|runtime| runtime.block_on(run())) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("tidings: {error:#}");
            ExitCode::FAILURE
        }
    }
}

async fn run() -> anyhow::Result<()> {
    let arguments = with_command(std::env::args_os().collect());
    let command = config::with_file(config::without_blank_variables(Cli::command()), &arguments)
        .context("cannot use the configuration file")?;
    let matches = command.get_matches_from(arguments);
    let cli = Cli::from_arg_matches(&matches).unwrap_or_else(|error| error.exit());
    // Nothing is logged before this: errors of the command line are printed as plain text.
    logging::start(cli.log_format());
    command::run(cli).await
}

/// Without a command the program serves: `tidings --demo` is `tidings serve --demo`.
fn with_command(mut arguments: Vec<OsString>) -> Vec<OsString> {
    const GLOBAL_FLAGS: [&str; 4] = ["-h", "--help", "-V", "--version"];
    let has_command = arguments.get(1).is_some_and(|first| {
        let first = first.to_string_lossy();
        !first.starts_with('-') || GLOBAL_FLAGS.contains(&first.as_ref())
    });
    if !has_command {
        arguments.insert(arguments.len().min(1), "serve".into());
    }
    arguments
}

#[cfg(test)]
mod tests {
    use super::*;

    fn completed(arguments: &[&str]) -> Vec<OsString> {
        with_command(arguments.iter().map(Into::into).collect())
    }

    #[test]
    fn missing_command_defaults_to_serve() {
        assert_eq!(completed(&["tidings"]), ["tidings", "serve"]);
        let expected = ["tidings", "serve", "--demo", "--listen=127.0.0.1:1"];
        let given = ["tidings", "--demo", "--listen=127.0.0.1:1"];
        assert_eq!(completed(&given), expected);
    }

    #[test]
    fn given_command_or_global_flag_is_kept() {
        for first in ["serve", "user", "--help", "-h", "-V", "--version", "srve"] {
            assert_eq!(completed(&["tidings", first]), ["tidings", first]);
        }
    }

    #[test]
    fn configuration_file_is_read_without_a_command() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let path = folder.path().join("tidings.toml");
        std::fs::write(&path, "listen = '127.0.0.1:9'").expect("writable");
        let path = path.to_str().expect("UTF-8");
        let arguments = completed(&["tidings", "--config", path]);
        let command = config::with_file(Cli::command(), &arguments).expect("a valid file");
        let matches = command.get_matches_from(arguments);
        let cli = Cli::from_arg_matches(&matches).expect("a valid command line");
        let command::Subcommand::Serve(config) = cli.command else {
            panic!("{cli:?}");
        };
        assert_eq!(config.listen.port(), 9);
    }
}
