//! `run`: the demo, as a user would have it.

use std::env;
use std::ffi::OsString;
use std::net::{SocketAddr, ToSocketAddrs as _};
use std::os::unix::process::ExitStatusExt as _;
use std::process::{Command, ExitCode};

use anyhow::Result;

use crate::command::run as run_command;
use crate::page;
use crate::probe;
use crate::step::Steps;
use crate::supervisor::Supervisor;
use crate::workspace::Workspace;

/// What the server listens on unless told otherwise.
const LISTEN: &str = "127.0.0.1:8080";

/// The users that `--demo` puts into an empty database, and their password.
pub(crate) const LOGINS: &str = concat!(
    "    demo logins, password 1234 (unless changed in this database):\n",
    "      张三  zhangsan@gmail.com\n",
    "      李四  lisi@gmail.com\n",
    "      王五  wangwu@hotmail.com\n",
    "    Ctrl-C ends it",
);

/// Builds everything for release and serves it; returns the server's own exit code.
pub(crate) fn run(
    workspace: &Workspace,
    steps: &mut Steps,
    serve: &[OsString],
) -> Result<ExitCode> {
    let address = listen_address(serve, env::var("TIDINGS_LISTEN").ok());
    if let Some(address) = address {
        probe::expect_free(address, "stop it, or add `-- --listen 127.0.0.1:9090`")?;
    }
    page::build(workspace, steps)?;
    steps.step("build the server", || {
        let mut build = workspace.cargo();
        build.args([
            "build",
            "--release",
            "--package",
            "tidings-server",
            "--bin",
            "tidings",
        ]);
        run_command(&mut build, "see the compiler's message above")
    })?;
    steps.print_summary();

    println!("\n==> start the server");
    let mut server = Command::new(workspace.server("release"));
    server
        .args(["serve", "--demo", "--client-dir"])
        .arg(workspace.dist())
        .args(serve);
    let mut supervisor = Supervisor::new()?;
    supervisor.start("the server", server.current_dir(&workspace.root))?;
    let outcome = supervisor.wait(|| {
        let Some(address) = address.map(probe::reachable) else {
            return true;
        };
        let healthy = probe::is_healthy(address);
        if healthy {
            println!("\n    Tidings is ready: open http://{address}\n{LOGINS}\n");
        }
        healthy
    })?;
    if !outcome.status.success() {
        eprintln!(
            "\nerror: {} ended with {}; see its log above",
            outcome.name, outcome.status
        );
    }
    // A shell's way to tell of a signal.
    let code = outcome
        .status
        .code()
        .or(outcome.status.signal().map(|signal| 128 + signal));
    Ok(ExitCode::from(
        code.and_then(|code| u8::try_from(code).ok()).unwrap_or(1),
    ))
}

/// Where the server will listen: the flag, the environment, the default. `None` if that cannot be
/// told, or the system is to choose the port.
fn listen_address(serve: &[OsString], environment: Option<String>) -> Option<SocketAddr> {
    let mut arguments = serve.iter().map(|argument| argument.to_string_lossy());
    let mut flag = None;
    while let Some(argument) = arguments.next() {
        if argument == "--listen" {
            flag = arguments.next().map(String::from);
        } else if let Some(value) = argument.strip_prefix("--listen=") {
            flag = Some(value.to_owned());
        }
    }
    let listen = flag.or(environment).unwrap_or_else(|| LISTEN.to_owned());
    listen
        .to_socket_addrs()
        .ok()?
        .find(|address| address.port() != 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address(arguments: &[&str], environment: Option<&str>) -> Option<String> {
        let arguments: Vec<OsString> = arguments.iter().map(OsString::from).collect();
        listen_address(&arguments, environment.map(str::to_owned)).map(|found| found.to_string())
    }

    #[test]
    fn the_flag_goes_before_the_environment_and_that_before_the_default() {
        assert_eq!(address(&[], None).unwrap(), LISTEN);
        assert_eq!(address(&[], Some("127.0.0.1:1")).unwrap(), "127.0.0.1:1");
        let flag = ["--demo", "--listen", "127.0.0.1:2"];
        assert_eq!(address(&flag, Some("127.0.0.1:1")).unwrap(), "127.0.0.1:2");
        assert_eq!(address(&["--listen=0.0.0.0:3"], None).unwrap(), "0.0.0.0:3");
    }

    #[test]
    fn a_port_chosen_by_the_system_is_not_known_beforehand() {
        assert_eq!(address(&["--listen=127.0.0.1:0"], None), None);
    }
}
