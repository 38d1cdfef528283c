//! Two nodes on Postgres and Redis behind a balancer.

use super::balancer::Balancer;
use super::node::{Launch, Node};
use anyhow::{Context, Result};
use std::net::SocketAddr;
use std::path::Path;
use std::process::ExitStatus;
use tidings_services::{Postgres, Redis, free_port};

/// A fleet. Dropping it ends its processes.
#[derive(Debug)]
pub struct Fleet {
    /// The nodes, named `a` and `b`.
    pub nodes: [Node; 2],
    /// The URL of their store.
    pub(super) database: String,
    /// Its Postgres, if the fleet does not share one.
    pub postgres: Option<Postgres>,
    /// Their bus.
    pub redis: Redis,
    balancer: Balancer,
}

impl Fleet {
    /// Starts both nodes at the same time, as in the deployment of a new version. Without a
    /// Postgres of its own the fleet has a database in the shared one; Redis may be absent.
    pub(super) async fn start(
        folder: &Path,
        flags: &[&str],
        postgres: Option<Postgres>,
        redis: Redis,
    ) -> Result<Self> {
        let database = match &postgres {
            Some(postgres) => postgres.url(),
            None => Postgres::shared()?.own_database().await?,
        };
        let mut launch = Launch::new(folder, flags);
        launch.environment = vec![
            ("DATABASE_URL", database.clone()),
            ("REDIS_URL", redis.url()),
        ];
        launch.add_users().await?;
        let start = async |name: &str| {
            let mut launch = launch.clone();
            let name_is = ("TIDINGS_NODE_NAME", name.to_owned());
            launch.environment.push(name_is);
            let port = free_port()?;
            let node = Node::start(launch, &format!("127.0.0.1:{port}")).await;
            node.with_context(|| format!("node {name}"))
        };
        let (a, b) = tokio::try_join!(start("a"), start("b"))?;
        let addresses = [&a, &b].map(|node| node.address().parse::<SocketAddr>());
        let addresses = addresses.into_iter().collect::<Result<_, _>>()?;
        Ok(Self {
            nodes: [a, b],
            database,
            postgres,
            redis,
            balancer: Balancer::start(addresses).await?,
        })
    }

    /// Where the balancer listens.
    pub fn address(&self) -> SocketAddr {
        self.balancer.address()
    }

    /// Kills both nodes.
    pub(super) async fn kill(&mut self) -> Result<()> {
        let [a, b] = &mut self.nodes;
        tokio::try_join!(a.kill(), b.kill()).map(drop)
    }

    /// Sends SIGTERM to both. Returns the exit status of one; a failure if there was one.
    pub(super) async fn terminate(&mut self) -> Result<ExitStatus> {
        let [a, b] = &mut self.nodes;
        let (a, b) = tokio::try_join!(a.terminate(), b.terminate())?;
        Ok(if a.success() { b } else { a })
    }

    /// Starts both again.
    pub(super) async fn restart(&mut self) -> Result<()> {
        let [a, b] = &mut self.nodes;
        tokio::try_join!(a.restart(), b.restart()).map(drop)
    }
}
