//! Limits of connections, and the answers beyond them.

use anyhow::{Context, Result, bail, ensure};
use serde_json::{Value, json};
use std::sync::Arc;
use tidings_tests::server::{Launch, Server, ZHANG};
use tidings_tests::socket::Socket;
use tokio::task::JoinSet;
use tokio_tungstenite::tungstenite::Error;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;

/// One process, also when other tests run on a fleet: these limits are per node.
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
async fn full_node_refuses_with_retry_after_until_one_leaves() -> Result<()> {
    let server = alone(&["--max-connections", "2"]).await?;
    let token = server.login(ZHANG.1).await?;
    let bind = json!({"uid": ZHANG.0});
    let mut first = Socket::bound_with(&server, &token, bind.clone()).await?;
    let _second = Socket::bound_with(&server, &token, bind.clone()).await?;
    let (status, wait, code) = refused(&server, "192.0.2.1").await?;
    assert_eq!((status, code.as_str()), (503, "unavailable"));
    assert!((5..=10).contains(&wait), "{wait}");

    // Closed by the server for a binary frame. Its slot is free after the close handshake.
    first.send_binary(vec![0]).await?;
    first.closed().await?;
    drop(first);
    loop {
        // Until the slot is released just after the close handshake, the refusal is the same.
        match Socket::bound_with(&server, &token, bind.clone()).await {
            Ok(_) => return Ok(()),
            Err(error) if error.to_string().contains("503") => {}
            Err(error) => return Err(error),
        }
    }
}

#[tokio::test]
async fn address_limit_counts_an_untrusted_proxy_as_one_address() -> Result<()> {
    let flags = ["--max-connections-per-address", "1"];
    let server = alone(&flags).await?;
    let _here = Socket::bound(&server, ZHANG).await?;
    let (status, wait, code) = refused(&server, "192.0.2.1").await?;
    assert_eq!((status, code.as_str()), (429, "too_many_attempts"));
    assert!(wait >= 5, "{wait}");

    let trusting = [flags.as_slice(), &["--trusted-proxies", "127.0.0.0/8"]].concat();
    let server = alone(&trusting).await?;
    let _here = Socket::bound(&server, ZHANG).await?;
    // Another client of the same proxy, not logged in: accepted, so that it gets that error.
    let other = refused(&server, "192.0.2.1").await;
    assert_eq!(
        other.err().map(|e| e.to_string()),
        Some("it was opened".into())
    );
    assert_eq!(refused(&server, "127.0.0.1").await?.0, 429);
    Ok(())
}

#[tokio::test]
async fn user_over_the_connection_limit_gets_retry_ms() -> Result<()> {
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

/// Tries to log in with the usual password, as from this address. Returns the status.
async fn log_in(server: &Server, email: &str, address: &str) -> Result<u16> {
    let request = server.http().post(server.url("/api/login"));
    let request = request.header("x-forwarded-for", address);
    let body = json!({"email": email, "password": "1234"});
    Ok(request.json(&body).send().await?.status().as_u16())
}

#[tokio::test]
async fn login_refused_by_overload_does_not_count_as_a_guess() -> Result<()> {
    let server = Arc::new(alone(&["--trusted-proxies", "127.0.0.0/8"]).await?);
    // More than the queue of password checks holds, each in a loop.
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
    // Ten wrong passwords would lead to a wait; these logins were not checked.
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
