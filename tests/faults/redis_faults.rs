//! Redis absent, killed, flushed, frozen, locked: sends are answered all the same, and what other
//! nodes committed arrives late rather than never.

use crate::crowd::{Crowd, add_people, login};
use crate::process::seed;
use crate::traffic::{FLAGS, settle_and_check, write_for};
use anyhow::{Context, Result};
use std::net::SocketAddr;
use std::time::Duration;
use tidings_services::Redis;
use tidings_tests::client::{Client, Status};
use tidings_tests::server::Server;

const PEOPLE: usize = 10;
const DEVICES_EACH: usize = 4;
/// For how long people write in each state of Redis.
const SPELL: Duration = Duration::from_secs(2);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_redis_sends_are_answered_and_pushes_between_nodes_come_late() -> Result<()> {
    let server = Server::fleet_with(&FLAGS, Redis::absent()?).await?;
    let people = add_people(&server, 2).await?;
    let mut clients = Vec::new();
    for (node, person) in server.nodes().iter().zip(&people) {
        let address: SocketAddr = node.address().parse()?;
        let client = Client::start(login(address, person, 0), 1);
        client.until(Status::is_settled).await?;
        clients.push(client);
        let ready = |query: &str| {
            let url = format!("http://{address}/readyz{query}");
            async { anyhow::Ok(server.http().get(url).send().await?) }
        };
        let without_bus = ready("?without=bus").await?;
        assert_eq!(without_bus.status().as_u16(), 200);
        let with_bus = ready("").await?;
        assert_eq!(with_bus.status().as_u16(), 503);
        assert!(with_bus.text().await?.contains("bus"));
    }
    let [here, there] = &clients[..] else {
        anyhow::bail!("two nodes")
    };
    here.write(there.uid(), "late rather than never".into())
        .await?;
    here.until(|status| status.figures.settled == 1).await?;
    there.until(|status| status.shown == 1).await?;
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whatever_happens_to_redis_nothing_is_lost_doubled_or_out_of_order() -> Result<()> {
    let mut server = Server::fleet_with(&FLAGS, Redis::absent()?).await?;
    let mut crowd = Crowd::new(&server, PEOPLE, DEVICES_EACH, seed("redis")).await?;
    write_for(&mut crowd, SPELL).await?;

    server.parts()?.redis.start_again().await?;
    write_for(&mut crowd, SPELL).await?;
    server.parts()?.redis.kill().await.context("kill")?;
    write_for(&mut crowd, SPELL).await?;
    server.parts()?.redis.start_again().await?;
    write_for(&mut crowd, SPELL).await?;
    server.parts()?.redis.flush().await?;
    write_for(&mut crowd, SPELL).await?;
    server.parts()?.redis.freeze()?;
    // Long enough to be noticed.
    write_for(&mut crowd, 3 * SPELL).await?;
    server.parts()?.redis.thaw()?;
    write_for(&mut crowd, SPELL).await?;
    server.parts()?.redis.refuse_logins().await?;
    write_for(&mut crowd, 2 * SPELL).await?;
    server.parts()?.redis.accept_logins().await?;
    write_for(&mut crowd, SPELL).await?;
    settle_and_check(&server, crowd).await
}
