//! `test`: all checks that a change must pass. `soak`: the tests that take too long for that.

use std::process::Command;

use anyhow::Result;

use crate::command::{cargo, find_on_path, trunk};
use crate::setup::{self, Need, WASM};
use crate::smoke;
use crate::step::Steps;
use crate::workspace::Workspace;

/// The variable that selects two nodes, Postgres and Redis as the servers under test.
const FLEET: (&str, &str) = ("TIDINGS_TEST_FLEET", "postgres");
/// The filter of the tests that run on both set-ups: those of store, bus and presence.
const BOTH: &str = "both_set_ups::";

/// Runs the steps in order, up to the first failure.
pub(crate) fn test(workspace: &Workspace, steps: &mut Steps) -> Result<()> {
    setup::ensure(workspace, steps, Need::Tests)?;
    static_checks(steps)?;
    steps.run("build the page", &mut trunk(&["build", "--release"]))?;
    steps.run(
        "test what needs no service and no browser",
        &mut cargo(&["test"]),
    )?;
    let mut services = cargo(&["test", "--", "--ignored"]);
    one_more_at_once(&mut services);
    steps.run("test what needs Postgres and Redis", &mut services)?;
    let mut browser = page_tests(workspace, &["test", "--test", "browser"]);
    steps.run("test the page", &mut browser)?;
    let both = [
        "test", "--test", "server", "--test", "faults", "--test", "browser", "--", BOTH,
    ];
    let mut fleet = page_tests(workspace, &both);
    fleet.env(FLEET.0, FLEET.1);
    steps.run("test on two nodes, Postgres and Redis", &mut fleet)?;
    component_tests(steps)?;
    smoke::debug_page(workspace, steps)?;
    smoke::development(workspace, steps)?;
    println!("\nall is well");
    Ok(())
}

/// Runs the tests that take too long for [`test`], and the page in other browsers.
pub(crate) fn soak(workspace: &Workspace, steps: &mut Steps) -> Result<()> {
    setup::ensure(workspace, steps, Need::Soak)?;
    steps.run("build the page", &mut trunk(&["build", "--release"]))?;
    let soak = [
        "test",
        "--test",
        "soak",
        "--",
        "--nocapture",
        "--test-threads",
        "1",
    ];
    let mut soak = page_tests(workspace, &soak);
    let pictures = workspace.target.join("pictures");
    soak.env("TIDINGS_PICTURES", pictures);
    steps.run("test what takes long", &mut soak)
}

fn static_checks(steps: &mut Steps) -> Result<()> {
    let mut format = cargo(&["fmt", "--all", "--check"]);
    steps.run("check the format", &mut format)?;
    let mut native = cargo(&["clippy", "--all-targets", "--", "-D", "warnings"]);
    steps.run("lint what runs natively", &mut native)?;
    let mut page = cargo(&["clippy", "-p", "tidings-client", "--target", WASM]);
    page.args(["--all-targets", "--", "-D", "warnings"]);
    steps.run("lint what runs in the browser", &mut page)
}

/// Runs the component tests in Chromium, and in Firefox if geckodriver is installed.
fn component_tests(steps: &mut Steps) -> Result<()> {
    let drivers = [
        ("CHROMEDRIVER", "chromedriver"),
        ("GECKODRIVER", "geckodriver"),
    ];
    for (variable, name) in drivers {
        if let Some(driver) = find_on_path(name) {
            let mut test = cargo(&["test", "-p", "tidings-client", "--target", WASM]);
            test.env(variable, driver);
            steps.run(format!("test the components by {name}"), &mut test)?;
        }
    }
    Ok(())
}

/// Runs one test more in parallel than there are cores, because these tests mostly wait for a
/// browser, a service or a time.
fn one_more_at_once(command: &mut Command) {
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    command.env("RUST_TEST_THREADS", (cores + 1).to_string());
}

/// A cargo command for tests of the built page.
pub(crate) fn page_tests(workspace: &Workspace, arguments: &[&str]) -> Command {
    let mut command = cargo(arguments);
    one_more_at_once(&mut command);
    command
        .env("TIDINGS_CLIENT_DIR", workspace.root.join("dist"))
        .env("TIDINGS_AXE", setup::axe(workspace));
    command
}
