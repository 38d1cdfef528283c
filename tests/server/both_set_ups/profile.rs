//! Changes of a user's own account over HTTP.

use super::accounts::{ask, login, token};
use anyhow::{Context, Result};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use std::time::Duration;
use tidings_tests::TEST_TIMEOUT;
use tidings_tests::server::{LI, Launch, Server, ZHANG};
use tidings_tests::socket::Socket;

const ME: &str = "/api/me";
const PASSWORD: (Method, &str) = (Method::PUT, "/api/me/password");
const LOGINS: &str = "/api/me/logins";

/// Binds like the page.
async fn page(server: &Server, token: &str, uid: i64) -> Result<Socket> {
    let bind = json!({"uid": uid, "conversations": true});
    Socket::bound_with(server, token, bind).await
}

/// A GIF of one pixel, followed by so many bytes.
fn gif(more: usize) -> Vec<u8> {
    let mut bytes =
        b"GIF89a\x01\0\x01\0\x80\0\0\0\0\0\xff\xff\xff,\0\0\0\0\x01\0\x01\0\0\x02\x02D\x01\0;"
            .to_vec();
    bytes.resize(bytes.len() + more, 0);
    bytes
}

async fn put_avatar(server: &Server, token: &str, bytes: Vec<u8>) -> Result<(u16, Value)> {
    let request = server.http().put(server.url("/api/me/avatar"));
    let answer = request.bearer_auth(token).body(bytes).send().await?;
    Ok((answer.status().as_u16(), answer.json().await?))
}

#[tokio::test]
async fn new_name_reaches_own_devices_and_the_next_message() -> Result<()> {
    let server = Server::start(&[]).await?;
    let zhang = server.login(ZHANG.1).await?;
    let mut device = page(&server, &zhang, ZHANG.0).await?;
    let mut legacy = Socket::bound(&server, ZHANG).await?;
    let mut li = Socket::bound(&server, LI).await?;

    let rename = (Method::PATCH, ME);
    let named = json!({"username": " Zhang San "});
    let (status, user) = ask(&server, Some(&zhang), rename.clone(), named).await?;
    let expected = json!({"uid": 1000, "username": "Zhang San", "avatar": ""});
    assert_eq!((status, &user), (200, &expected));
    assert_eq!(device.data(12).await?, expected);
    legacy.nothing_more(ZHANG.0).await?;

    legacy.send_message(ZHANG.0, LI.0, "hello").await?;
    assert_eq!(li.data(4).await?["ownerName"], "Zhang San");
    let (_, me) = ask(&server, Some(&zhang), (Method::GET, ME), Value::Null).await?;
    assert_eq!(me, expected);

    for wrong in ["", " ", "a\nb", "nnA\u{202e}", &"名".repeat(65)] {
        let named = json!({"username": wrong});
        let (status, problem) = ask(&server, Some(&zhang), rename.clone(), named).await?;
        assert_eq!(
            (status, &problem["code"]),
            (400, &json!("bad_request")),
            "{wrong:?}"
        );
    }
    let nobody = ask(&server, None, rename, json!({"username": "X"})).await?;
    assert_eq!(
        (nobody.0, &nobody.1["code"]),
        (401, &json!("not_logged_in"))
    );
    Ok(())
}

#[tokio::test]
async fn picture_is_served_to_logged_in_users_until_replaced() -> Result<()> {
    let server = Server::start(&[]).await?;
    let (zhang, li) = (server.login(ZHANG.1).await?, server.login(LI.1).await?);
    let mut device = page(&server, &zhang, ZHANG.0).await?;
    let (status, user) = put_avatar(&server, &zhang, gif(0)).await?;
    assert_eq!(status, 200, "{user}");
    assert_eq!(device.data(12).await?, user);
    let path = user["avatar"].as_str().context("no avatar")?.to_owned();
    let get = async |token: &str| {
        let request = server.http().get(server.url(&path)).bearer_auth(token);
        anyhow::Ok(request.send().await?)
    };
    let seen = get(&li).await?;
    assert_eq!(seen.status(), StatusCode::OK);
    let header = |name: &str| {
        seen.headers()
            .get(name)
            .map(|value| value.to_str().unwrap_or(""))
    };
    assert_eq!(header("content-type"), Some("image/gif"));
    assert_eq!(
        header("cache-control"),
        Some("private, max-age=31536000, immutable")
    );
    assert_eq!(
        header("content-security-policy"),
        Some("default-src 'none'; sandbox")
    );
    assert_eq!(header("x-content-type-options"), Some("nosniff"));
    assert_eq!(seen.bytes().await?, gif(0));
    let nobody = server.http().get(server.url(&path)).send().await?;
    assert_eq!(nobody.status(), StatusCode::UNAUTHORIZED);

    let (_, other) = put_avatar(&server, &zhang, gif(1)).await?;
    assert_ne!(other["avatar"], json!(path));
    assert_eq!(get(&li).await?.status(), StatusCode::NOT_FOUND);
    let gone = (Method::DELETE, "/api/me/avatar");
    let (status, user) = ask(&server, Some(&zhang), gone, Value::Null).await?;
    assert_eq!((status, &user["avatar"]), (200, &json!("")));
    Ok(())
}

