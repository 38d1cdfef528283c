//! Postgres is stopped as by a power cut and recovers, while two nodes write.

use crate::crowd::Crowd;
use crate::process::seed;
use crate::traffic::{FLAGS, settle_and_check, write_for};
use anyhow::{Context, Result};
use std::time::Duration;
use tidings_tests::server::Server;

const PEOPLE: usize = 10;
const DEVICES_EACH: usize = 4;
const RESTARTS: usize = 3;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs Postgres and Redis: cargo xtask test"]
async fn immediate_postgres_restart_loses_and_duplicates_nothing() -> Result<()> {
    let mut server = Server::fleet_with_postgres(&FLAGS).await?;
    let mut crowd = Crowd::new(&server, PEOPLE, DEVICES_EACH, seed("postgres")).await?;
    for _ in 0..RESTARTS {
        write_for(&mut crowd, Duration::from_secs(2)).await?;
        let postgres = server.parts()?.postgres.as_mut().context("its own")?;
        let writing = write_for(&mut crowd, Duration::from_secs(3));
        tokio::try_join!(postgres.restart_immediately(), writing)?;
    }
    write_for(&mut crowd, Duration::from_secs(1)).await?;
    settle_and_check(&server, crowd).await
}
