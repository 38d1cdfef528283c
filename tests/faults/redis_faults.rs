//! Redis absent, or failing in every way: sends are answered all the same, and what other nodes
//! committed arrives late rather than never. `soak` lets each state last for longer.

use crate::crowd::{add_people, login};
use crate::people::redis_faults::whatever_happens_to_redis;
use crate::traffic::FLAGS;
use anyhow::Result;
use std::net::SocketAddr;
use std::time::Duration;
use tidings_services::Redis;
use tidings_tests::client::{Client, Status};
use tidings_tests::server::Server;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs Postgres: cargo xtask test"]
async fn without_redis_sends_are_answered_and_pushes_between_nodes_come_late() -> Result<()> {
    let server = Server::fleet_with_redis(&FLAGS, Redis::absent()?).await?;
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
#[ignore = "needs Postgres and Redis: cargo xtask test"]
async fn whatever_happens_to_redis_nothing_is_lost_or_doubled() -> Result<()> {
    whatever_happens_to_redis(Duration::from_millis(500)).await
}
