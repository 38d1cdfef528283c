//! Smoke tests of the development commands in the README.

use std::net::TcpStream;
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use anyhow::{Result, ensure};

use crate::command::{cargo, line, trunk};
use crate::step::Steps;
use crate::test::page_tests;
use crate::workspace::Workspace;

/// The server's own port, and the one of `Trunk.toml`.
const SERVER: &str = "127.0.0.1:8080";
const PAGE: &str = "127.0.0.1:8081";
/// The time limit of a build.
const BUILD_LIMIT: Duration = Duration::from_mins(15);

/// Tests a debug build of the page under the server's content security policy.
pub(crate) fn debug_page(workspace: &Workspace, steps: &mut Steps) -> Result<()> {
    let folder = workspace.target.join("page");
    let mut build = trunk(&["build"]);
    steps.run(
        "build the page for debugging",
        build.env("TRUNK_BUILD_DIST", &folder),
    )?;
    let name = "loading::page_does_not_violate";
    let mut test = page_tests(workspace, &["test", "--test", "browser", "--", name]);
    test.env("TIDINGS_CLIENT_DIR", folder);
    steps.run("test the page as built for debugging", &mut test)
}

/// Tests `cargo run -- --demo` with `trunk serve` beside it: a person logs in at trunk's address.
pub(crate) fn development(workspace: &Workspace, steps: &mut Steps) -> Result<()> {
    let folder = tempfile::tempdir()?;
    let database = format!("sqlite://{}/demo.db", folder.path().display());
    let mut run = cargo(&["run", "--", "--demo"]);
    let _server = steps.step("start the server for development", || {
        Running::start(run.env("DATABASE_URL", database), SERVER)
    })?;
    let mut serve = trunk(&["serve"]);
    serve.env("TRUNK_BUILD_DIST", workspace.target.join("page"));
    let _trunk = steps.step("start trunk beside it", || Running::start(&mut serve, PAGE))?;
    let mut test = page_tests(workspace, &["test", "--test", "browser", "--", "--ignored"]);
    test.arg("development::")
        .env("TIDINGS_PAGE", format!("http://{PAGE}/"));
    steps.run("test the page that trunk serves", &mut test)
}

/// A process that is killed on drop.
struct Running(Child);

impl Running {
    /// Starts the process, and waits until it listens, which means that it is ready.
    #[expect(clippy::disallowed_methods, reason = "nothing else runs here")]
    fn start(command: &mut Command, address: &str) -> Result<Self> {
        let listens = || TcpStream::connect(address).is_ok();
        ensure!(
            !listens(),
            "another program listens on {address}; end it and try again"
        );
        println!("    $ {} &", line(command));
        let started = Instant::now();
        let mut running = Self(command.stdin(Stdio::null()).spawn()?);
        while !listens() {
            let ended = running.0.try_wait()?;
            ensure!(ended.is_none(), "it ended; see above");
            ensure!(
                started.elapsed() < BUILD_LIMIT,
                "it does not listen on {address}"
            );
            sleep(Duration::from_millis(200));
        }
        Ok(running)
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}
