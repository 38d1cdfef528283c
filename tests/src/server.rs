//! A `tidings serve` process of its own.

use crate::PATIENCE;
use anyhow::{Context, Result, bail, ensure};
use serde_json::{Value, json};
use std::path::{Path, PathBuf};
use std::process::{ExitStatus, Stdio};
use tempfile::TempDir;
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::process::{Child, Command};
use tokio::time::timeout;

/// The demo users, as (uid, email); their password is 1234.
pub const ZHANG: (i64, &str) = (1000, "zhangsan@gmail.com");
/// See [`ZHANG`].
pub const LI: (i64, &str) = (1001, "lisi@gmail.com");
/// See [`ZHANG`].
pub const WANG: (i64, &str) = (1002, "wangwu@hotmail.com");

/// A server with its own folder and database. Dropping it kills the process.
pub struct Server {
    folder: TempDir,
    flags: Vec<String>,
    child: Child,
    address: String,
    http: reqwest::Client,
}

impl Server {
    /// Starts a server with the demo users on a free port.
    ///
    /// # Errors
    /// When it does not say that it listens.
    pub async fn start(flags: &[&str]) -> Result<Self> {
        let folder = tempfile::tempdir()?;
        let flags: Vec<String> = flags.iter().map(|&flag| flag.to_owned()).collect();
        let (child, address) = spawn(folder.path(), "127.0.0.1:0", &flags).await?;
        Ok(Self {
            folder,
            flags,
            child,
            address,
            http: reqwest::Client::new(),
        })
    }

    /// `127.0.0.1:PORT`
    pub fn address(&self) -> &str {
        &self.address
    }

    /// `http://127.0.0.1:PORT` and the path.
    pub fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    /// The folder of its database.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// An HTTP client without cookies.
    pub const fn http(&self) -> &reqwest::Client {
        &self.http
    }

    /// The process id.
    ///
    /// # Errors
    /// When it has ended.
    pub fn pid(&self) -> Result<u32> {
        self.child.id().context("the server has ended")
    }

    /// Ends the process as a power cut would.
    ///
    /// # Errors
    /// When there is nothing to kill.
    pub async fn kill(&mut self) -> Result<()> {
        self.child.kill().await.context("cannot kill the server")
    }

    /// Asks the process to end (SIGTERM) and waits for it.
    ///
    /// # Errors
    /// When it does not end.
    pub async fn terminate(&mut self) -> Result<ExitStatus> {
        let pid = self.pid()?.to_string();
        let asked = Command::new("kill").args(["-TERM", &pid]).status().await?;
        ensure!(asked.success(), "cannot signal the server");
        timeout(PATIENCE, self.child.wait())
            .await
            .context("the server does not end")?
            .context("cannot wait for the server")
    }

    /// Starts it again, on the same port and the same database.
    ///
    /// # Errors
    /// When it does not say that it listens.
    pub async fn restart(&mut self) -> Result<()> {
        let (child, address) = spawn(self.folder.path(), &self.address, &self.flags).await?;
        ensure!(address == self.address, "another address: {address}");
        self.child = child;
        Ok(())
    }

    /// Logs in over HTTP and returns the bearer token.
    ///
    /// # Errors
    /// When the server refuses.
    pub async fn login(&self, email: &str) -> Result<String> {
        let body = json!({"email": email, "password": "1234"});
        let request = self.http.post(self.url("/api/login")).json(&body);
        let answer = request.send().await?.error_for_status()?;
        let answer: Value = answer.json().await?;
        let token = answer["token"].as_str().context("no token")?;
        Ok(token.to_owned())
    }

    /// Runs another command of the program on this server's database; returns what it printed.
    ///
    /// # Errors
    /// With what it printed as an error, when it fails.
    pub async fn command(&self, arguments: &[&str], input: &str) -> Result<String> {
        command(self.folder.path(), arguments, input).await
    }
}

/// Runs the program in `folder`.
///
/// # Errors
/// With what it printed as an error, when it fails.
pub async fn command(folder: &Path, arguments: &[&str], input: &str) -> Result<String> {
    run(program(folder)?, arguments, input).await
}

/// The same with a configuration file in place of `DATABASE_URL`.
///
/// # Errors
/// With what it printed as an error, when it fails.
pub async fn command_with_config(folder: &Path, arguments: &[&str], file: &Path) -> Result<String> {
    let mut program = program(folder)?;
    program
        .env_remove("DATABASE_URL")
        .env("TIDINGS_CONFIG", file);
    run(program, arguments, "").await
}

async fn run(mut program: Command, arguments: &[&str], input: &str) -> Result<String> {
    let mut child = program
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()?;
    let mut stdin = child.stdin.take().context("a pipe")?;
    // A program that needs no input may have ended already.
    let _ = stdin.write_all(input.as_bytes()).await;
    drop(stdin);
    let output = timeout(PATIENCE, child.wait_with_output())
        .await
        .context("it does not end")??;
    if !output.status.success() {
        bail!("{}", String::from_utf8_lossy(&output.stderr));
    }
    Ok(String::from_utf8(output.stdout)?)
}

async fn spawn(folder: &Path, listen: &str, flags: &[String]) -> Result<(Child, String)> {
    let mut child = program(folder)?
        .args(["serve", "--demo", "--listen", listen])
        .args(flags)
        .stdout(Stdio::piped())
        .spawn()
        .context("cannot start the server")?;
    let stdout = child.stdout.take().context("a pipe")?;
    let mut lines = BufReader::new(stdout).lines();
    let line = timeout(PATIENCE, lines.next_line())
        .await
        .context("the server says nothing")??
        .context("the server ended; see its words above")?;
    let address = line
        .strip_prefix("listening on http://")
        .with_context(|| format!("unexpected: {line}"))?;
    Ok((child, address.to_owned()))
}

fn program(folder: &Path) -> Result<Command> {
    let path = binary()?;
    let mut command = Command::new(path);
    for (name, _) in std::env::vars_os() {
        // Whatever this machine is set to must not reach the servers of the tests.
        if name.to_string_lossy().starts_with("TIDINGS_") {
            command.env_remove(name);
        }
    }
    command
        .current_dir(folder)
        .env("DATABASE_URL", "sqlite://tidings.db")
        .env_remove("REDIS_URL")
        .env(
            "TIDINGS_LOG",
            std::env::var("TIDINGS_TEST_LOG").unwrap_or("warn".into()),
        )
        .kill_on_drop(true);
    Ok(command)
}

/// The program under test: `TIDINGS_BIN`, or the one beside this test in the target folder.
fn binary() -> Result<PathBuf> {
    if let Some(path) = std::env::var_os("TIDINGS_BIN") {
        return Ok(path.into());
    }
    let test = std::env::current_exe()?;
    let beside = test.ancestors().nth(2).map(|folder| folder.join("tidings"));
    beside
        .filter(|path| path.exists())
        .context("no server to test: run `cargo build -p tidings-server` first")
}
