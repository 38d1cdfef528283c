//! One node of two is killed repeatedly; its clients move to the other.

use crate::crowd::Crowd;
use crate::process::seed;
use crate::traffic::{FLAGS, settle_and_check, write_for};
use anyhow::Result;
use std::time::Duration;
use tidings_tests::server::Server;

const PEOPLE: usize = 10;
const DEVICES_EACH: usize = 5;
const KILLS: usize = 4;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs Postgres and Redis: cargo xtask test"]
async fn killed_and_restarted_node_loses_nothing() -> Result<()> {
    let mut server = Server::fleet(&FLAGS).await?;
    let mut crowd = Crowd::new(&server, PEOPLE, DEVICES_EACH, seed("node killed")).await?;
    for kill in 0..KILLS {
        write_for(&mut crowd, Duration::from_secs(2)).await?;
        server.parts()?.nodes[kill % 2].kill().await?;
        write_for(&mut crowd, Duration::from_secs(1)).await?;
        server.parts()?.nodes[kill % 2].restart().await?;
    }
    write_for(&mut crowd, Duration::from_secs(1)).await?;
    settle_and_check(&server, crowd).await
}
