//! Redis is absent, or fails in every way: sends are answered all the same, and messages from other
//! nodes arrive late. In `soak` each state lasts longer.

use crate::crowd::{add_people, login};
use crate::people::redis_faults::write_through_redis_faults;
use crate::traffic::FLAGS;
use anyhow::Result;
use serde_json::json;
use std::net::SocketAddr;
use std::time::Duration;
use tidings_services::Redis;
use tidings_tests::client::{Client, Status};
use tidings_tests::server::{LI, Server, ZHANG};
use tidings_tests::socket::Socket;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs Postgres: cargo xtask test"]
async fn without_redis_sends_are_answered_and_pushes_are_late() -> Result<()> {
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
async fn redis_faults_lose_and_duplicate_nothing() -> Result<()> {
    write_through_redis_faults(Duration::from_millis(500)).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs Postgres and Redis: cargo xtask test"]
async fn after_a_resync_devices_get_read_marks_total_and_profile() -> Result<()> {
    let mut server = Server::fleet_with_redis(&[], Redis::start().await?).await?;
    let [here, there] = [0, 1].map(|n| server.nodes()[n].address().to_owned());
    let token = server.login(LI.1).await?;
    let bind = json!({"uid": LI.0, "conversations": true});
    let mut phone = Socket::bound_at(&here, &token, bind.clone()).await?;
    let mut laptop = Socket::bound_at(&there, &token, bind).await?;
    let mut zhang = Socket::bound(&server, ZHANG).await?;
    for n in 1..=2 {
        zhang.send_message(ZHANG.0, LI.0, "read this").await?;
        for device in [&mut phone, &mut laptop] {
            let push = device.frame(4).await?;
            device.ack(&json!(n)).await?;
            assert_eq!(push["data"]["seq"], n);
        }
    }

    server.parts()?.redis.kill().await?;
    let read = json!({"otherUid": ZHANG.0, "seq": 2});
    phone.send(json!({"type": 9, "data": read})).await?;
    // Its own node may have detected the loss by then, and sent the list again.
    let mark = loop {
        let frame = phone.next().await?;
        if frame["type"] == json!(9) {
            break frame;
        }
    };
    assert_eq!(mark["data"]["total"], 0);
    let rename = server.http().patch(format!("http://{here}/api/me"));
    let rename = rename.bearer_auth(&token).json(&json!({"username": "Li"}));
    rename.send().await?.error_for_status()?;
    server.parts()?.redis.start_again().await?;

    let (mut listed, mut total, mut name) = (None, None, None);
    while listed.is_none() || total.is_none() || name.is_none() {
        let mut frame = laptop.next().await?;
        let data = frame["data"].take();
        match frame["type"].as_u64() {
            Some(8) => listed = Some(data["conversations"][0].clone()),
            Some(5) => total = Some(data["unread"].clone()),
            Some(12) => name = Some(data["username"].clone()),
            other => anyhow::ensure!(other == Some(10), "{frame}"),
        }
    }
    let listed = listed.unwrap_or_default();
    assert_eq!(
        (&listed["readSeq"], &listed["unread"]),
        (&json!(2), &json!(0))
    );
    assert_eq!((total, name), (Some(json!(0)), Some(json!("Li"))));
    laptop.nothing_more(LI.0).await
}
