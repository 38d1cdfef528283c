//! The `tidings` program.

use anyhow::Context;
use clap::{CommandFactory, FromArgMatches};
use std::process::ExitCode;
use tidings_server::command::{self, Cli};
use tidings_server::logging;
use tikv_jemallocator::Jemalloc;

/// A message lives on several threads. glibc's allocator takes a lock for what one of them allocated
/// and another frees.
#[global_allocator]
static ALLOCATOR: Jemalloc = Jemalloc;

#[tokio::main]
async fn main() -> ExitCode {
    match run().await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("tidings: {error:#}");
            ExitCode::FAILURE
        }
    }
}

async fn run() -> anyhow::Result<()> {
    let arguments: Vec<_> = std::env::args_os().collect();
    let command = tidings_server::config::with_file(Cli::command(), &arguments)
        .context("cannot use the configuration file")?;
    let matches = command.get_matches_from(arguments);
    let cli = Cli::from_arg_matches(&matches).unwrap_or_else(|error| error.exit());
    // Nothing before this logs: what is wrong with the command line is said in plain words.
    logging::start(cli.log_format());
    command::run(cli).await
}
