//! A Postgres cluster of one's own.

use crate::PATIENCE;
use crate::account::Account;
use crate::keeper::Keeper;
use crate::port::free_port;
use crate::program::{command, postgres_folder};
use crate::running::Running;
use anyhow::{Context, Result, anyhow, bail, ensure};
use rustix::process::Signal;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{OnceLock, mpsc};
use tempfile::TempDir;
use tokio::process::Command;
use tokio::runtime::Builder;
use tokio::time::timeout;

/// The account within Postgres, its superuser, and the database that exists from the start.
const NAME: &str = "tidings";
/// Ports tried: another process may take one between our look and the start.
const ATTEMPTS: usize = 3;

/// A cluster in a temporary folder, on a port of 127.0.0.1 that stays the same over restarts. Who
/// reaches loopback needs no password. Everything that makes commits durable is as Postgres sets
/// it: `fsync` and `synchronous_commit` are on.
///
/// Dropped, its processes are killed and the folder is removed. A cluster costs 0.6 s of one core,
/// nearly all of it `initdb`: tests that leave it alone use [`Postgres::shared`].
#[derive(Debug)]
pub struct Postgres {
    // Before the folder: fields are dropped in their order.
    running: Option<Running>,
    programs: PathBuf,
    account: Option<Account>,
    port: u16,
    folder: TempDir,
}

