//! Redis killed, flushed, frozen, locked, amid whatever people write.

use super::crowd::Crowd;
use super::process::seed;
use super::traffic::{FLAGS, settle_and_check, write_for};
use anyhow::{Context, Result};
use std::time::Duration;
use tidings_services::Redis;
use tidings_tests::server::Server;

const PEOPLE: usize = 10;
const DEVICES_EACH: usize = 4;
/// Long enough for a Redis that does not answer to be noticed.
const NOTICED: Duration = Duration::from_secs(6);

/// People write for so long in each state of Redis: nothing is lost, doubled or out of order.
pub(crate) async fn whatever_happens_to_redis(spell: Duration) -> Result<()> {
    let mut server = Server::fleet_with_redis(&FLAGS, Redis::absent()?).await?;
    let mut crowd = Crowd::new(&server, PEOPLE, DEVICES_EACH, seed("redis")).await?;
    write_for(&mut crowd, spell).await?;

    server.parts()?.redis.start_again().await?;
    write_for(&mut crowd, spell).await?;
    server.parts()?.redis.kill().await.context("kill")?;
    write_for(&mut crowd, spell).await?;
    server.parts()?.redis.start_again().await?;
    write_for(&mut crowd, spell).await?;
    server.parts()?.redis.flush().await?;
    write_for(&mut crowd, spell).await?;
    server.parts()?.redis.freeze()?;
    write_for(&mut crowd, NOTICED).await?;
    server.parts()?.redis.thaw()?;
    write_for(&mut crowd, spell).await?;
    server.parts()?.redis.refuse_logins().await?;
    write_for(&mut crowd, 2 * spell).await?;
    server.parts()?.redis.accept_logins().await?;
    write_for(&mut crowd, spell).await?;
    settle_and_check(&server, crowd).await
}
