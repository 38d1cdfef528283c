//! One node of two is stopped for half a minute, amid whatever it was doing, and goes on.

use crate::crowd::Crowd;
use crate::process::seed;
use crate::traffic::{FLAGS, settle_and_check, write_for};
use anyhow::Result;
use std::time::Duration;
use tidings_tests::server::Server;

const PEOPLE: usize = 10;
const DEVICES_EACH: usize = 4;
const FROZEN: Duration = Duration::from_secs(30);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_node_frozen_for_thirty_seconds_holds_nobody_up_and_loses_and_doubles_nothing()
-> Result<()> {
    let mut server = Server::fleet(&FLAGS).await?;
    let mut crowd = Crowd::new(&server, PEOPLE, DEVICES_EACH, seed("node frozen")).await?;
    write_for(&mut crowd, Duration::from_secs(2)).await?;
    server.parts()?.nodes[0].freeze()?;
    write_for(&mut crowd, FROZEN).await?;
    server.parts()?.nodes[0].thaw()?;
    write_for(&mut crowd, Duration::from_secs(2)).await?;
    settle_and_check(&server, crowd).await
}
