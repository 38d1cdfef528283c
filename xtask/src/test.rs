//! `test`: all that must hold before a change is taken.

use std::path::Path;
use std::process::Command;

use anyhow::Result;

use crate::axe;
use crate::browser::{self, Browser};
use crate::command::run;
use crate::page::{self, PageTools};
use crate::rust::{self, WASM};
use crate::services;
use crate::step::Steps;
use crate::workspace::Workspace;

/// Everything that runs natively.
const NATIVE: [&str; 3] = ["--workspace", "--exclude", "tidings-client"];
/// Chooses the set-up of the servers under test; see `tests/src/server.rs`.
const FLEET: &str = "TIDINGS_TEST_FLEET";
/// The end-to-end tests. Chosen out of all that runs natively: of the tests' package alone the
/// dependencies would have other features, and be compiled again.
const END_TO_END: [&str; 6] = ["--test", "server", "--test", "faults", "--test", "browser"];
/// Modules whose tests choose their set-up themselves, or look at the page alone; they have run when
/// the fleet's turn comes.
const SAME_ON_A_FLEET: [&str; 12] = [
    "access::",
    "disk_full::",
    "drain::a_node_that_drains_under_load",
    "input_method::",
    "installed::",
    "keyboard::",
    "long_conversation::",
    "node_frozen::",
    "node_killed::",
    "pictures::",
    "postgres_restarted::",
    "redis_faults::",
];
/// Seconds that the tests of one wasm file may take in the browser, on a busy machine too.
const WASM_TEST_SECONDS: &str = "180";

/// Runs the steps in order; the first failure ends it.
pub(crate) fn test(workspace: &Workspace, steps: &mut Steps) -> Result<()> {
    rust::ensure_components(steps)?;
    rust::ensure_wasm_target(steps)?;
    static_checks(workspace, steps)?;

    let tools = page::ensure_tools(workspace, steps)?;
    let browser = browser::ensure(steps)?;
    let axe = axe::ensure(steps)?;
    services::ensure(steps)?;
    page::fetch(workspace, steps)?;
    page::build_with(&tools, workspace, steps)?;
    native_tests(workspace, &browser, &axe, steps)?;
    browser_tests(workspace, &tools, &browser, steps)?;
    steps.print_summary();
    println!("\nall is well");
    Ok(())
}

fn static_checks(workspace: &Workspace, steps: &mut Steps) -> Result<()> {
    steps.step("check the format", || {
        run(
            workspace.cargo().args(["fmt", "--all", "--check"]),
            "run `cargo fmt --all`",
        )
    })?;
    steps.step("lint what runs natively", || {
        let mut clippy = workspace.cargo();
        clippy
            .arg("clippy")
            .args(NATIVE)
            .args(["--all-targets", "--", "-D", "warnings"]);
        run(&mut clippy, "mend what clippy reports above")
    })?;
    steps.step("lint what runs in the browser", || {
        // Not the tests of `shared`, which run natively: what they depend on knows no browser.
        for part in [
            ["tidings-client", "--all-targets"],
            ["tidings-shared", "--lib"],
        ] {
            let mut clippy = workspace.cargo();
            clippy.args(["clippy", "--target", WASM, "-p"]).args(part);
            run(
                clippy.args(["--", "-D", "warnings"]),
                "mend what clippy reports above",
            )?;
        }
        Ok(())
    })
}

fn native_tests(
    workspace: &Workspace,
    browser: &Browser,
    axe: &Path,
    steps: &mut Steps,
) -> Result<()> {
    // With the tests and in one go: built alone, the server would have other features, and its
    // dependencies would be compiled twice.
    steps.step("build the server and the native tests", || {
        let mut build = workspace.cargo();
        build
            .arg("build")
            .args(NATIVE)
            .args(["--bins", "--lib", "--tests"]);
        run(&mut build, "see the compiler's message above")
    })?;
    steps.step("test what runs natively, end to end included", || {
        let mut test = end_to_end(workspace, browser, axe);
        test.args(NATIVE).env_remove(FLEET);
        run(&mut test, "see which test failed above")
    })?;
    steps.step("test end to end on two nodes, Postgres and Redis", || {
        let mut test = end_to_end(workspace, browser, axe);
        test.args(NATIVE).args(END_TO_END);
        test.env(FLEET, "postgres").arg("--");
        for done in SAME_ON_A_FLEET {
            test.args(["--skip", done]);
        }
        run(&mut test, "see which test failed above")
    })?;
    steps.step("test the client's state natively", || {
        let mut test = workspace.cargo();
        test.args(["test", "-p", "tidings-client", "--lib"]);
        run(&mut test, "see which test failed above")
    })
}

fn end_to_end(workspace: &Workspace, browser: &Browser, axe: &Path) -> Command {
    let mut test = workspace.cargo();
    test.arg("test")
        .env("TIDINGS_BIN", workspace.server("debug"))
        .env("TIDINGS_CLIENT_DIR", workspace.dist())
        .env("TIDINGS_PICTURES", workspace.pictures())
        .env("TIDINGS_AXE", axe);
    with_browser(&mut test, browser);
    test
}

fn browser_tests(
    workspace: &Workspace,
    tools: &PageTools,
    browser: &Browser,
    steps: &mut Steps,
) -> Result<()> {
    let capabilities = workspace.scratch().join("webdriver.json");
    browser.write_capabilities(&capabilities)?;
    let runner = tools.wasm_bindgen.join("wasm-bindgen-test-runner");
    steps.step("test the client in the browser", || {
        let mut test = workspace.cargo();
        // `--tests` leaves out the examples in comments, which the browser cannot run.
        test.args(["test", "-p", "tidings-client", "--target", WASM, "--tests"])
            .env("CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_RUNNER", &runner)
            .env("WASM_BINDGEN_TEST_WEBDRIVER_JSON", &capabilities)
            .env("WASM_BINDGEN_TEST_TIMEOUT", WASM_TEST_SECONDS);
        run(
            with_browser(&mut test, browser),
            "see which test failed above",
        )
    })
}

fn with_browser<'a>(command: &'a mut Command, browser: &Browser) -> &'a mut Command {
    command
        .env("CHROMIUM", &browser.chromium)
        .env("CHROMEDRIVER", &browser.driver)
}
