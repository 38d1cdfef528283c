//! The host names of the server, and the origins it accepts.

use anyhow::{Context, Result};
use reqwest::header::{HeaderMap, HeaderValue, SET_COOKIE};
use serde_json::{Value, json};
use tidings_tests::server::{Launch, Server, ZHANG};
use tidings_tests::socket::Socket;

async fn alone(flags: &[&str]) -> Result<Server> {
    let folder = tempfile::tempdir()?;
    let launch = Launch::new(folder.path(), flags);
    Server::alone(folder, launch).await
}

/// Logs in under a host name. Returns the status, the headers and the body.
async fn log_in(server: &Server, host: &str) -> Result<(u16, HeaderMap, Value)> {
    let body = json!({"email": ZHANG.1, "password": "1234"});
    let login = server.http().post(server.url("/api/login"));
    let answer = login.header("host", host).json(&body).send().await?;
    let (status, headers) = (answer.status().as_u16(), answer.headers().clone());
    Ok((status, headers, answer.json().await?))
}

#[tokio::test]
async fn public_url_decides_host_cookie_and_https() -> Result<()> {
    let server = alone(&["--public-url", "https://chat.example"]).await?;
    let (status, headers, _) = log_in(&server, "chat.example:443").await?;
    assert_eq!(status, 200);
    let cookie = headers[SET_COOKIE].to_str()?;
    assert!(cookie.starts_with("__Host-tidings_session="), "{cookie}");
    assert!(cookie.ends_with("; Secure"), "{cookie}");
    assert!(headers.contains_key("strict-transport-security"));
    // The session cookie counts, not the `Authorization` header of a proxy's login.
    let me = server.http().get(server.url("/api/me"));
    let me = me
        .header("host", "chat.example")
        .header("authorization", "Basic dTpw")
        .header("cookie", cookie.split(';').next().context("no cookie")?);
    assert_eq!(me.send().await?.status().as_u16(), 200);

    let (status, headers, body) = log_in(&server, "evil.example").await?;
    assert_eq!(status, 421);
    assert!(!headers.contains_key(SET_COOKIE));
    let words = body["message"].as_str().context("no message")?;
    assert!(words.contains("--public-url"), "{words}");
    // Health checks of a load balancer may use any host name.
    let health = server.http().get(server.url("/healthz"));
    let health = health.header("host", "evil.example").send().await?;
    assert_eq!(health.status().as_u16(), 200);
    Ok(())
}

#[tokio::test]
async fn without_public_url_a_foreign_host_is_read_only() -> Result<()> {
    let server = alone(&[]).await?;
    let (status, headers, _) = log_in(&server, server.address()).await?;
    assert_eq!(status, 200);
    assert!(!headers.contains_key("strict-transport-security"));
    let port = server.address().rsplit(':').next().context("no port")?;
    let cookie = headers[SET_COOKIE].to_str()?;
    assert!(
        cookie.starts_with(&format!("tidings_session_{port}=")),
        "{cookie}"
    );

    let (status, _, body) = log_in(&server, "evil.example").await?;
    assert_eq!((status, &body["code"]), (421, &json!("foreign_origin")));
    for (path, expected) in [("/api/server", 200), ("/metrics", 421)] {
        let read = server
            .http()
            .get(server.url(path))
            .header("host", "evil.example");
        assert_eq!(read.send().await?.status().as_u16(), expected, "{path}");
    }
    Ok(())
}

#[tokio::test]
async fn allowed_origin_passes_cors() -> Result<()> {
    let server = alone(&["--allowed-origins", "https://friend.example"]).await?;
    for (origin, allowed) in [
        ("https://friend.example", true),
        ("https://evil.example", false),
    ] {
        let preflight = server
            .http()
            .request(reqwest::Method::OPTIONS, server.url("/api/login"))
            .header("origin", origin)
            .header("access-control-request-method", "POST")
            .header("access-control-request-headers", "content-type");
        let answer = preflight.send().await?;
        let headers = answer.headers();
        let of = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
        let expected = allowed.then_some(origin);
        assert_eq!(of("access-control-allow-origin"), expected);

        let body = json!({"email": ZHANG.1, "password": "1234"});
        let login = server.http().post(server.url("/api/login")).json(&body);
        let answer = login.header("origin", origin).send().await?;
        assert_eq!(answer.status().is_success(), allowed, "{origin}");
        let headers = answer.headers();
        let credentials = headers.get("access-control-allow-credentials");
        assert_eq!(credentials.is_some(), allowed, "{origin}");
    }
    Ok(())
}

#[tokio::test]
async fn page_of_another_site_sends_its_token_in_the_bind() -> Result<()> {
    let friend = "https://friend.example";
    let server = alone(&["--allowed-origins", friend]).await?;
    let token = server.login(ZHANG.1).await?;
    let bind = |token: &str| json!({"type": 1, "data": {"uid": 1000, "token": token}});

    let mut page = Socket::open_with(&server, None, Some(friend)).await?;
    page.send(bind(&token)).await?;
    assert_eq!(page.frame(1).await?["status"], "success");
    page.send_message(1000, 1001, "hello from elsewhere")
        .await?;

    for (first, origin) in [
        (bind("00"), Some(friend)),
        (bind(&"0".repeat(64)), Some(friend)),
        (json!({"type": 1, "data": {"uid": 1000}}), Some(friend)),
        (json!({"type": 5, "data": {"uid": 1000}}), Some(friend)),
        // Only a page of another origin may send its token in the bind.
        (bind(&token), None),
    ] {
        let mut socket = Socket::open_with(&server, None, origin).await?;
        let _ = socket.send(first.clone()).await;
        let (frames, code) = socket.closed().await?;
        assert_eq!(code, 4500, "{first}");
        assert_eq!(frames[0]["data"]["code"], "not_logged_in", "{first}");
    }
    // The uid of the token counts, not that of the bind.
    let mut page = Socket::open_with(&server, None, Some(friend)).await?;
    page.send(json!({"type": 1, "data": {"uid": 1001, "token": token}}))
        .await?;
    assert_eq!(page.frame(1).await?["data"]["code"], "uid_mismatch");
    assert_eq!(page.closed().await?.1, 4500);
    Ok(())
}

#[tokio::test]
async fn logout_keeps_the_cookie_of_another_server() -> Result<()> {
    let server = alone(&[]).await?;
    let port = server.address().rsplit(':').next().context("no port")?;
    let (current, older) = (server.login(ZHANG.1).await?, server.login(ZHANG.1).await?);
    for (old, cleared) in [("ab".repeat(32), false), (older, true)] {
        let cookies = format!("tidings_session_{port}={current}; tidings_session={old}");
        let logout = server.http().post(server.url("/api/logout"));
        let answer = logout.header("cookie", cookies).send().await?;
        let mut set = answer.headers().get_all(SET_COOKIE).iter();
        let of_old = |value: &HeaderValue| value.as_bytes().starts_with(b"tidings_session=;");
        assert_eq!(set.any(of_old), cleared, "{old}");
    }
    Ok(())
}
