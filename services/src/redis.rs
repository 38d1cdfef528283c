//! A Redis of one's own.

use crate::PATIENCE;
use crate::port::free_port;
use crate::program::{command, redis_server};
use crate::running::Running;
use anyhow::{Context, Result, ensure};
use rustix::process::Signal;
use std::fmt::Write as _;
use std::net::{Ipv4Addr, SocketAddr};
use tempfile::TempDir;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpStream;
use tokio::time::timeout;

/// Ports tried: another process may take one between our look and the start.
const ATTEMPTS: usize = 3;
/// The password that [`Redis::refuse_logins`] sets; no test knows it.
const SECRET: &str = "nobody-is-told";

/// A `redis-server` in a temporary folder, on a port of 127.0.0.1 that stays the same over
/// restarts. It keeps nothing on disk. Dropped, it is killed and the folder is removed.
#[derive(Debug)]
pub struct Redis {
    // Before the folder: fields are dropped in their order.
    running: Option<Running>,
    port: u16,
    locked: bool,
    folder: TempDir,
}

impl Redis {
    /// Starts one.
    ///
    /// # Errors
    /// When it is not installed or does not start.
    pub async fn start() -> Result<Self> {
        let mut redis = Self::absent()?;
        for attempt in 1.. {
            match redis.start_again().await {
                Ok(()) => break,
                Err(error) if attempt == ATTEMPTS => return Err(error),
                Err(_) => redis.port = free_port()?,
            }
        }
        Ok(redis)
    }

    /// One that has an address but is not started yet; see [`Self::start_again`].
    ///
    /// # Errors
    /// When there is no free port.
    pub fn absent() -> Result<Self> {
        Ok(Self {
            running: None,
            port: free_port()?,
            locked: false,
            folder: tempfile::Builder::new()
                .prefix("tidings-redis-")
                .tempdir()?,
        })
    }

    /// `redis://127.0.0.1:PORT`
    pub fn url(&self) -> String {
        format!("redis://{}", self.address())
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        (Ipv4Addr::LOCALHOST, self.port).into()
    }

    /// Starts it after [`Self::absent`], [`Self::kill`] or [`Self::stop`], empty, on the same port,
    /// with no password.
    ///
    /// # Errors
    /// When it does not start.
    pub async fn start_again(&mut self) -> Result<()> {
        ensure!(self.running.is_none(), "it is running");
        let mut start = command(&redis_server()?, None);
        start
            .args(["--port", &self.port.to_string(), "--bind", "127.0.0.1"])
            // Nothing on disk.
            .args(["--save", "", "--appendonly", "no"])
            .current_dir(self.folder.path());
        self.running = Some(Running::start(start, "Ready to accept connections").await?);
        self.locked = false;
        Ok(())
    }

    /// Kills it (SIGKILL).
    ///
    /// # Errors
    /// When it is not running.
    pub async fn kill(&mut self) -> Result<()> {
        let running = self.running.as_mut().context("Redis is not running")?;
        running.kill().await?;
        self.running = None;
        Ok(())
    }

    /// Ends it in an orderly way (SIGTERM).
    ///
    /// # Errors
    /// When it is not running or does not end.
    pub async fn stop(&mut self) -> Result<()> {
        let running = self.running.as_mut().context("Redis is not running")?;
        running.signal(Signal::TERM)?;
        running.ended().await?;
        self.running = None;
        Ok(())
    }

    /// Stops it without ending it (SIGSTOP): connections stay open and nothing is answered.
    ///
    /// # Errors
    /// When it is not running.
    pub fn freeze(&self) -> Result<()> {
        self.running()?.signal(Signal::STOP)
    }

    /// Ends [`Self::freeze`] (SIGCONT).
    ///
    /// # Errors
    /// When it is not running.
    pub fn thaw(&self) -> Result<()> {
        self.running()?.signal(Signal::CONT)
    }

    /// Removes every key (FLUSHALL).
    ///
    /// # Errors
    /// When it does not answer.
    pub async fn flush(&self) -> Result<()> {
        self.ask(&["FLUSHALL"]).await.map(drop)
    }

    /// Asks for a password nobody knows from now on, and closes every connection, so that all must
    /// log in again.
    ///
    /// # Errors
    /// When it does not answer.
    pub async fn refuse_logins(&mut self) -> Result<()> {
        self.ask(&["CONFIG", "SET", "requirepass", SECRET]).await?;
        self.locked = true;
        for kind in ["normal", "pubsub"] {
            self.ask(&["CLIENT", "KILL", "TYPE", kind]).await?;
        }
        Ok(())
    }

    /// Ends [`Self::refuse_logins`].
    ///
    /// # Errors
    /// When it does not answer.
    pub async fn accept_logins(&mut self) -> Result<()> {
        self.ask(&["CONFIG", "SET", "requirepass", ""]).await?;
        self.locked = false;
        Ok(())
    }

    /// Sends a command; returns the answer: a status, a number or a text.
    ///
    /// # Errors
    /// With its own words when Redis refuses, or when the answer is of another kind.
    pub async fn ask(&self, command: &[&str]) -> Result<String> {
        let asking = async {
            let mut stream = BufReader::new(TcpStream::connect(self.address()).await?);
            if self.locked {
                exchange(&mut stream, &["AUTH", SECRET]).await?;
            }
            exchange(&mut stream, command).await
        };
        timeout(PATIENCE, asking)
            .await
            .context("Redis does not answer")?
    }

    /// The last lines of its log.
    pub fn log(&self) -> String {
        self.running.as_ref().map(Running::log).unwrap_or_default()
    }

    fn running(&self) -> Result<&Running> {
        self.running.as_ref().context("Redis is not running")
    }
}

/// One command and its answer, in RESP2.
async fn exchange(stream: &mut BufReader<TcpStream>, command: &[&str]) -> Result<String> {
    let mut request = format!("*{}\r\n", command.len());
    for word in command {
        write!(request, "${}\r\n{word}\r\n", word.len())?;
    }
    stream.write_all(request.as_bytes()).await?;
    let mut line = String::new();
    stream.read_line(&mut line).await?;
    let line = line.trim_end();
    let (kind, rest) = line.split_at_checked(1).context("no answer")?;
    match kind {
        "+" | ":" => Ok(rest.to_owned()),
        "$" => {
            let length = usize::try_from(rest.parse::<i64>()?).unwrap_or(0);
            let mut text = vec![0; length];
            stream.read_exact(&mut text).await?;
            Ok(String::from_utf8(text)?)
        }
        _ => anyhow::bail!("Redis answers {line}"),
    }
}
