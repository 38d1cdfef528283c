//! Redis is killed, flushed, frozen and locked while users write.

use super::crowd::Crowd;
use super::process::seed;
use super::traffic::{FLAGS, settle_and_check, write_for};
use anyhow::{Context, Result};
use std::time::Duration;
use tidings_services::Redis;
use tidings_tests::server::Server;

const PEOPLE: usize = 10;
const DEVICES_EACH: usize = 4;
/// Long enough to detect a Redis that does not answer.
const FREEZE_TIME: Duration = Duration::from_secs(6);

/// Users write for this time in each state of Redis: nothing is lost, duplicated or out of order.
pub(crate) async fn write_through_redis_faults(phase: Duration) -> Result<()> {
    let mut server = Server::fleet_with_redis(&FLAGS, Redis::absent()?).await?;
    let mut crowd = Crowd::new(&server, PEOPLE, DEVICES_EACH, seed("redis")).await?;
    write_for(&mut crowd, phase).await?;

    server.parts()?.redis.start_again().await?;
    write_for(&mut crowd, phase).await?;
    server.parts()?.redis.kill().await.context("kill")?;
    write_for(&mut crowd, phase).await?;
    server.parts()?.redis.start_again().await?;
    write_for(&mut crowd, phase).await?;
    server.parts()?.redis.flush().await?;
    write_for(&mut crowd, phase).await?;
    server.parts()?.redis.freeze()?;
    write_for(&mut crowd, FREEZE_TIME).await?;
    server.parts()?.redis.thaw()?;
    write_for(&mut crowd, phase).await?;
    server.parts()?.redis.refuse_logins().await?;
    write_for(&mut crowd, 2 * phase).await?;
    server.parts()?.redis.accept_logins().await?;
    write_for(&mut crowd, phase).await?;
    settle_and_check(&server, crowd).await
}
