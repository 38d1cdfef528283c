//! `--demo`: the course's users, with pictures and some messages.

use anyhow::{Context, Result};
use serde_json::{Value, json};
use tidings_tests::server::{LI, Server, WANG, ZHANG};
use tidings_tests::socket::Socket;

#[tokio::test]
async fn demo_users_get_pictures_and_history_once() -> Result<()> {
    let mut server = Server::start(&["--demo"]).await?;
    // With two nodes one adds the data, and the other may answer meanwhile.
    let expected = [row("即时消息学习小组", 1), row("王五", 1), row("李四", 1)];
    let complete = async {
        while list_of(&server, ZHANG).await? != expected {}
        anyhow::Ok(())
    };
    tokio::time::timeout(tidings_tests::TEST_TIMEOUT, complete).await??;
    server.kill().await?;
    server.restart().await?;

    let token = server.login(ZHANG.1).await?;
    let get = |path: &str| server.http().get(server.url(path)).bearer_auth(&token);
    let users: Value = get("/api/users").send().await?.json().await?;
    let users = users["users"].as_array().context("no users")?.clone();
    assert_eq!(users.len(), 3);
    for user in &users {
        let avatar = user["avatar"].as_str().context("no avatar")?;
        let picture = get(avatar).send().await?.error_for_status()?;
        assert_eq!(picture.headers()["content-type"], "image/png");
    }
    assert_eq!(list_of(&server, ZHANG).await?, expected, "not again");
    let of_li = [row("即时消息学习小组", 0), row("张三", 0)];
    assert_eq!(list_of(&server, LI).await?, of_li);
    let of_wang = [row("即时消息学习小组", 1), row("张三", 0)];
    assert_eq!(list_of(&server, WANG).await?, of_wang);
    Ok(())
}

fn row(name: &str, unread: i64) -> (Value, Value) {
    (json!(name), json!(unread))
}

/// The names of a user's conversations, newest first, and their unread counts.
async fn list_of(server: &Server, user: (i64, &str)) -> Result<Vec<(Value, Value)>> {
    let token = server.login(user.1).await?;
    let mut socket = Socket::open(server, Some(&token)).await?;
    let bound = socket
        .ask(1, json!({"uid": user.0, "conversations": true}))
        .await?;
    let list = bound["conversations"].as_array().context("no list")?;
    let row = |row: &Value| (row["name"].clone(), row["unread"].clone());
    Ok(list.iter().map(row).collect())
}
