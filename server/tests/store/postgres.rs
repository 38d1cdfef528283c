//! A PostgreSQL server for tests: in a temporary folder, on a socket there, stopped with the
//! process that started it however that ends.

use sqlx::Connection as _;
use sqlx::postgres::{PgConnectOptions, PgConnection};
use std::io;
use std::os::unix::fs::chown;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, OnceLock};
use tempfile::TempDir;

/// Enough sessions for all concurrent tests. Only the server is killed, not the machine: written
/// data survives without fsync, and a recovery need not sync every file first.
const SETTINGS: &str = "-c max_connections=400 -c fsync=off";

/// A running server.
pub(crate) struct Postgres {
    folder: PathBuf,
    databases: AtomicU32,
    /// Watcher process: stops the server when its standard input is closed, at the latest when this
    /// process ends.
    keeper: Child,
}

impl Postgres {
    /// The shared server; each test has its own database.
    pub(crate) fn shared() -> &'static Self {
        static SHARED: OnceLock<Postgres> = OnceLock::new();
        SHARED.get_or_init(|| Self::start().expect("a PostgreSQL server"))
    }

    /// A server for one test only.
    pub(crate) fn dedicated() -> Arc<Self> {
        Arc::new(Self::start().expect("a PostgreSQL server"))
    }

    fn start() -> io::Result<Self> {
        let folder = TempDir::with_prefix("tidings-postgres-")?.keep();
        if let Some(id) = postgres_user() {
            chown(&folder, Some(id.0), Some(id.1))?;
        }
        let data = data(&folder);
        let settled = run(program("initdb")?
            .args(["-U", "tidings", "-A", "trust", "-E", "UTF8"])
            .args(["--no-locale", "--no-sync", "-D"])
            .arg(&data));
        settled?;
        let options = format!(
            "-c listen_addresses='' -c unix_socket_directories='{}' {SETTINGS}",
            folder.display()
        );
        run(control(&folder, "start")?
            .args(["-w", "-o", &options, "-l"])
            .arg(folder.join("log")))?;
        // Reads until this process ends, then cleans up.
        let keeper = Command::new("sh")
            .args([
                "-c",
                "cat >/dev/null; \"$@\" >/dev/null 2>&1; rm -rf \"$0\"",
            ])
            .arg(&folder)
            .arg(program("pg_ctl")?.get_program())
            .args(["stop", "-m", "immediate", "-D"])
            .arg(&data)
            .stdin(Stdio::piped())
            .as_postgres_user()
            .process_group(0)
            .spawn()?;
        Ok(Self {
            folder,
            databases: AtomicU32::new(0),
            keeper,
        })
    }

    /// Connection options of its superuser for a database.
    pub(crate) fn options(&self, database: &str) -> PgConnectOptions {
        PgConnectOptions::new_without_pgpass()
            .socket(&self.folder)
            .username("tidings")
            .database(database)
    }

    /// A new, empty database; its name.
    pub(crate) async fn database(&self) -> sqlx::Result<String> {
        let name = format!("test{}", self.databases.fetch_add(1, Ordering::Relaxed));
        let mut connection = PgConnection::connect_with(&self.options("postgres")).await?;
        let statement = sqlx::AssertSqlSafe(format!("CREATE DATABASE {name}"));
        sqlx::raw_sql(statement).execute(&mut connection).await?;
        connection.close().await?;
        Ok(name)
    }

    /// The URL of one of its databases.
    pub(crate) fn url(&self, database: &str) -> String {
        let folder = self.folder.display();
        format!("postgres://tidings@localhost/{database}?host={folder}")
    }

    /// Where it listens.
    pub(crate) fn socket(&self) -> PathBuf {
        self.folder.join(".s.PGSQL.5432")
    }

    /// What it has logged.
    pub(crate) fn log(&self) -> String {
        std::fs::read_to_string(self.folder.join("log")).expect("its log")
    }

    /// Stops it like a crash, and restarts it. Returns when it accepts connections again.
    pub(crate) fn crash_and_recover(&self) -> io::Result<()> {
        run(control(&self.folder, "restart")?
            .args(["-w", "-m", "immediate", "-l"])
            .arg(self.folder.join("log")))
    }
}

impl Drop for Postgres {
    fn drop(&mut self) {
        drop(self.keeper.stdin.take());
        // Waiting leaves no zombie; its exit status is ignored.
        let _ = self.keeper.wait();
    }
}

fn data(folder: &Path) -> PathBuf {
    folder.join("data")
}

fn control(folder: &Path, what: &str) -> io::Result<Command> {
    let mut command = program("pg_ctl")?;
    command.args([what, "-D"]).arg(data(folder));
    Ok(command)
}

/// One of PostgreSQL's programs, run as a user that it accepts.
fn program(name: &str) -> io::Result<Command> {
    let newest = |versions: std::fs::ReadDir| {
        let paths = versions
            .flatten()
            .map(|entry| entry.path().join("bin").join(name));
        paths.filter(|path| path.exists()).max()
    };
    let debian = std::fs::read_dir("/usr/lib/postgresql")
        .ok()
        .and_then(newest);
    let on_path = std::env::var_os("PATH").and_then(|paths| {
        std::env::split_paths(&paths)
            .map(|folder| folder.join(name))
            .find(|path| path.exists())
    });
    let path = debian.or(on_path).ok_or_else(|| {
        io::Error::other(format!(
            "no {name} here: install PostgreSQL (Debian: postgresql)"
        ))
    })?;
    let mut command = Command::new(path);
    command
        .current_dir("/")
        .stdin(Stdio::null())
        .as_postgres_user();
    Ok(command)
}

/// PostgreSQL refuses to run as root: the user and group of Debian's package.
fn postgres_user() -> Option<(u32, u32)> {
    static POSTGRES_USER: OnceLock<Option<(u32, u32)>> = OnceLock::new();
    let id = |flag: &str, user: &[&str]| -> Option<u32> {
        let output = Command::new("id").arg(flag).args(user).output().ok()?;
        String::from_utf8(output.stdout).ok()?.trim().parse().ok()
    };
    *POSTGRES_USER.get_or_init(|| {
        (id("-u", &[])? == 0).then_some(())?;
        Some((id("-u", &["postgres"])?, id("-g", &["postgres"])?))
    })
}

trait AsPostgresUser {
    fn as_postgres_user(&mut self) -> &mut Self;
}

impl AsPostgresUser for Command {
    fn as_postgres_user(&mut self) -> &mut Self {
        if let Some((user, group)) = postgres_user() {
            self.uid(user).gid(group);
        }
        self
    }
}

fn run(command: &mut Command) -> io::Result<()> {
    // The server inherits these handles; its output goes to the file given by `-l`.
    let output = command
        .stdout(Stdio::null())
        .stderr(Stdio::inherit())
        .status()?;
    if output.success() {
        return Ok(());
    }
    Err(io::Error::other(format!("{command:?}: {output}")))
}
