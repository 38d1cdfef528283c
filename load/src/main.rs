//! `tidings-load`: the command line.

use anyhow::{Context, Result};
use clap::{Parser, Subcommand};
use serde::Serialize;
use std::fmt::Display;
use std::path::PathBuf;
use std::process::ExitCode;
use tidings_load::disk::{self, Disk};
use tidings_load::login::{self, Login};
use tidings_load::options::Common;
use tidings_load::scenario::{echo, flood, group, idle, pairs, soak, storm};
use tidings_load::scenario::{
    echo::Echo, flood::Flood, group::Group, idle::Idle, pairs::Pairs, soak::Soak, storm::Storm,
};
use tokio_util::sync::CancellationToken;

/// Puts load on a server that speaks frames 0 to 7 and tells what it does under it
///
/// Ends with 1 when something was lost, shown twice, out of order or unanswered, or when a person
/// would have seen an error; Ctrl-C ends a run in order.
#[derive(Debug, Parser)]
#[command(name = "tidings-load", version, max_term_width = 100)]
struct Arguments {
    #[command(subcommand)]
    scenario: Scenario,
    /// Threads; one is the cheapest, and enough for a server on the same machine
    #[arg(long, global = true, default_value_t = 1, value_parser = clap::value_parser!(u8).range(1..))]
    threads: u8,
}

#[derive(Debug, Subcommand)]
enum Scenario {
    /// Connections that do nothing but beat
    Idle(With<Idle>),
    /// In each pair one user writes to the other, at a rate or flat out
    Pairs(With<Pairs>),
    /// One user writes to a group
    Group(With<Group>),
    /// All are cut off at once and come back
    Storm(With<Storm>),
    /// Pairs at a rate for hours
    Soak(With<Soak>),
    /// One user asks for as much as it can; what another notices
    Flood(With<Flood>),
    /// The yardstick: round trips with a bare echo server
    Echo(With<Echo>),
    /// The yardstick of a disk: writes that are synced, as a server's log is; needs no server
    Disk(Disk),
}

#[derive(Debug, clap::Args)]
struct With<T: clap::Args> {
    #[command(flatten)]
    options: T,
    #[command(flatten)]
    common: Common,
}

fn main() -> Result<ExitCode> {
    let arguments = Arguments::parse();
    let mut builder = if arguments.threads == 1 {
        tokio::runtime::Builder::new_current_thread()
    } else {
        tokio::runtime::Builder::new_multi_thread()
    };
    if arguments.threads > 1 {
        builder.worker_threads(usize::from(arguments.threads));
    }
    builder
        .enable_all()
        .build()
        .context("cannot start")?
        .block_on(run(arguments.scenario))
}

async fn run(scenario: Scenario) -> Result<ExitCode> {
    let stop = CancellationToken::new();
    let interrupted = stop.clone();
    tokio::spawn(async move {
        if tokio::signal::ctrl_c().await.is_ok() {
            interrupted.cancel();
        }
    });
    let (common, report) = match scenario {
        Scenario::Idle(With { options, common }) => {
            let report = idle::run(&common, &logins(&common)?, &options, &stop).await?;
            (common, report)
        }
        Scenario::Pairs(With { options, common }) => {
            let report = pairs::run(&common, &logins(&common)?, &options, &stop).await?;
            (common, report)
        }
        Scenario::Group(With { options, common }) => {
            let report = group::run(&common, &logins(&common)?, &options, &stop).await?;
            (common, report)
        }
        Scenario::Storm(With { options, common }) => {
            let report = storm::run(&common, &logins(&common)?, &options, &stop).await?;
            (common, report)
        }
        Scenario::Soak(With { options, common }) => {
            let report = soak::run(&common, &logins(&common)?, &options, &stop).await?;
            (common, report)
        }
        Scenario::Flood(With { options, common }) => {
            let report = flood::run(&common, &logins(&common)?, &options, &stop).await?;
            (common, report)
        }
        Scenario::Echo(With { options, common }) => {
            let report = echo::run(&common, &options, &stop).await?;
            (common, report)
        }
        Scenario::Disk(options) => {
            write_report(&disk::run(&options, &stop).await?, options.json)?;
            return Ok(ExitCode::SUCCESS);
        }
    };
    write_report(&report, common.json)?;
    Ok(if report.is_clean() {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

fn logins(common: &Common) -> Result<Vec<Login>> {
    let file = common.tokens.as_deref();
    login::read(file.context("set --tokens to a file of lines of uid, tab and token")?)
}

fn write_report(report: &(impl Display + Serialize), json: Option<PathBuf>) -> Result<()> {
    print!("{report}");
    if let Some(file) = json {
        let json = serde_json::to_string_pretty(report)?;
        std::fs::write(&file, json).with_context(|| format!("cannot write {}", file.display()))?;
    }
    Ok(())
}
