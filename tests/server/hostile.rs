//! Forged and malformed input.

use anyhow::Result;
use reqwest::Method;
use serde_json::{Value, json};
use tidings_tests::server::{LI, Server, ZHANG};
use tidings_tests::socket::{Socket, refused_status};

fn text(sender: i64, recipient: i64, content: &str) -> Value {
    json!({"type": 3, "data":
        {"senderUid": sender, "recipientUid": recipient, "content": content, "msgType": 1}})
}

#[tokio::test]
async fn frames_with_a_uid_not_of_the_login_are_refused() -> Result<()> {
    let server = Server::start(&[]).await?;
    let mut zhang = Socket::bound(&server, ZHANG).await?;
    let mut li = Socket::bound(&server, LI).await?;
    let forgeries = [
        text(1001, 1000, "forged"),
        json!({"type": 0, "data": {"uid": 1001, "timeout": 1}}),
        json!({"type": 2, "data": {"ownerUid": 1001, "otherUid": 1002}}),
        json!({"type": 5, "data": {"uid": 1001}}),
    ];
    for frame in forgeries {
        assert_eq!(zhang.refused(frame).await?, "uid_mismatch");
    }
    li.nothing_more(1001).await?;
    Ok(())
}

#[tokio::test]
async fn bind_as_another_user_is_refused_and_closed_with_4500() -> Result<()> {
    let server = Server::start(&[]).await?;
    let token = server.login(ZHANG.1).await?;
    let mut socket = Socket::open(&server, Some(&token)).await?;
    socket
        .send(json!({"type": 1, "data": {"uid": 1001}}))
        .await?;
    let (frames, code) = socket.closed().await?;
    assert_eq!(code, 4500);
    assert_eq!(frames.len(), 1);
    assert_eq!(frames[0]["status"], "failure");
    assert_eq!(frames[0]["data"]["code"], "uid_mismatch");
    Ok(())
}

#[tokio::test]
async fn connections_and_requests_without_login_are_refused() -> Result<()> {
    let server = Server::start(&[]).await?;
    for token in [None, Some("00".repeat(32)), Some("no token at all".into())] {
        let mut socket = Socket::open(&server, token.as_deref()).await?;
        let (frames, code) = socket.closed().await?;
        assert_eq!(code, 4500);
        assert_eq!(frames[0]["data"]["code"], "not_logged_in");
        for path in ["/api/me", "/api/users"] {
            let mut request = server.http().get(server.url(path));
            if let Some(token) = &token {
                request = request.bearer_auth(token);
            }
            let answer = request.send().await?;
            assert_eq!(answer.status(), 401);
            assert_eq!(answer.json::<Value>().await?["code"], "not_logged_in");
        }
    }
    Ok(())
}

#[tokio::test]
async fn wrong_login_and_malformed_body_have_clear_answers() -> Result<()> {
    let server = Server::start(&[]).await?;
    let login = |body: String| {
        let request = server.http().post(server.url("/api/login"));
        request
            .header("content-type", "application/json")
            .body(body)
            .send()
    };
    for (email, password) in [(ZHANG.1, "12345"), ("nobody@gmail.com", "1234"), ("", "")] {
        let body = json!({"email": email, "password": password}).to_string();
        let answer = login(body).await?;
        assert_eq!(answer.status(), 401);
        assert!(answer.headers().get("set-cookie").is_none());
        assert_eq!(answer.json::<Value>().await?["code"], "bad_credentials");
    }
    for body in ["", "{", "{\"email\":1}"] {
        let answer = login(body.into()).await?;
        assert_eq!(answer.status(), 400, "{body}");
        assert_eq!(answer.json::<Value>().await?["code"], "bad_request");
    }
    // Upper case and spaces around it are the same address.
    let body = json!({"email": " ZhangSan@GMAIL.com ", "password": "1234"}).to_string();
    assert_eq!(login(body).await?.status(), 200);
    Ok(())
}

#[tokio::test]
async fn oversized_request_is_refused_without_being_read() -> Result<()> {
    let server = Server::start(&[]).await?;
    // With a client of its own, because the server closes this connection.
    let request = reqwest::Client::new().post(server.url("/api/login"));
    let answer = request
        .header("content-type", "application/json")
        .body("x".repeat(1_000_000))
        .send()
        .await;
    // The server answers before it has the whole body; some systems lose that answer.
    assert!(answer.map_or(true, |answer| answer.status() == 413));
    assert!(server.login(ZHANG.1).await.is_ok());
    Ok(())
}