#[tokio::test]
async fn invalid_or_too_large_picture_is_refused_with_the_limit() -> Result<()> {
    let server = Server::start(&[]).await?;
    let zhang = server.login(ZHANG.1).await?;
    let most = 256 * 1024;
    let svg = b"<svg xmlns=\"http://www.w3.org/2000/svg\" onload=\"alert(1)\"/>".to_vec();
    for bytes in [Vec::new(), b"hello".to_vec(), svg, gif(most)] {
        let (status, problem) = put_avatar(&server, &zhang, bytes).await?;
        assert_eq!((status, &problem["code"]), (400, &json!("bad_request")));
        let words = problem["message"].as_str().context("no words")?;
        assert!(words.contains("256 KiB"), "{words}");
    }
    let (status, _) = put_avatar(&server, &zhang, gif(most - gif(0).len())).await?;
    assert_eq!(status, 200);
    for path in [
        "/api/avatars/",
        "/api/avatars/00",
        "/api/avatars/..%2f..%2fme",
    ] {
        let (status, _) = ask(&server, Some(&zhang), (Method::GET, path), Value::Null).await?;
        assert_eq!(status, 404, "{path}");
    }
    Ok(())
}

#[tokio::test]
async fn new_password_ends_other_logins_and_revokes_the_old_one() -> Result<()> {
    let server = Server::start(&[]).await?;
    let (here, there) = (server.login(ZHANG.1).await?, server.login(ZHANG.1).await?);
    let mut kept = page(&server, &here, ZHANG.0).await?;
    let mut ended = page(&server, &there, ZHANG.0).await?;

    let change = json!({"old": "1234", "new": "correct horse"});
    let changed = ask(&server, Some(&here), PASSWORD, change.clone()).await?;
    assert_eq!(changed, (204, Value::Null));
    assert_eq!(ended.closed().await?.1, 4500);
    kept.nothing_more(ZHANG.0).await?;
    for (token, expected) in [(&here, 200), (&there, 401)] {
        let (status, _) = ask(&server, Some(token), (Method::GET, ME), Value::Null).await?;
        assert_eq!(status, expected);
    }
    assert_eq!(login(&server, ZHANG.1, "1234").await?.0, 401);
    assert_eq!(login(&server, ZHANG.1, "correct horse").await?.0, 200);

    let (status, problem) = ask(&server, Some(&here), PASSWORD, change).await?;
    assert_eq!((status, &problem["code"]), (403, &json!("wrong_password")));
    let short = json!({"old": "correct horse", "new": "seven77"});
    let (status, problem) = ask(&server, Some(&here), PASSWORD, short).await?;
    assert_eq!((status, &problem["code"]), (400, &json!("bad_request")));
    Ok(())
}

#[tokio::test]
async fn guessing_the_current_password_is_rate_limited() -> Result<()> {
    // One process, because each counts separately.
    let folder = tempfile::tempdir()?;
    let launch = Launch::new(folder.path(), &[]);
    let server = Server::alone(folder, launch).await?;
    let zhang = server.login(ZHANG.1).await?;
    let guess = |old: &str| json!({"old": old, "new": "correct horse"});
    for n in 0..10 {
        let (status, _) = ask(&server, Some(&zhang), PASSWORD, guess(&n.to_string())).await?;
        assert_eq!(status, 403);
    }
    let (status, problem) = ask(&server, Some(&zhang), PASSWORD, guess("1234")).await?;
    assert_eq!(
        (status, &problem["code"]),
        (429, &json!("too_many_attempts"))
    );
    assert_eq!(login(&server, ZHANG.1, "1234").await?.0, 200);
    Ok(())
}

