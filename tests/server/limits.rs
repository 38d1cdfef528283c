//! Limits per user and per network address: excess is refused with a time to retry, and others are
//! not affected.

use crate::both_set_ups::accounts::{ask, login, token};
use crate::metrics;
use anyhow::{Context, Result};
use reqwest::Method;
use serde_json::{Value, json};
use std::time::{Duration, Instant};
use tidings_shared::{Peer, UserId};
use tidings_tests::client::{Client, Login, Status};
use tidings_tests::server::{LI, Launch, Server, WANG, ZHANG};
use tidings_tests::socket::Socket;

async fn alone(flags: &[&str]) -> Result<Server> {
    let folder = tempfile::tempdir()?;
    let launch = Launch::new(folder.path(), flags);
    Server::alone(folder, launch).await
}

fn send(n: usize, content: &str) -> Value {
    let id = format!("id-{n}");
    json!({"type": 3, "data": {"senderUid": 1000, "recipientUid": 1001,
                               "content": content, "msgType": 1, "clientMsgId": id}})
}

#[tokio::test]
async fn excess_sends_are_refused_with_retry_ms() -> Result<()> {
    // A burst of 50 requests is allowed; the bind costs ten.
    let server = alone(&["--user-requests", "5"]).await?;
    let mut zhang = Socket::bound(&server, ZHANG).await?;
    // Opened before: a login takes time, in which the rate replenishes.
    let mut second = Socket::open(&server, Some(&server.login(ZHANG.1).await?)).await?;
    for n in 0..100 {
        zhang.send(send(n, "flood")).await?;
    }
    let mut refused = 0;
    for n in 0..100 {
        let answer = zhang.next().await?;
        assert_eq!(answer["data"]["clientMsgId"], format!("id-{n}"), "in order");
        if answer["type"] == json!(7) {
            assert_eq!(answer["data"]["code"], "too_many_requests");
            assert!(answer["data"]["retryMs"].as_u64().context("no time")? > 0);
            refused += 1;
        }
    }
    assert!(refused > 0, "all were taken");
    // The user's other devices share the limit; other users are not affected.
    second
        .send(json!({"type": 1, "data": {"uid": 1000}}))
        .await?;
    let refused = second.frame(1).await?;
    assert_eq!(refused["data"]["code"], "too_many_requests");
    assert_eq!(second.closed().await?.1, 4003);
    let mut wang = Socket::bound(&server, WANG).await?;
    for n in 0..30 {
        wang.send_message(1002, 1001, &n.to_string()).await?;
    }
    Ok(())
}

#[tokio::test]
async fn excess_bytes_are_refused_as_too_many_requests() -> Result<()> {
    let server = alone(&["--user-bytes", "100"]).await?;
    let mut zhang = Socket::bound(&server, ZHANG).await?;
    let text = "x".repeat(2_000);
    zhang.send(send(0, &text)).await?;
    assert_eq!(zhang.next().await?["type"], json!(3));
    zhang.send(send(1, &text)).await?;
    let refused = zhang.next().await?;
    assert_eq!(refused["data"]["code"], "too_many_requests");
    Ok(())
}

#[tokio::test]
async fn client_resends_refused_sends_later_and_in_order() -> Result<()> {
    let server = alone(&["--user-requests", "5"]).await?;
    let mut li = Socket::bound(&server, LI).await?;
    let login = Login {
        address: server.address().parse()?,
        token: server.login(ZHANG.1).await?,
        uid: UserId(ZHANG.0),
        device: "a".into(),
        keep: 100,
    };
    let client = Client::start(login, 1);
    client.until(Status::is_settled).await?;
    for n in 0..50 {
        let peer = Peer::User(UserId(LI.0));
        client.write_in(peer, n.to_string()).await?;
    }
    for n in 0..50 {
        let push = li.frame(4).await?;
        assert_eq!(push["data"]["content"], n.to_string());
        li.ack(&push["tid"]).await?;
    }
    client.stop().await?;
    let refused = "tidings_errors_total{code=\"too_many_requests\"}";
    let refused = metrics::figure(&metrics::text(&server).await?, refused)?;
    assert!(refused > 0.0, "no send was refused");
    Ok(())
}

#[tokio::test]
async fn client_that_ignores_retry_ms_is_slowed_down() -> Result<()> {
    let server = alone(&["--user-requests", "1"]).await?;
    let mut zhang = Socket::bound(&server, ZHANG).await?;
    let start = Instant::now();
    for _ in 0..200 {
        zhang
            .send(json!({"type": 5, "data": {"uid": 1000}}))
            .await?;
    }
    let mut refused = 0;
    for _ in 0..200 {
        refused += u32::from(zhang.next().await?["type"] == json!(7));
    }
    // Nothing is read for 10 ms after each refusal. A slow machine only makes it longer.
    assert!(refused > 100, "{refused} refused");
    let least = Duration::from_millis(10) * (refused - 1);
    assert!(start.elapsed() >= least, "{:?}", start.elapsed());
    Ok(())
}