#[tokio::test]
async fn password_guessing_is_rate_limited() -> Result<()> {
    let server = Server::start(&[]).await?;
    let body = json!({"email": ZHANG.1, "password": "wrong"});
    for _ in 0..10 {
        let answer = server
            .http()
            .post(server.url("/api/login"))
            .json(&body)
            .send()
            .await?;
        assert_eq!(answer.status(), 401);
    }
    let answer = server
        .http()
        .post(server.url("/api/login"))
        .json(&body)
        .send()
        .await?;
    assert_eq!(answer.status(), 429);
    let wait: u64 = answer.headers()["retry-after"].to_str()?.parse()?;
    assert!((1..=60).contains(&wait));
    assert_eq!(answer.json::<Value>().await?["code"], "too_many_attempts");
    assert!(server.login(LI.1).await.is_ok());
    Ok(())
}

#[tokio::test]
async fn foreign_origin_can_neither_connect_nor_log_in() -> Result<()> {
    let server = Server::start(&["--allowed-origins", "https://friend.example"]).await?;
    let token = server.login(ZHANG.1).await?;
    for origin in ["https://evil.example", "null", "http://127.0.0.1"] {
        let opened = Socket::open_with(&server, Some(&token), Some(origin)).await;
        assert_eq!(refused_status(opened)?, 403, "{origin}");
        let body = json!({"email": ZHANG.1, "password": "1234"});
        let request = server
            .http()
            .post(server.url("/api/login"))
            .header("origin", origin);
        let answer = request.json(&body).send().await?;
        assert_eq!(answer.status(), 403);
        assert_eq!(answer.json::<Value>().await?["code"], "foreign_origin");
        for (method, path) in [
            (Method::PATCH, "/api/me"),
            (Method::PUT, "/api/me/password"),
            (Method::PUT, "/api/me/avatar"),
            (Method::DELETE, "/api/me/avatar"),
            (Method::DELETE, "/api/me/logins"),
            (Method::POST, "/api/groups"),
        ] {
            let request = server.http().request(method, server.url(path));
            let request = request.bearer_auth(&token).header("origin", origin);
            assert_eq!(request.send().await?.status(), 403, "{path}");
        }
    }
    for origin in ["https://friend.example", &server.url("")] {
        Socket::open_with(&server, Some(&token), Some(origin)).await?;
    }
    Ok(())
}

#[tokio::test]
async fn invalid_send_is_refused_with_reason_and_client_msg_id() -> Result<()> {
    let server = Server::start(&[]).await?;
    let mut zhang = Socket::bound(&server, ZHANG).await?;
    let too_long = "x".repeat(8 * 1024 + 1);
    let refused = [
        (text(1000, 4711, "hello"), "unknown_recipient"),
        (text(1000, -1, "hello"), "unknown_recipient"),
        (text(1000, 1000, "hello"), "invalid_recipient"),
        (text(1000, 1001, ""), "empty"),
        (text(1000, 1001, " \n\t\u{3000}"), "empty"),
        (text(1000, 1001, "\u{200b}"), "empty"),
        (text(1000, 1001, "\u{2066} \u{3164}"), "empty"),
        (text(1000, 1001, &too_long), "too_long"),
        (text(1000, 1001, "a\u{0}b"), "invalid_content"),
        (
            json!({"type": 3, "data": {"senderUid": 1000, "groupId": 7, "content": "x"}}),
            "unknown_recipient",
        ),
        (
            json!({"type": 3, "data": {"senderUid": 1000, "content": "x"}}),
            "malformed",
        ),
        (
            json!({"type": 3, "data": {"senderUid": 1000, "recipientUid": 1001, "content": "x", "msgType": 1000}}),
            "invalid_msg_type",
        ),
    ];
    for (mut frame, code) in refused {
        let has_shape = code != "malformed";
        if has_shape {
            frame["data"]["clientMsgId"] = json!("the-id");
        }
        zhang.send(frame.clone()).await?;
        let error = zhang.data(7).await?;
        assert_eq!(error["code"], code, "{frame}");
        assert_eq!(error["re"], 3);
        assert!(
            error["message"]
                .as_str()
                .is_some_and(|message| message.len() > 10)
        );
        assert_eq!(error["clientMsgId"] == "the-id", has_shape);
    }
    for id in ["", "with space", "中文", &"x".repeat(65)] {
        let mut frame = text(1000, 1001, "x");
        frame["data"]["clientMsgId"] = json!(id);
        assert_eq!(zhang.refused(frame).await?, "invalid_client_msg_id");
    }
    let query = json!({"type": 2, "data": {"ownerUid": 1000, "otherUid": 4711}});
    assert_eq!(zhang.refused(query).await?, "unknown_recipient");
    let query = json!({"ownerUid": 1000, "otherUid": 1001});
    assert_eq!(zhang.ask(2, query).await?, json!([]));
    Ok(())
}

