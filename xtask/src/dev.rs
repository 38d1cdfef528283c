//! `dev`: trunk serves the page, rebuilds and reloads it, and passes `/api` and `/ws` on to a
//! server beside it. The addresses are those in `Trunk.toml`.

use std::net::{Ipv4Addr, SocketAddr};
use std::process::{Command, ExitCode, Stdio};

use anyhow::{Result, bail};

use crate::command::run as run_command;
use crate::page;
use crate::probe;
use crate::run::LOGINS;
use crate::step::Steps;
use crate::supervisor::Supervisor;
use crate::workspace::Workspace;

const PAGE: SocketAddr = local(8080);
const SERVER: SocketAddr = local(8081);
/// The page's origins: the server refuses any other than its own.
const ORIGINS: &str = "http://127.0.0.1:8080,http://localhost:8080";

const fn local(port: u16) -> SocketAddr {
    SocketAddr::new(std::net::IpAddr::V4(Ipv4Addr::LOCALHOST), port)
}

/// Runs server and trunk until Ctrl-C, or until one of them ends, which is an error.
pub(crate) fn dev(workspace: &Workspace, steps: &mut Steps) -> Result<ExitCode> {
    for address in [PAGE, SERVER] {
        probe::expect_free(address, "stop it and try again")?;
    }
    let tools = page::ensure_tools(workspace, steps)?;
    page::fetch(workspace, steps)?;
    steps.step("build the server", || {
        let mut build = workspace.cargo();
        build.args(["build", "--package", "tidings-server", "--bin", "tidings"]);
        run_command(&mut build, "see the compiler's message above")
    })?;

    println!("==> start server and trunk");
    let mut server = Command::new(workspace.server("debug"));
    server
        .args(["serve", "--demo", "--listen", &SERVER.to_string()])
        .args([
            "--database-url",
            "sqlite://tidings-dev.db",
            "--allowed-origins",
            ORIGINS,
        ])
        .current_dir(&workspace.root);
    let mut trunk = tools.trunk(workspace, &["serve", "--dist"])?;
    trunk
        .arg(workspace.scratch().join("dev"))
        .stdin(Stdio::null());

    let mut supervisor = Supervisor::new()?;
    supervisor.start("the server", &mut server)?;
    if let Err(error) = supervisor.start("trunk", &mut trunk) {
        supervisor.end_now();
        return Err(error);
    }
    // trunk opens its port once the first build is there, and passes no /healthz on.
    let outcome = supervisor.wait(|| {
        let ready = probe::answers(PAGE) && probe::is_healthy(SERVER);
        if ready {
            println!("\n    open http://{PAGE}; saving a file of the page reloads it\n{LOGINS}\n");
        }
        ready
    })?;
    if outcome.asked {
        return Ok(ExitCode::SUCCESS);
    }
    bail!(
        "{} ended with {}, so all was ended; see above why",
        outcome.name,
        outcome.status
    )
}
