//! How many a server takes, and what it tells the others.

use anyhow::{Context, Result, bail, ensure};
use serde_json::{Value, json};
use std::sync::Arc;
use tidings_tests::server::{Launch, Server, ZHANG};
use tidings_tests::socket::Socket;
use tokio::task::JoinSet;
use tokio_tungstenite::tungstenite::Error;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;

/// One process, also where other tests run on a fleet: what is asked here is of one node.
async fn alone(flags: &[&str]) -> Result<Server> {
    let folder = tempfile::tempdir()?;
    let launch = Launch::new(folder.path(), flags);
    Server::alone(folder, launch).await
}

/// Tries to open a connection as a proxy that forwards for `client`; returns the status, the
/// seconds to wait and the code of the problem.
async fn refused(server: &Server, client: &str) -> Result<(u16, u64, String)> {
    let mut request = format!("ws://{}/ws", server.address()).into_client_request()?;
    let header = request.headers_mut();
    header.insert("x-forwarded-for", client.parse()?);
    match tokio_tungstenite::connect_async(request).await {
        Ok(_) => bail!("it was opened"),
        Err(Error::Http(answer)) => {
            let wait = answer.headers().get("retry-after").context("no time")?;
            let body: Value = serde_json::from_slice(answer.body().as_deref().unwrap_or(&[]))?;
            let code = body["code"].as_str().context("no code")?.to_owned();
            Ok((answer.status().as_u16(), wait.to_str()?.parse()?, code))
        }
        Err(error) => Err(error.into()),
    }
}

#[tokio::test]
async fn a_full_node_says_when_to_come_back_and_takes_the_next_when_one_leaves() -> Result<()> {
    let server = alone(&["--max-connections", "2"]).await?;
    let token = server.login(ZHANG.1).await?;
    let bind = json!({"uid": ZHANG.0});
    let mut first = Socket::bound_with(&server, &token, bind.clone()).await?;
    let _second = Socket::bound_with(&server, &token, bind.clone()).await?;
    let (status, wait, code) = refused(&server, "192.0.2.1").await?;
    assert_eq!((status, code.as_str()), (503, "unavailable"));
    assert!((5..=10).contains(&wait), "{wait}");

    // Closed by the server, for its bind; its place is free when the goodbye is over.
    first.send_binary(vec![0]).await?;
    first.closed().await?;
    drop(first);
    loop {
        // The place is given back just after the goodbye: until then it is the same refusal.
        match Socket::bound_with(&server, &token, bind.clone()).await {
            Ok(_) => return Ok(()),
            Err(error) if error.to_string().contains("503") => {}
            Err(error) => return Err(error),
        }
    }
}

#[tokio::test]
async fn an_address_has_a_limit_and_a_proxy_that_is_not_trusted_is_one_address() -> Result<()> {
    let flags = ["--max-connections-per-address", "1"];
    let server = alone(&flags).await?;
    let _here = Socket::bound(&server, ZHANG).await?;
    let (status, wait, code) = refused(&server, "192.0.2.1").await?;
    assert_eq!((status, code.as_str()), (429, "too_many_attempts"));
    assert!(wait >= 5, "{wait}");

    let trusting = [flags.as_slice(), &["--trusted-proxies", "127.0.0.0/8"]].concat();
    let server = alone(&trusting).await?;
    let _here = Socket::bound(&server, ZHANG).await?;
    // Another client of the same proxy, who is not logged in: opened, to be told so.
    let other = refused(&server, "192.0.2.1").await;
    assert_eq!(
        other.err().map(|e| e.to_string()),
        Some("it was opened".into())
    );
    assert_eq!(refused(&server, "127.0.0.1").await?.0, 429);
    Ok(())
}

#[tokio::test]
async fn a_user_with_too_many_connections_is_told_when_to_try_again() -> Result<()> {
    let server = alone(&["--max-connections-per-user", "1"]).await?;
    let token = server.login(ZHANG.1).await?;
    let bind = json!({"uid": ZHANG.0});
    let _first = Socket::bound_with(&server, &token, bind.clone()).await?;
    let mut second = Socket::open(&server, Some(&token)).await?;
    second.send(json!({"type": 1, "data": bind})).await?;
    let answer = second.frame(1).await?;
    assert_eq!(answer["status"], "failure");
    assert_eq!(answer["data"]["code"], "too_many_connections");
    let wait = answer["data"]["retryMs"].as_u64().context("no time")?;
    assert!((3000..=6000).contains(&wait), "{wait}");
    assert_eq!(second.closed().await?.1, 4003);
    Ok(())
}

/// Tries to log in with everybody's password, as from this address; returns the status.
async fn log_in(server: &Server, email: &str, address: &str) -> Result<u16> {
    let request = server.http().post(server.url("/api/login"));
    let request = request.header("x-forwarded-for", address);
    let body = json!({"email": email, "password": "1234"});
    Ok(request.json(&body).send().await?.status().as_u16())
}

#[tokio::test]
async fn who_cannot_log_in_because_others_flood_the_server_is_no_guesser() -> Result<()> {
    let server = Arc::new(alone(&["--trusted-proxies", "127.0.0.0/8"]).await?);
    // More than may wait for a password's turn, each again and again.
    let mut flood = JoinSet::new();
    for n in 0..250 {
        let server = Arc::clone(&server);
        flood.spawn(async move {
            for again in 0.. {
                let email = format!("nobody{n}.{again}@example.org");
                let address = format!("198.51.{}.{n}", again % 256);
                if log_in(&server, &email, &address).await.is_err() {
                    break;
                }
            }
        });
    }
    // Who was wrong ten times has to wait; these were not looked at.
    let mut in_a_row = 0;
    for _ in 0..10_000 {
        in_a_row = match log_in(&server, ZHANG.1, "192.0.2.1").await? {
            503 => in_a_row + 1,
            200 => 0,
            other => bail!("{other} after {in_a_row} times 503"),
        };
        if in_a_row > 10 {
            break;
        }
    }
    ensure!(in_a_row > 10, "the flood was none");
    flood.shutdown().await;
    Ok(())
}
