//! `cargo xtask`: everything that is done with this workspace, as one command each.
//!
//! A command says what it does, times its steps, and leaves nothing outside the workspace but the
//! tools it needs, in a folder of the user's cache. Nothing of the product itself belongs here.

mod audit;
mod axe;
mod bench;
mod browser;
mod command;
mod compress;
mod debian;
mod dev;
mod edition;
mod lockfile;
mod names;
mod order;
mod page;
mod probe;
mod release;
mod run;
mod rust;
mod services;
mod simulate;
mod small_std;
mod step;
mod supervisor;
mod test;
mod tools;
mod variables;
mod version;
mod workspace;

use std::ffi::OsString;
use std::process::ExitCode;

use anyhow::Result;
use clap::{Parser, Subcommand};

use crate::step::Steps;
use crate::workspace::Workspace;

/// Sets up, runs, tests and checks Tidings.
#[derive(Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask", max_term_width = 100)]
struct Arguments {
    #[command(subcommand)]
    task: Task,
}

#[derive(Subcommand)]
enum Task {
    /// Build page and server for release and serve the demo on port 8080.
    ///
    /// Installs what is missing first. Messages are kept in `tidings.db` in the workspace root.
    Run {
        /// Passed on to `tidings serve`, for example `-- --listen 127.0.0.1:9090`.
        #[arg(last = true)]
        serve: Vec<OsString>,
    },
    /// Work on the page: rebuild it and reload the browser on each change.
    ///
    /// The page is on port 8080, the server behind it on port 8081 with its own
    /// database, `tidings-dev.db`. A change to the server takes a restart of this command.
    Dev,
    /// Run all checks and tests, in the order format, lints, builds, tests.
    ///
    /// Installs what is missing first, Chromium, Postgres and Redis included. The end-to-end tests
    /// run twice: on one process with SQLite, and on two nodes with Postgres and Redis. Stops at the first failure and skips
    /// nothing. The audit of the dependencies is apart: see `cargo xtask audit`.
    Test,
    /// Simulate scenarios of clients, servers and faults in virtual time, and check every promise.
    ///
    /// With `--seed` alone that one scenario is run, and everything that happens is printed.
    Simulate(simulate::Options),
    /// Measure the server with the load tool, and write docs/benchmarks.md.
    ///
    /// Builds both for release, starts servers, Postgres and Redis of its own, and takes some
    /// 15 minutes. Nothing else should run meanwhile.
    Bench(bench::Options),
    /// Build the page for release into `dist`, with a .gz and a .br beside each file.
    Page,
    /// Build one binary for release that carries the page: `target/release/tidings`.
    Release,
    /// Install the tools that the other commands need, and do nothing else.
    Setup,
    /// Check licences, bans and sources of the dependencies with cargo-deny.
    ///
    /// Not part of `test`, which must not depend on what was published today.
    Audit {
        /// Check the advisory database as well; it is fetched over the network.
        #[arg(long)]
        advisories: bool,
    },
}

fn main() -> ExitCode {
    let task = Arguments::parse().task;
    let mut steps = Steps::start();
    let result = perform(task, &mut steps);
    if let Err(error) = &result {
        steps.print_summary();
        eprintln!("\nerror: {error:#}");
    }
    result.unwrap_or(ExitCode::FAILURE)
}

fn perform(task: Task, steps: &mut Steps) -> Result<ExitCode> {
    let workspace = Workspace::find()?;
    match task {
        Task::Run { serve } => return run::run(&workspace, steps, &serve),
        Task::Dev => return dev::dev(&workspace, steps),
        Task::Test => test::test(&workspace, steps)?,
        Task::Simulate(options) => simulate::simulate(&workspace, &options)?,
        Task::Bench(options) => bench::bench(&workspace, steps, &options)?,
        Task::Page => page::build(&workspace, steps)?,
        Task::Release => release::release(&workspace, steps)?,
        Task::Setup => {
            rust::ensure_components(steps)?;
            page::ensure_tools(&workspace, steps)?;
            browser::ensure(steps)?;
            services::ensure(steps)?;
            steps.print_summary();
        }
        Task::Audit { advisories } => audit::audit(&workspace, steps, advisories)?,
    }
    Ok(ExitCode::SUCCESS)
}
