//! `cargo xtask`: installs what the development commands need, then runs them.
//!
//! Each step prints its command as one would type it, and its time. No code of the product belongs
//! here.

mod bench;
mod command;
mod run;
mod setup;
mod smoke;
mod step;
mod test;
mod workspace;

use std::ffi::OsString;
use std::process::ExitCode;

use anyhow::Result;
use clap::{Parser, Subcommand};

use crate::command::cargo;
use crate::setup::Need;
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
    /// Installs what the page's build needs first, with cargo. Messages are kept in `tidings.db` in
    /// the workspace root.
    Run {
        /// Passed on to `tidings serve`, for example `-- --listen 127.0.0.1:9090`.
        #[arg(last = true)]
        serve: Vec<OsString>,
    },
    /// Run all checks and tests, in the order format, lints, builds, tests.
    ///
    /// Installs what is missing first, Chromium, Postgres and Redis included. Stops at the first
    /// failure. The audit of the dependencies is apart: see `cargo xtask audit`.
    Test,
    /// Run what takes long, before a release: 20,000 scenarios in virtual time, large loads, all
    /// pictures, and a smoke test in two other browsers.
    Soak,
    /// Simulate scenarios of clients, servers and faults in virtual time, and check every promise.
    Simulate {
        /// Passed on to the simulator: `--seeds N`, or `--seed N` to repeat one step by step.
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        arguments: Vec<OsString>,
    },
    /// Measure the server with the load tool, and write docs/benchmarks.md; then the page.
    ///
    /// Builds both for release, starts servers, Postgres and Redis of its own, and takes some
    /// 15 minutes. Nothing else should run meanwhile.
    Bench(bench::Options),
    /// Build one binary for release that carries the page: `target/release/tidings`.
    Release,
    /// Install what the other commands need, and do nothing else.
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
    let result = run_task(task, &mut steps);
    steps.print_summary();
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("\nerror: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run_task(task: Task, steps: &mut Steps) -> Result<()> {
    let workspace = Workspace::enter()?;
    match task {
        Task::Run { serve } => run::run(&workspace, steps, &serve),
        Task::Test => test::test(&workspace, steps),
        Task::Soak => test::soak(&workspace, steps),
        // In the test profile, which is optimised and has overflow checks.
        Task::Simulate { arguments } => command::run(
            cargo(&["run", "--quiet", "--package", "tidings-tests"])
                .args(["--bin", "simulate", "--"])
                .args(arguments),
        ),
        Task::Bench(options) => bench::bench(&workspace, steps, &options),
        Task::Release => run::release(&workspace, steps),
        Task::Setup => setup::ensure(&workspace, steps, Need::Tests),
        Task::Audit { advisories } => {
            setup::ensure(&workspace, steps, Need::Audit)?;
            let mut deny = cargo(&["deny", "check", "bans", "licenses", "sources"]);
            if advisories {
                deny.arg("advisories");
            }
            steps.run("check the dependencies against deny.toml", &mut deny)
        }
    }
}
