//! Registration over HTTP.

use anyhow::{Context, Result};
use reqwest::Method;
use serde_json::{Value, json};
use tidings_tests::server::{Launch, Server, ZHANG};
use tidings_tests::socket::Socket;

/// Sends a request, with this login if any. Returns the status and the body; null if there is none.
pub(crate) async fn ask(
    server: &Server,
    token: Option<&str>,
    (method, path): (Method, &str),
    body: Value,
) -> Result<(u16, Value)> {
    let mut request = server.http().request(method, server.url(path)).json(&body);
    if let Some(token) = token {
        request = request.bearer_auth(token);
    }
    let answer = request.send().await?;
    let status = answer.status().as_u16();
    let body = answer.bytes().await?;
    Ok((status, serde_json::from_slice(&body).unwrap_or_default()))
}

async fn register(
    server: &Server,
    email: &str,
    name: &str,
    password: &str,
) -> Result<(u16, Value)> {
    let body = json!({"email": email, "username": name, "password": password});
    ask(server, None, (Method::POST, "/api/register"), body).await
}

pub(crate) async fn login(server: &Server, email: &str, password: &str) -> Result<(u16, Value)> {
    let body = json!({"email": email, "password": password});
    ask(server, None, (Method::POST, "/api/login"), body).await
}

pub(crate) fn token(answer: &Value) -> Result<String> {
    Ok(answer["token"].as_str().context("no token")?.to_owned())
}

#[tokio::test]
async fn registered_user_is_logged_in_can_send_and_log_in_again() -> Result<()> {
    let server = Server::start(&[]).await?;
    let open = ask(&server, None, (Method::GET, "/api/server"), Value::Null).await?;
    assert_eq!(open, (200, json!({"registration": true})));

    let (status, ann) = register(&server, " Ann@Example.org", " Ann ", "correct horse").await?;
    assert_eq!(status, 201, "{ann}");
    assert_eq!(
        (&ann["uid"], &ann["username"], &ann["avatar"]),
        (&json!(1003), &json!("Ann"), &json!(""))
    );
    let bind = json!({"uid": 1003});
    let mut socket = Socket::bound_with(&server, &token(&ann)?, bind).await?;
    let mut zhang = Socket::bound(&server, ZHANG).await?;
    socket.send_message(1003, 1000, "hello").await?;
    assert_eq!(zhang.data(4).await?["ownerName"], "Ann");

    let (status, again) = login(&server, "ann@example.org", "correct horse").await?;
    assert_eq!((status, &again["uid"]), (200, &json!(1003)));
    Ok(())
}

#[tokio::test]
async fn invalid_or_taken_registration_adds_nobody() -> Result<()> {
    let server = Server::start(&[]).await?;
    for (email, name, password) in [
        ("ann", "Ann", "correct horse"),
        ("ann@example.org", " ", "correct horse"),
        ("ann@example.org", "nnA\u{202e}", "correct horse"),
        ("ann@example.org", "Ann", "seven77"),
        ("ann@example.org", "Ann", ""),
    ] {
        let (status, problem) = register(&server, email, name, password).await?;
        assert_eq!((status, &problem["code"]), (400, &json!("bad_request")));
    }
    let (status, problem) =
        register(&server, "ZhangSan@gmail.com", "张三", "correct horse").await?;
    assert_eq!((status, &problem["code"]), (409, &json!("email_taken")));

    let zhang = server.login(ZHANG.1).await?;
    let everybody = (Method::GET, "/api/users");
    let (_, users) = ask(&server, Some(&zhang), everybody, Value::Null).await?;
    assert_eq!(users["users"].as_array().map(Vec::len), Some(3));
    Ok(())
}

#[tokio::test]
async fn concurrent_registrations_of_one_email_admit_one() -> Result<()> {
    let server = Server::start(&[]).await?;
    let tries = (0..6).map(|n| {
        let (server, name) = (&server, format!("Ann {n}"));
        async move { register(server, "ann@example.org", &name, "correct horse").await }
    });
    let mut statuses = Vec::new();
    for answer in futures_util::future::join_all(tries).await {
        statuses.push(answer?.0);
    }
    statuses.sort_unstable();
    assert_eq!(statuses, [201, 409, 409, 409, 409, 409]);
    Ok(())
}

#[tokio::test]
async fn registration_is_limited_per_address_and_can_be_off() -> Result<()> {
    // One process, because each counts separately.
    let folder = tempfile::tempdir()?;
    let launch = Launch::new(folder.path(), &[]);
    let server = Server::alone(folder, launch).await?;
    for n in 0..10 {
        let email = format!("user{n}@example.org");
        assert_eq!(
            register(&server, &email, "U", "correct horse").await?.0,
            201
        );
    }
    let (status, problem) = register(&server, "user10@example.org", "U", "correct horse").await?;
    assert_eq!(
        (status, &problem["code"]),
        (429, &json!("too_many_attempts"))
    );
    server
        .login(ZHANG.1)
        .await
        .context("logins are counted apart")?;

    let server = Server::start(&["--registration", "off"]).await?;
    let open = ask(&server, None, (Method::GET, "/api/server"), Value::Null).await?;
    assert_eq!(open, (200, json!({"registration": false})));
    let (status, problem) = register(&server, "ann@example.org", "Ann", "correct horse").await?;
    assert_eq!((status, &problem["code"]), (404, &json!("not_found")));
    Ok(())
}
