//! One node of two is frozen for a while under load, and continues.

use super::crowd::Crowd;
use super::process::seed;
use super::traffic::{FLAGS, settle_and_check, write_for};
use anyhow::Result;
use std::time::Duration;
use tidings_tests::server::Server;

const PEOPLE: usize = 10;
const DEVICES_EACH: usize = 4;

/// It blocks nobody, and nothing is lost or duplicated.
pub(crate) async fn node_frozen_for(time: Duration) -> Result<()> {
    let mut server = Server::fleet(&FLAGS).await?;
    let mut crowd = Crowd::new(&server, PEOPLE, DEVICES_EACH, seed("node frozen")).await?;
    write_for(&mut crowd, Duration::from_secs(2)).await?;
    server.parts()?.nodes[0].freeze()?;
    write_for(&mut crowd, time).await?;
    server.parts()?.nodes[0].thaw()?;
    write_for(&mut crowd, Duration::from_secs(2)).await?;
    settle_and_check(&server, crowd).await
}
