//! `bench`: benchmarks of the server and the page on this machine.
//!
//! The modules in `bench/`: `site` (a database with its users), `node` (a server), `tool` (the load
//! tool and its report), `machine` (its description), `table` (the results), and `parts` (the
//! measurements). Everything is started for the benchmark and removed afterwards.

mod machine;
mod node;
mod parts;
mod site;
mod table;
mod tool;

use std::fs;
use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context as _, Result};
use clap::{Args, ValueEnum};

use self::parts::Bench;
use self::table::Table;
use crate::command::{cargo, trunk};
use crate::setup::{self, Need};
use crate::step::Steps;
use crate::test::page_tests;
use crate::workspace::Workspace;

/// How much is measured.
#[derive(Debug, Clone, Args)]
pub(crate) struct Options {
    /// Only show that everything works: few connections, short runs; writes no file
    #[arg(long)]
    quick: bool,
    /// Measure these parts alone, and write no file; may be repeated
    #[arg(long, value_name = "PART")]
    only: Vec<Part>,
}

/// What can be measured by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Part {
    /// One node on SQLite: echo, pairs flat out and at half of that
    Sqlite,
    /// The same on Postgres
    Postgres,
    /// Two nodes on Postgres and Redis: what the second one adds
    Nodes,
    /// Many connections that do nothing
    Idle,
    /// A large group
    Group,
    /// Everybody cut off at once
    Storm,
}

/// The sizes and durations of the benchmarks.
#[derive(Debug, Clone, Copy)]
struct Scale {
    /// The number of runs of which the median is reported.
    runs: usize,
    /// The duration of each throughput run.
    time: Duration,
    /// The number of idle connections.
    idle: u32,
    /// How long idle connections are measured.
    idle_time: Duration,
    /// Members of the group.
    members: u32,
    /// The number of messages to the group, in a burst and one by one.
    messages: u32,
    /// The number of connections to cut off.
    storm: u32,
}

impl Scale {
    const fn new(quick: bool) -> Self {
        if quick {
            Self {
                runs: 1,
                time: Duration::from_secs(2),
                idle: 500,
                idle_time: Duration::from_secs(2),
                members: 100,
                messages: 5,
                storm: 300,
            }
        } else {
            Self {
                runs: 5,
                time: Duration::from_secs(10),
                idle: 15_000,
                idle_time: Duration::from_secs(90),
                members: 5000,
                messages: 20,
                storm: 10_000,
            }
        }
    }

    /// The number of users that every part needs at most. A storm has one more, who writes.
    fn users(self) -> u32 {
        self.idle.max(self.members).max(self.storm + 1)
    }
}

/// Builds, measures and prints; after the whole set it also writes the table to a file.
pub(crate) fn bench(workspace: &Workspace, steps: &mut Steps, options: &Options) -> Result<()> {
    setup::ensure(workspace, steps, Need::Tests)?;
    let mut build = cargo(&["build", "--release", "--package", "tidings-server"]);
    build.args(["--package", "tidings-load"]);
    steps.run("build the server and the load tool", &mut build)?;
    let bench = Bench {
        programs: workspace.target.join("release"),
        scale: Scale::new(options.quick),
    };
    // The services end with the thread that started them, so it must be this one.
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    let mut table = Table::default();
    for part in Part::value_variants() {
        if !options.only.is_empty() && !options.only.contains(part) {
            continue;
        }
        let rows = steps.step(part.title(), || {
            runtime.block_on(async {
                match part {
                    Part::Sqlite => bench.on_sqlite().await,
                    Part::Postgres => bench.on_postgres().await,
                    Part::Nodes => bench.two_nodes().await,
                    Part::Idle => bench.idle().await,
                    Part::Group => bench.group().await,
                    Part::Storm => bench.storm().await,
                }
            })
        })?;
        for row in &rows {
            println!("    {row}");
        }
        table.add(part.title(), part.command(), rows);
    }
    if options.quick || !options.only.is_empty() {
        println!("    no file is written: this was not the whole set");
        return Ok(());
    }
    let file = file(workspace);
    fs::write(&file, table.page(&machine::describe()?, &commit(workspace)))
        .with_context(|| format!("cannot write {}", file.display()))?;
    println!("    written: {}", file.display());
    steps.run("build the page", &mut trunk(&["build", "--release"]))?;
    let measure = [
        "test",
        "--test",
        "measure",
        "--",
        "--nocapture",
        "--test-threads",
        "1",
    ];
    let mut measure = page_tests(workspace, &measure);
    steps.run("measure the page", &mut measure)
}

impl Part {
    /// The question that the part answers.
    const fn title(self) -> &'static str {
        match self {
            Self::Sqlite => "How much does one node deliver on SQLite?",
            Self::Postgres => "How much does one node deliver on Postgres?",
            Self::Nodes => "What does a second node add?",
            Self::Idle => "What does an idle connection cost?",
            Self::Group => "How long until a large group has a message?",
            Self::Storm => "How long until 10,000 clients are back after a cut?",
        }
    }

    fn command(self) -> String {
        let name = self.to_possible_value().expect("no part is hidden");
        format!("cargo xtask bench --only {}", name.get_name())
    }
}

fn file(workspace: &Workspace) -> PathBuf {
    workspace.root.join("docs/benchmarks.md")
}

/// The commit that was measured, marked if the working tree differs from it.
fn commit(workspace: &Workspace) -> String {
    let mut git = std::process::Command::new("git");
    git.args(["describe", "--always", "--dirty"])
        .current_dir(&workspace.root);
    let described = crate::command::output(&mut git);
    described.map_or_else(|| "unknown".into(), |text| text.trim().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scale_has_enough_users_for_every_part() {
        for quick in [false, true] {
            let scale = Scale::new(quick);
            assert!(
                scale.users() > scale.storm,
                "one more writes to those cut off"
            );
            assert!(scale.users() >= scale.idle && scale.users() >= scale.members);
            assert!(scale.users() >= 2 * parts::PAIRS);
        }
    }
}
