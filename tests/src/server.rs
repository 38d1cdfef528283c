//! The server under test: one `tidings serve` process on a SQLite file, or a fleet.
//!
//! [`Server::start`] follows `TIDINGS_TEST_FLEET`: unset means one process with an in-process bus,
//! `postgres` means two nodes on Postgres and Redis behind a balancer. The tests in modules named
//! `both_set_ups` run on both, all others only on the first.

mod balancer;
mod fleet;
mod node;
mod program;

pub use fleet::Fleet;
pub use node::{Launch, Node};
pub use program::{command, command_with_config, start};

use anyhow::{Context, Result, bail};
use serde_json::{Value, json};
use std::path::Path;
use std::process::ExitStatus;
use tempfile::TempDir;
use tidings_services::{Postgres, Redis, free_port};

/// Selects the set-up; see the module documentation.
const VARIABLE: &str = "TIDINGS_TEST_FLEET";

/// The users of a new server, as (uid, email); their password is 1234. They are those of `--demo`
/// without its messages: tests start with empty conversations.
pub const ZHANG: (i64, &str) = (1000, "zhangsan@gmail.com");
/// See [`ZHANG`].
pub const LI: (i64, &str) = (1001, "lisi@gmail.com");
/// See [`ZHANG`].
pub const WANG: (i64, &str) = (1002, "wangwu@hotmail.com");

/// The set-up that [`Server::start`] starts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SetUp {
    /// One process on a SQLite file.
    Alone,
    /// Two nodes on Postgres and Redis.
    Fleet,
}

impl SetUp {
    /// The set-up of this run.
    ///
    /// # Errors
    /// When there is no such set-up.
    pub fn asked() -> Result<Self> {
        match std::env::var(VARIABLE).as_deref() {
            Err(_) | Ok("") => Ok(Self::Alone),
            Ok("postgres") => Ok(Self::Fleet),
            Ok(other) => bail!("{VARIABLE} is {other:?}: unset it, or set it to postgres"),
        }
    }
}

/// A server with its own folder and database. Dropping it kills its processes.
#[derive(Debug)]
pub struct Server {
    running: Running,
    address: String,
    http: reqwest::Client,
    // Last, because fields are dropped in order and the processes run in it.
    folder: TempDir,
}

#[derive(Debug)]
enum Running {
    Alone(Box<Node>),
    Fleet(Box<Fleet>),
}

impl Server {
    /// Starts a server with three users, in the set-up of this run. With `--demo` among the flags
    /// it has the demo's data instead.
    ///
    /// # Errors
    /// When it does not say that it listens.
    pub async fn start(flags: &[&str]) -> Result<Self> {
        match SetUp::asked()? {
            SetUp::Alone => {
                let folder = tempfile::tempdir()?;
                let launch = Launch::new(folder.path(), flags);
                Self::alone(folder, launch).await
            }
            SetUp::Fleet => Self::fleet(flags).await,
        }
    }

    /// Starts one process, whatever the set-up of this run.
    ///
    /// # Errors
    /// When it does not say that it listens.
    pub async fn alone(folder: TempDir, launch: Launch) -> Result<Self> {
        // It uses the same port after a restart, so not an ephemeral port of the system.
        let listen = format!("127.0.0.1:{}", free_port()?);
        // A database elsewhere has its users already.
        if launch
            .environment
            .iter()
            .all(|(name, _)| *name != "DATABASE_URL")
        {
            launch.add_users().await?;
        }
        let node = Node::start(launch, &listen).await?;
        let address = node.address().to_owned();
        Ok(Self::new(Running::Alone(Box::new(node)), address, folder))
    }

    /// Starts a fleet, whatever the set-up of this run.
    ///
    /// # Errors
    /// When one of its nodes does not say that it listens.
    pub async fn fleet(flags: &[&str]) -> Result<Self> {
        Self::fleet_with(flags, None, Redis::start().await?).await
    }

    /// Starts a fleet with a Postgres of its own, for tests that restart it.
    ///
    /// # Errors
    /// When one of its nodes does not say that it listens.
    pub async fn fleet_with_postgres(flags: &[&str]) -> Result<Self> {
        let postgres = Postgres::start().await?;
        Self::fleet_with(flags, Some(postgres), Redis::start().await?).await
    }

    /// Starts a fleet with a Redis that may be absent.
    ///
    /// # Errors
    /// When one of its nodes does not say that it listens.
    pub async fn fleet_with_redis(flags: &[&str], redis: Redis) -> Result<Self> {
        Self::fleet_with(flags, None, redis).await
    }

    async fn fleet_with(flags: &[&str], postgres: Option<Postgres>, redis: Redis) -> Result<Self> {
        let folder = tempfile::tempdir()?;
        let fleet = Fleet::start(folder.path(), flags, postgres, redis).await?;
        let address = fleet.address().to_string();
        Ok(Self::new(Running::Fleet(Box::new(fleet)), address, folder))
    }

    fn new(running: Running, address: String, folder: TempDir) -> Self {
        Self {
            running,
            address,
            http: reqwest::Client::new(),
            folder,
        }
    }

    /// `127.0.0.1:PORT`, of the balancer if there is one.
    pub fn address(&self) -> &str {
        &self.address
    }

    /// `http://127.0.0.1:PORT` and the path.
    pub fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    /// The folder of its database, if that is a file, and of the input files of its commands.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// An HTTP client without cookies.
    pub const fn http(&self) -> &reqwest::Client {
        &self.http
    }

    /// The parts of a fleet.
    ///
    /// # Errors
    /// When it is not a fleet.
    pub fn parts(&mut self) -> Result<&mut Fleet> {
        match &mut self.running {
            Running::Fleet(fleet) => Ok(fleet),
            Running::Alone(_) => bail!("this server is one process"),
        }
    }

    /// The server processes.
    pub fn nodes(&self) -> &[Node] {
        match &self.running {
            Running::Alone(node) => std::slice::from_ref(node),
            Running::Fleet(fleet) => &fleet.nodes,
        }
    }

    /// Kills every node, like a power cut.
    ///
    /// # Errors
    /// When there is nothing to kill.
    pub async fn kill(&mut self) -> Result<()> {
        match &mut self.running {
            Running::Alone(node) => node.kill().await,
            Running::Fleet(fleet) => fleet.kill().await,
        }
    }

    /// Sends SIGTERM to every node and waits for its exit. Returns a failure if one failed.
    ///
    /// # Errors
    /// When one does not end.
    pub async fn terminate(&mut self) -> Result<ExitStatus> {
        match &mut self.running {
            Running::Alone(node) => node.terminate().await,
            Running::Fleet(fleet) => fleet.terminate().await,
        }
    }

    /// Starts every node again, on the same ports and the same database.
    ///
    /// # Errors
    /// When one does not say that it listens.
    pub async fn restart(&mut self) -> Result<()> {
        match &mut self.running {
            Running::Alone(node) => node.restart().await,
            Running::Fleet(fleet) => fleet.restart().await,
        }
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
        let mut program = program::program(self.folder.path())?;
        if let Running::Fleet(fleet) = &self.running {
            program
                .env("DATABASE_URL", &fleet.database)
                .env("REDIS_URL", fleet.redis.url());
        }
        program::run(program, arguments, input).await
    }
}