#[tokio::test]
async fn malformed_frames_are_answered_and_too_many_close() -> Result<()> {
    let server = Server::start(&[]).await?;
    let mut zhang = Socket::bound(&server, ZHANG).await?;
    let deep = format!(
        "{{\"type\":3,\"data\":{}{}}}",
        "[".repeat(30_000),
        "]".repeat(30_000)
    );
    let nonsense = [
        ("", "malformed"),
        ("hello", "malformed"),
        ("[1,2,3]", "malformed"),
        ("{\"type\":3,\"data\":7}", "malformed"),
        ("{\"type\":99}", "unknown_type"),
        ("{\"type\":4,\"data\":{}}", "unknown_type"),
        (&deep, "too_deep"),
        (&"x".repeat(70_000), "too_large"),
    ];
    for (sent, code) in nonsense {
        zhang.send_text(sent.to_owned()).await?;
        assert_eq!(zhang.data(7).await?["code"], code);
    }
    zhang.nothing_more(1000).await?;
    // Unknown types do not count.
    for _ in 0..10 {
        zhang.send_text("hello".into()).await?;
    }
    let (_, code) = zhang.closed().await?;
    assert_eq!(code, 4501);

    let mut binary = Socket::bound(&server, ZHANG).await?;
    binary.send_binary(b"{\"type\":0}".to_vec()).await?;
    assert_eq!(binary.closed().await?.1, 4501);
    // The server still works.
    Socket::bound(&server, ZHANG)
        .await?
        .nothing_more(1000)
        .await
}

#[tokio::test]
async fn bind_must_come_first_and_only_once() -> Result<()> {
    let server = Server::start(&[]).await?;
    let token = server.login(ZHANG.1).await?;
    let mut socket = Socket::open(&server, Some(&token)).await?;
    assert_eq!(
        socket.refused(text(1000, 1001, "early")).await?,
        "not_bound"
    );
    assert_eq!(
        socket
            .refused(json!({"type": 5, "data": {"uid": 1000}}))
            .await?,
        "not_bound"
    );
    assert_eq!(socket.ask(1, json!({"uid": 1000})).await?["uid"], 1000);
    assert_eq!(
        socket
            .refused(json!({"type": 1, "data": {"uid": 1000}}))
            .await?,
        "already_bound"
    );
    Ok(())
}

#[tokio::test]
async fn connection_that_never_binds_is_closed() -> Result<()> {
    let server = Server::start(&[]).await?;
    let token = server.login(ZHANG.1).await?;
    let mut socket = Socket::open(&server, Some(&token)).await?;
    let (frames, code) = socket.closed().await?;
    assert_eq!(code, 4000);
    assert_eq!(frames[0]["data"]["code"], "bind_timeout");
    Ok(())
}

#[tokio::test]
async fn user_holds_at_most_32_connections_per_node() -> Result<()> {
    let server = Server::start(&[]).await?;
    let token = server.login(ZHANG.1).await?;
    let mut held = Vec::new();
    // The limit is per node; the balancer distributes connections evenly.
    for _ in 0..32 * server.nodes().len() {
        held.push(Socket::bound_with(&server, &token, json!({"uid": 1000})).await?);
    }
    let mut one_more = Socket::open(&server, Some(&token)).await?;
    one_more
        .send(json!({"type": 1, "data": {"uid": 1000}}))
        .await?;
    let (frames, code) = one_more.closed().await?;
    assert_eq!(
        (frames[0]["data"]["code"].as_str(), code),
        (Some("too_many_connections"), 4003)
    );
    Ok(())
}