impl Postgres {
    /// The one of this process, started by the first who asks, for a database each. It is gone when the
    /// process ends, however that ends.
    ///
    /// # Errors
    /// When Postgres is not installed or does not start.
    pub fn shared() -> Result<&'static Self> {
        static SHARED: OnceLock<Result<(Postgres, Keeper), String>> = OnceLock::new();
        let shared = SHARED.get_or_init(|| {
            let (send, started) = mpsc::channel();
            // A service ends with the thread that starts it, so this one does not end.
            std::thread::spawn(move || {
                let runtime = Builder::new_current_thread().enable_all().build();
                runtime.map(|runtime| {
                    runtime.block_on(async {
                        let kept = async {
                            let postgres = Self::start().await?;
                            let pid = postgres.running()?.pid()?;
                            let keeper = Keeper::of_process(pid, postgres.folder.path())?;
                            anyhow::Ok((postgres, keeper))
                        };
                        let kept = kept.await.map_err(|error| format!("{error:#}"));
                        // Nobody waits any more only if the process is about to end.
                        let _ = send.send(kept);
                        std::future::pending::<()>().await;
                    });
                })
            });
            started.recv().map_err(|error| error.to_string()).flatten()
        });
        let (postgres, _) = shared.as_ref().map_err(|error| anyhow!("{error}"))?;
        Ok(postgres)
    }

    /// An empty database of one's own; returns its URL.
    ///
    /// # Errors
    /// When it does not answer.
    pub async fn own_database(&self) -> Result<String> {
        static COUNT: AtomicU64 = AtomicU64::new(0);
        let number = COUNT.fetch_add(1, Ordering::Relaxed);
        self.create_database(&format!("test{number}")).await
    }

    /// Makes a cluster and starts it, with the empty database `tidings`.
    ///
    /// # Errors
    /// When Postgres is not installed or does not start.
    pub async fn start() -> Result<Self> {
        let folder = tempfile::Builder::new()
            .prefix("tidings-postgres-")
            .tempdir()?;
        let account = Account::unprivileged()?;
        if let Some(account) = account {
            account.own(folder.path())?;
        }
        let mut postgres = Self {
            running: None,
            programs: postgres_folder()?,
            account,
            port: free_port()?,
            folder,
        };
        postgres.initialise().await?;
        for attempt in 1.. {
            match postgres.start_again().await {
                Ok(()) => break,
                Err(error) if attempt == ATTEMPTS => return Err(error),
                Err(_) => postgres.port = free_port()?,
            }
        }
        postgres
            .sql_in("postgres", "CREATE DATABASE tidings")
            .await?;
        Ok(postgres)
    }

    /// `postgres://…`, of the database `tidings`.
    pub fn url(&self) -> String {
        self.url_of(NAME)
    }

    /// Adds an empty database; returns its URL.
    ///
    /// # Errors
    /// When the name is taken, or needs quotes.
    pub async fn create_database(&self, name: &str) -> Result<String> {
        let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
        ensure!(name.chars().all(plain), "not a plain name: {name}");
        self.sql_in("postgres", &format!("CREATE DATABASE {name}"))
            .await?;
        Ok(self.url_of(name))
    }

    /// Runs SQL in the database `tidings`; returns the rows, a line each, columns joined by `|`.
    ///
    /// # Errors
    /// With Postgres' own words when it refuses.
    pub async fn sql(&self, sql: &str) -> Result<String> {
        self.sql_in(NAME, sql).await
    }

    /// Kills all its processes (SIGKILL), as when the machine fails.
    ///
    /// # Errors
    /// When it is not running.
    pub async fn kill(&mut self) -> Result<()> {
        let running = self.running.as_mut().context("it is not running")?;
        running.kill().await?;
        self.running = None;
        Ok(())
    }

    /// Ends it in an orderly way (`pg_ctl stop -m fast`): transactions are rolled back and
    /// connections closed.
    ///
    /// # Errors
    /// When it is not running or does not end.
    pub async fn stop(&mut self) -> Result<()> {
        self.end(Signal::INT).await
    }

    /// Starts it after [`Self::kill`] or [`Self::stop`], on the same port and the same data.
    ///
    /// # Errors
    /// When it does not start.
    pub async fn start_again(&mut self) -> Result<()> {
        ensure!(self.running.is_none(), "it is running");
        let mut start = self.program("postgres");
        start.arg("-D").arg(self.data());
        let settings = [
            format!("port={}", self.port),
            "listen_addresses=127.0.0.1".into(),
            "unix_socket_directories=".into(),
            "shared_buffers=32MB".into(),
            // Of several fleets at once.
            "max_connections=300".into(),
        ];
        for setting in &settings {
            start.args(["-c", setting]);
        }
        if cfg!(target_os = "linux") {
            // Before it recovers it syncs all of its files: a thousand calls, 5 s on a busy disk,
            // or this one.
            start.args(["-c", "recovery_init_sync_method=syncfs"]);
        }
        let ready = "ready to accept connections";
        self.running = Some(Running::start(start, ready).await?);
        Ok(())
    }

    /// `pg_ctl restart -m immediate`: every connection is cut amid whatever it does, and the new
    /// processes recover from the write-ahead log.
    ///
    /// # Errors
    /// When it is not running or does not come back.
    pub async fn restart_immediately(&mut self) -> Result<()> {
        self.end(Signal::QUIT).await?;
        self.start_again().await
    }

    /// Stops all its processes without ending them (SIGSTOP).
    ///
    /// # Errors
    /// When it is not running.
    pub fn freeze(&self) -> Result<()> {
        self.running()?.signal_all(Signal::STOP)
    }

    /// Ends [`Self::freeze`] (SIGCONT).
    ///
    /// # Errors
    /// When it is not running.
    pub fn thaw(&self) -> Result<()> {
        self.running()?.signal_all(Signal::CONT)
    }

    /// The last lines of its log.
    pub fn log(&self) -> String {
        self.running.as_ref().map(Running::log).unwrap_or_default()
    }

    fn url_of(&self, database: &str) -> String {
        format!("postgres://{NAME}@127.0.0.1:{}/{database}", self.port)
    }

    fn data(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    fn running(&self) -> Result<&Running> {
        self.running.as_ref().context("Postgres is not running")
    }

    async fn end(&mut self, signal: Signal) -> Result<()> {
        let running = self.running.as_mut().context("Postgres is not running")?;
        running.signal(signal)?;
        running.ended().await?;
        self.running = None;
        Ok(())
    }

    fn program(&self, name: &str) -> Command {
        let mut command = command(&self.programs.join(name), self.account);
        // What this machine is set to (PGHOST, PGUSER…) must not reach it.
        command
            .env_clear()
            .env("PATH", std::env::var_os("PATH").unwrap_or_default())
            .env("LC_ALL", "C")
            .current_dir(self.folder.path());
        command
    }

    async fn initialise(&self) -> Result<()> {
        let mut initdb = self.program("initdb");
        initdb.arg("-D").arg(self.data()).args([
            "--username",
            NAME,
            "--auth",
            "trust",
            "--encoding",
            "UTF8",
            "--no-locale",
            // The empty cluster is not on disk yet when this returns; what is committed later is.
            "--no-sync",
            "--no-instructions",
        ]);
        output(initdb).await.map(drop)
    }

    async fn sql_in(&self, database: &str, sql: &str) -> Result<String> {
        let mut psql = self.program("psql");
        psql.args(["-X", "-qAt", "-v", "ON_ERROR_STOP=1", "-d"])
            .arg(self.url_of(database))
            .args(["-c", sql]);
        output(psql).await
    }
}

async fn output(mut command: Command) -> Result<String> {
    let output = timeout(PATIENCE, command.output())
        .await
        .context("a program of Postgres does not end")??;
    if !output.status.success() {
        bail!("{}", String::from_utf8_lossy(&output.stderr).trim());
    }
    Ok(String::from_utf8(output.stdout)?.trim_end().to_owned())
}