#[tokio::test]
async fn http_requests_count_and_logins_do_not() -> Result<()> {
    let server = alone(&["--user-requests", "1"]).await?;
    let zhang = server.login(ZHANG.1).await?;
    let mut answers = Vec::new();
    for _ in 0..100 {
        let me = (Method::GET, "/api/me");
        answers.push(ask(&server, Some(&zhang), me, Value::Null).await?.0);
    }
    assert_eq!(
        (answers[0], answers.contains(&429)),
        (200, true),
        "{answers:?}"
    );
    assert!(server.login(ZHANG.1).await.is_ok());
    Ok(())
}

#[tokio::test]
async fn groups_and_member_additions_are_limited_per_user() -> Result<()> {
    let flags = [
        "--max-groups-owned",
        "2",
        "--max-groups",
        "3",
        "--user-additions",
        "8",
    ];
    let server = alone(&flags).await?;
    let (zhang, li) = (server.login(ZHANG.1).await?, server.login(LI.1).await?);
    let make = |token: String, members: Value| {
        let body = json!({"name": "g", "members": members});
        let server = &server;
        async move { ask(server, Some(&token), (Method::POST, "/api/groups"), body).await }
    };
    for expected in [201, 201, 409] {
        let (status, body) = make(zhang.clone(), json!([1001])).await?;
        assert_eq!(status, expected, "{body}");
    }
    let (status, _) = make(li.clone(), json!([])).await?;
    assert_eq!(status, 201, "the third that 1001 is in");
    let (status, body) = make(server.login(WANG.1).await?, json!([1001])).await?;
    assert_eq!((status, &body["code"]), (409, &json!("limit_reached")));

    // Six of eight additions are used up by the groups above, created and refused.
    let (status, _) = make(zhang.clone(), json!([1001, 1002])).await?;
    assert_eq!(status, 429);
    Ok(())
}

#[tokio::test]
async fn nearly_full_disk_refuses_writes() -> Result<()> {
    let full = alone(&["--disk-floor-mb", "1000000000"]).await?;
    let zhang = full.login(ZHANG.1).await?;
    let mut socket = Socket::bound_with(&full, &zhang, json!({"uid": 1000})).await?;
    let code = socket.refused(send(1, "hello")).await?;
    assert_eq!(code, "unavailable");
    let ready = full.http().get(full.url("/readyz")).send().await?;
    assert_eq!(ready.status().as_u16(), 503);
    assert_eq!(ready.text().await?, "the disk is nearly full\n");
    let group = json!({"name": "g", "members": []});
    for (request, body, expected) in [
        ((Method::POST, "/api/groups"), group, 503),
        ((Method::GET, "/api/me"), Value::Null, 200),
        ((Method::POST, "/api/logout"), Value::Null, 204),
    ] {
        let path = request.1;
        let (status, _) = ask(&full, Some(&zhang), request, body).await?;
        assert_eq!(status, expected, "{path}");
    }
    assert_eq!(socket.closed().await?.1, 4500, "logging out works");
    Ok(())
}

#[tokio::test]
async fn failed_logins_are_limited_per_address() -> Result<()> {
    let server = alone(&[]).await?;
    let mut answers = Vec::new();
    for n in 0..60 {
        let email = format!("nobody{n}@example.org");
        answers.push(login(&server, &email, "wrong").await?.0);
    }
    assert_eq!((answers[49], answers[50]), (401, 429), "{answers:?}");
    Ok(())
}

#[tokio::test]
async fn common_password_is_refused() -> Result<()> {
    let server = alone(&[]).await?;
    let register = |password: &str| {
        let body = json!({"email": "a@example.org", "username": "Ann", "password": password});
        let server = &server;
        async move { ask(server, None, (Method::POST, "/api/register"), body).await }
    };
    let (status, body) = register("password1").await?;
    assert_eq!((status, &body["code"]), (400, &json!("common_password")));
    let (status, ann) = register("caf\u{e9}-Wache1").await?;
    assert_eq!(status, 201);
    let change = json!({"old": "caf\u{e9}-Wache1", "new": "12345678"});
    let request = (Method::PUT, "/api/me/password");
    let (status, body) = ask(&server, Some(&token(&ann)?), request, change).await?;
    assert_eq!((status, &body["code"]), (400, &json!("common_password")));
    Ok(())
}
