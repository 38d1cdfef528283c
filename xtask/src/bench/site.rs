//! A database with users, and their tokens.

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, ensure};
use tempfile::TempDir;
use tidings_services::Postgres;

use super::node::{Node, command};

/// The first user's uid.
const FIRST: i64 = 1000;

/// A database, in a temporary folder or in a Postgres.
#[derive(Debug)]
pub(super) struct Site {
    folder: TempDir,
    server: PathBuf,
    url: String,
    tokens: Vec<(i64, String)>,
}

impl Site {
    /// On SQLite.
    pub(super) async fn on_sqlite(server: &Path, users: u32) -> Result<Self> {
        Self::new(server, users, "sqlite://tidings.db".into()).await
    }

    /// In a new database of a Postgres.
    pub(super) async fn on_postgres(
        server: &Path,
        users: u32,
        postgres: &Postgres,
        name: &str,
    ) -> Result<Self> {
        let url = postgres.create_database(name).await?;
        Self::new(server, users, url).await
    }

    async fn new(server: &Path, users: u32, url: String) -> Result<Self> {
        let folder = tempfile::Builder::new()
            .prefix("tidings-bench-")
            .tempdir()?;
        let mut site = Self {
            folder,
            server: server.to_owned(),
            url,
            tokens: Vec::new(),
        };
        let last = FIRST + i64::from(users) - 1;
        // Without passwords: hashing 15,000 takes minutes, and they are not used here.
        let mut csv = String::from("email,username,password,avatar,uid\n");
        for uid in FIRST..=last {
            writeln!(csv, "user{uid}@example.org,User {uid},,,{uid}")?;
        }
        fs::write(site.folder.path().join("users.csv"), csv)?;
        site.command(&["user", "import", "users.csv"]).await?;
        let range = format!("{FIRST}-{last}");
        let lines = site.command(&["token", "issue", "--uid", &range]).await?;
        fs::write(site.tokens_file(), &lines)?;
        for line in lines.lines() {
            let (uid, token) = line.split_once('\t').context("a token without a uid")?;
            site.tokens.push((uid.parse()?, token.to_owned()));
        }
        Ok(site)
    }

    /// The users' tokens, as the load tool reads them.
    pub(super) fn tokens_file(&self) -> PathBuf {
        self.folder.path().join("tokens.txt")
    }

    /// Starts a node on it.
    pub(super) async fn node(&self, redis_url: Option<&str>) -> Result<Node> {
        // The limits per user are far below the load of the benchmarks.
        let no_limits = ["--user-requests", "0", "--user-bytes", "0"];
        let mut arguments = vec!["serve", "--database-url", &self.url];
        arguments.extend(no_limits);
        if let Some(url) = redis_url {
            arguments.extend(["--redis-url", url]);
        }
        Node::start(&self.server, &arguments, self.folder.path()).await
    }

    /// Creates a group of the first users; the first one owns it.
    pub(super) fn group(&self, node: &Node, members: u32) -> Result<i64> {
        let members = &self.tokens[..members as usize];
        let (owner, others) = members.split_first().context("a group of nobody")?;
        let uids: Vec<i64> = others.iter().map(|(uid, _)| *uid).collect();
        node.create_group(&owner.1, &uids)
    }

    async fn command(&self, arguments: &[&str]) -> Result<String> {
        let output = command(&self.server)
            .args(arguments)
            .env("DATABASE_URL", &self.url)
            .current_dir(self.folder.path())
            .output()
            .await?;
        ensure!(
            output.status.success(),
            "tidings {}: {}",
            arguments.join(" "),
            String::from_utf8_lossy(&output.stderr).trim()
        );
        Ok(String::from_utf8(output.stdout)?)
    }
}
