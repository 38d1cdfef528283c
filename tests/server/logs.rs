//! The log: its spans, and secrets that must not be in it.

use anyhow::{Context, Result, ensure};
use serde_json::Value;
use tidings_tests::server::{LI, Launch, Server, ZHANG};
use tidings_tests::socket::Socket;

const ID: &str = "req-0af7651916cd43dd";

#[tokio::test]
async fn logs_have_request_and_connection_spans_and_no_secrets() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let mut launch = Launch::new(folder.path(), &["--log-format", "json"]);
    launch.environment = vec![("TIDINGS_LOG", "trace".into())];
    launch.through = ["sh", "-c", "exec \"$0\" \"$@\" 2>log"]
        .map(String::from)
        .into();
    let log = folder.path().join("log");
    let mut server = Server::alone(folder, launch).await?;

    let me = server.http().get(server.url("/api/me"));
    let answer = me.header("x-request-id", ID).send().await?;
    assert_eq!(answer.headers()["x-request-id"], ID);
    let health = server.http().get(server.url("/healthz"));
    let answer = health.header("x-request-id", "a b").send().await?;
    assert_ne!(answer.headers()["x-request-id"], "a b");

    let token = server.login(ZHANG.1).await?;
    let bind = serde_json::json!({"uid": ZHANG.0});
    let mut socket = Socket::bound_with(&server, &token, bind).await?;
    socket.send_message(ZHANG.0, LI.0, "between us").await?;
    let (ended, closed) = tokio::join!(server.terminate(), socket.closed());
    ensure!(ended?.success());
    closed?;

    let text = tokio::fs::read_to_string(log).await?;
    for secret in [token.as_str(), "between us", "\"1234\""] {
        ensure!(!text.contains(secret), "{secret} is in the log");
    }
    let lines: Vec<Value> = text
        .lines()
        .map(|line| serde_json::from_str(line).with_context(|| line.to_owned()))
        .collect::<Result<_>>()?;
    let login = lines
        .iter()
        .find(|line| line["message"] == "logged in")
        .context("the login is not logged")?;
    assert_eq!(login["span"]["name"], "request", "{login}");
    assert_eq!(login["span"]["path"], "/api/login", "{login}");
    let closing = lines
        .iter()
        .find(|line| line["message"] == "closing")
        .context("the close is not logged")?;
    assert_eq!(closing["span"]["name"], "connection", "{closing}");
    assert_eq!(closing["span"]["uid"], ZHANG.0, "{closing}");
    Ok(())
}
