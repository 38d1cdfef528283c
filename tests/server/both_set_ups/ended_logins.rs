//! Logins that the operator ends by a command. The nodes are not notified of it.

use super::accounts::{ask, login};
use anyhow::{Context, Result};
use reqwest::Method;
use serde_json::{Value, json};
use tidings_tests::server::{LI, Server, ZHANG};
use tidings_tests::socket::Socket;

#[tokio::test]
async fn new_password_closes_the_connections_on_every_node() -> Result<()> {
    let server = Server::start(&[]).await?;
    // On a fleet they are connected to both nodes.
    let mut intruders = [
        Socket::bound(&server, ZHANG).await?,
        Socket::bound(&server, ZHANG).await?,
    ];
    let mut li = Socket::bound(&server, LI).await?;
    let change = ["user", "password", "--email", ZHANG.1];
    server.command(&change, "caf\u{e9}-Wache1\n").await?;
    for intruder in &mut intruders {
        assert_eq!(intruder.closed().await?.1, 4500);
    }
    li.send_message(1001, 1000, "still here").await?;
    Ok(())
}

#[tokio::test]
async fn locked_user_cannot_log_in_until_unlocked() -> Result<()> {
    let server = Server::start(&[]).await?;
    let mut socket = Socket::bound(&server, ZHANG).await?;
    let printed = server
        .command(&["user", "lock", "--email", ZHANG.1], "")
        .await?;
    assert_eq!(
        printed,
        "1000\tzhangsan@gmail.com\tlocked\t1 logins ended\n"
    );
    assert_eq!(socket.closed().await?.1, 4500);
    let (status, body) = login(&server, ZHANG.1, "1234").await?;
    assert_eq!((status, &body["code"]), (403, &json!("locked")));
    let (status, body) = login(&server, ZHANG.1, "wrong").await?;
    assert_eq!((status, &body["code"]), (401, &json!("bad_credentials")));
    let token = server
        .command(&["token", "issue", "--uid", "1000"], "")
        .await?;
    let me = ask(
        &server,
        Some(token.trim()),
        (Method::GET, "/api/me"),
        Value::Null,
    );
    assert_eq!(me.await?.0, 401);

    server
        .command(&["user", "unlock", "--email", ZHANG.1], "")
        .await?;
    assert_eq!(login(&server, ZHANG.1, "1234").await?.0, 200);
    Ok(())
}

#[tokio::test]
async fn logins_are_listed_and_ended_one_or_all() -> Result<()> {
    let server = Server::start(&[]).await?;
    let mut sockets = Vec::new();
    for _ in 0..3 {
        sockets.push(Socket::bound(&server, ZHANG).await?);
    }
    let list = ["logins", "list", "--email", ZHANG.1];
    let printed = server.command(&list, "").await?;
    assert_eq!(printed.lines().count(), 3, "{printed}");
    let first = printed.lines().next().context("no login")?;
    let id = first.split('\t').next().context("no id")?;
    let end = ["logins", "end", "--email", ZHANG.1];
    let one = [end.as_slice(), &["--id", id]].concat();
    assert_eq!(server.command(&one, "").await?, "1 logins ended\n");
    assert!(server.command(&one, "").await.is_err(), "it has ended");
    assert_eq!(server.command(&end, "").await?, "2 logins ended\n");
    for socket in &mut sockets {
        assert_eq!(socket.closed().await?.1, 4500);
    }
    assert_eq!(server.command(&list, "").await?, "");
    Ok(())
}
