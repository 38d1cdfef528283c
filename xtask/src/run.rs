//! `run`: the demo, built for release. `release`: one binary that contains the page.

use std::ffi::OsString;
use std::os::unix::process::CommandExt as _;

use anyhow::Result;

use crate::command::{cargo, line, trunk};
use crate::setup::{self, Need};
use crate::step::Steps;
use crate::workspace::Workspace;

/// The users that `--demo` puts into an empty database, and their password.
const LOGINS: &str = "
    logins, password 1234 (unless changed in this database):
      张三  zhangsan@gmail.com
      李四  lisi@gmail.com
      王五  wangwu@hotmail.com
    Ctrl-C ends it
";

/// Builds page and server for release, and replaces this process by the server; returns only an
/// error.
pub(crate) fn run(workspace: &Workspace, steps: &mut Steps, serve: &[OsString]) -> Result<()> {
    setup::ensure(workspace, steps, Need::Page)?;
    steps.run("build the page", &mut trunk(&["build", "--release"]))?;
    let mut build = cargo(&["build", "--release", "--bin", "tidings"]);
    steps.run("build the server", &mut build)?;
    steps.print_summary();
    let mut run = cargo(&["run", "--quiet", "--release", "--", "serve", "--demo"]);
    run.args(serve);
    println!("{LOGINS}\n    $ {}", line(&run));
    Err(run.exec().into())
}

/// Builds the page, then the server with the page inside.
pub(crate) fn release(workspace: &Workspace, steps: &mut Steps) -> Result<()> {
    setup::ensure(workspace, steps, Need::Page)?;
    steps.run("build the page", &mut trunk(&["build", "--release"]))?;
    let mut build = cargo(&["build", "--release", "--package", "tidings-server"]);
    build.args(["--features", "embedded-page"]);
    steps.run("build the server with the page inside", &mut build)?;
    steps.print_summary();
    let binary = workspace.target.join("release/tidings");
    let tenths = binary.metadata()?.len() * 10 / (1 << 20);
    let (whole, tenth) = (tenths / 10, tenths % 10);
    let binary = binary.display();
    println!("\n    {binary} is {whole}.{tenth} MiB and needs no other file");
    Ok(())
}