#[tokio::test]
async fn logins_are_listed_with_agent_and_ended_by_their_owner() -> Result<()> {
    let server = Server::start(&[]).await?;
    let log_in = async |agent: &str| {
        let body = json!({"email": ZHANG.1, "password": "1234"});
        let request = server.http().post(server.url("/api/login"));
        let answer = request
            .header("user-agent", agent)
            .json(&body)
            .send()
            .await?;
        token(&answer.json().await?)
    };
    let (here, phone) = (log_in("Laptop").await?, log_in(&"P".repeat(300)).await?);
    let li = server.login(LI.1).await?;
    let list = async |token: &str| {
        let (status, body) = ask(&server, Some(token), (Method::GET, LOGINS), Value::Null).await?;
        anyhow::ensure!(status == 200, "{body}");
        body["logins"].as_array().cloned().context("no logins")
    };
    let listed = list(&here).await?;
    let agents: Vec<_> = listed.iter().map(|login| &login["agent"]).collect();
    assert_eq!(agents.len(), 2);
    assert!(agents.contains(&&json!("Laptop")) && agents.contains(&&json!("P".repeat(256))));
    let current: Vec<_> = listed
        .iter()
        .filter(|login| login["current"] == true)
        .collect();
    assert_eq!((current.len(), &current[0]["agent"]), (1, &json!("Laptop")));
    assert!(current[0]["createdAt"].as_i64() > Some(1_700_000_000_000));
    assert!(current[0]["usedAt"].as_i64() >= current[0]["createdAt"].as_i64());

    let id = listed
        .iter()
        .find(|login| login["current"] == false)
        .and_then(|login| login["id"].as_str())
        .context("no other")?;
    let end = (Method::DELETE, &*format!("{LOGINS}/{id}"));
    let mut socket = page(&server, &phone, ZHANG.0).await?;
    let (status, _) = ask(&server, Some(&li), end.clone(), Value::Null).await?;
    assert_eq!(status, 404, "it is another's");
    socket.nothing_more(ZHANG.0).await?;
    // The id of a login is not its token.
    let (status, _) = ask(&server, Some(id), (Method::GET, ME), Value::Null).await?;
    assert_eq!(status, 401);
    let (status, _) = ask(&server, Some(&here), end.clone(), Value::Null).await?;
    assert_eq!(status, 204);
    assert_eq!(socket.closed().await?.1, 4500);
    let (status, _) = ask(&server, Some(&here), end, Value::Null).await?;
    assert_eq!(status, 404, "it has ended");

    let mut other = page(&server, &log_in("Tablet").await?, ZHANG.0).await?;
    let all = (Method::DELETE, LOGINS);
    let (status, _) = ask(&server, Some(&here), all, Value::Null).await?;
    assert_eq!(status, 204);
    assert_eq!(other.closed().await?.1, 4500);
    assert_eq!(list(&here).await?.len(), 1);
    assert_eq!(list(&li).await?.len(), 1, "nobody else's");
    Ok(())
}

#[tokio::test]
async fn issued_token_used_over_http_gets_a_last_used_time() -> Result<()> {
    let server = Server::start(&[]).await?;
    let issued = server
        .command(&["token", "issue", "--uid", "1000"], "")
        .await?;
    let (here, program) = (server.login(ZHANG.1).await?, issued.trim());
    let used = async || {
        let (_, body) = ask(&server, Some(&here), (Method::GET, LOGINS), Value::Null).await?;
        let logins = body["logins"].as_array().cloned().unwrap_or_default();
        let of_program = logins.into_iter().find(|login| login["current"] == false);
        let login = of_program.context("no other login")?;
        assert_eq!(login["agent"], "");
        anyhow::Ok(login["usedAt"].is_i64())
    };
    assert!(!used().await?);
    ask(&server, Some(program), (Method::GET, ME), Value::Null).await?;
    // The last use is written a few times a minute, without a notification.
    let noted = async {
        while !used().await? {
            tokio::time::sleep(Duration::from_millis(200)).await;
        }
        anyhow::Ok(())
    };
    tokio::time::timeout(TEST_TIMEOUT, noted)
        .await
        .context("never noted")?
}
