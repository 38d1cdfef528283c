//! One `tidings serve` process.

use super::program::{binary, program, run, set_up};
use crate::TEST_TIMEOUT;
use anyhow::{Context, Result, ensure};
use rustix::process::{Pid, Signal, kill_process};
use std::path::{Path, PathBuf};
use std::process::{ExitStatus, Stdio};
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::{Child, Command};
use tokio::time::timeout;

/// The input of `tidings user import`.
const USERS: &str = "email,username,password,uid
zhangsan@gmail.com,张三,1234,1000
lisi@gmail.com,李四,1234,1001
wangwu@hotmail.com,王五,1234,1002
";

/// How a node is started and restarted.
#[derive(Debug, Clone)]
pub struct Launch {
    /// Its working directory.
    pub folder: PathBuf,
    /// Flags of `tidings serve`, besides `--listen`.
    pub flags: Vec<String>,
    /// Environment variables besides `DATABASE_URL`, or replacing it.
    pub environment: Vec<(&'static str, String)>,
    /// The command that runs the program, with its arguments; empty to run it directly.
    pub through: Vec<String>,
}

impl Launch {
    /// In a folder, with a SQLite file in it.
    pub fn new(folder: &Path, flags: &[&str]) -> Self {
        Self {
            folder: folder.to_owned(),
            flags: flags.iter().map(|&flag| flag.to_owned()).collect(),
            environment: Vec::new(),
            through: Vec::new(),
        }
    }

    /// Adds the users of the tests, unless the server adds the demo's.
    pub(super) async fn add_users(&self) -> Result<()> {
        if self.flags.iter().any(|flag| flag == "--demo") {
            return Ok(());
        }
        let file = self.folder.join("users.csv");
        tokio::fs::write(&file, USERS).await?;
        let mut import = program(&self.folder)?;
        for (name, value) in &self.environment {
            import.env(name, value);
        }
        run(import, &["user", "import", "users.csv"], "")
            .await
            .map(drop)
    }

    fn command(&self, listen: &str) -> Result<Command> {
        let binary = binary()?;
        let mut command = match self.through.split_first() {
            None => Command::new(binary),
            Some((first, rest)) => {
                let mut command = Command::new(first);
                command.args(rest).arg(binary);
                command
            }
        };
        set_up(&mut command, &self.folder);
        command
            .args(["serve", "--listen", listen])
            .args(&self.flags)
            .stdout(Stdio::piped());
        for (name, value) in &self.environment {
            command.env(name, value);
        }
        Ok(command)
    }
}

/// A node. Dropping it kills the process.
#[derive(Debug)]
pub struct Node {
    launch: Launch,
    child: Child,
    address: String,
}

impl Node {
    /// Starts one; port 0 takes a free one.
    ///
    /// # Errors
    /// When it does not say that it listens.
    pub async fn start(launch: Launch, listen: &str) -> Result<Self> {
        let (child, address) = spawn(&launch, listen).await?;
        Ok(Self {
            launch,
            child,
            address,
        })
    }

    /// `127.0.0.1:PORT`
    pub fn address(&self) -> &str {
        &self.address
    }

    /// The process id.
    ///
    /// # Errors
    /// When it has ended.
    pub fn pid(&self) -> Result<u32> {
        self.child.id().context("the node has ended")
    }

    /// Kills the process, like a power cut.
    ///
    /// # Errors
    /// When there is nothing to kill.
    pub async fn kill(&mut self) -> Result<()> {
        self.child.kill().await.context("cannot kill the node")
    }

    /// Sends SIGTERM and waits for the exit.
    ///
    /// # Errors
    /// When it does not end.
    pub async fn terminate(&mut self) -> Result<ExitStatus> {
        self.signal(Signal::TERM)?;
        timeout(TEST_TIMEOUT, self.child.wait())
            .await
            .context("the node does not end")?
            .context("cannot wait for the node")
    }

    /// Stops the process without ending it (SIGSTOP): its connections stay open and nothing is
    /// answered.
    ///
    /// # Errors
    /// When it has ended.
    pub fn freeze(&self) -> Result<()> {
        self.signal(Signal::STOP)
    }

    /// Ends [`Self::freeze`] (SIGCONT).
    ///
    /// # Errors
    /// When it has ended.
    pub fn thaw(&self) -> Result<()> {
        self.signal(Signal::CONT)
    }

    /// Starts it again after [`Self::kill`] or [`Self::terminate`], on the same port and the same
    /// database.
    ///
    /// # Errors
    /// When it does not say that it listens.
    pub async fn restart(&mut self) -> Result<()> {
        let (child, address) = spawn(&self.launch, &self.address).await?;
        ensure!(address == self.address, "another address: {address}");
        self.child = child;
        Ok(())
    }

    fn signal(&self, signal: Signal) -> Result<()> {
        let pid = Pid::from_raw(i32::try_from(self.pid()?)?).context("no process id")?;
        kill_process(pid, signal).context("cannot signal the node")
    }
}

async fn spawn(launch: &Launch, listen: &str) -> Result<(Child, String)> {
    let mut child = launch
        .command(listen)?
        .spawn()
        .context("cannot start the server")?;
    let stdout = child.stdout.take().context("a pipe")?;
    let mut lines = BufReader::new(stdout).lines();
    let line = timeout(TEST_TIMEOUT, lines.next_line())
        .await
        .context("the server says nothing")??
        .context("the server ended; see its words above")?;
    let address = line
        .strip_prefix("listening on http://")
        .with_context(|| format!("unexpected: {line}"))?;
    Ok((child, address.to_owned()))
}
