//! A page of another port that uses the legacy (v0) protocol of the course, authenticated by its
//! cookie.

use anyhow::{Context, Result};
use axum::Router;
use axum::response::Html;
use axum::routing::get;
use serde_json::json;
use tidings_tests::browser::{Browser, ChromeDriver, Look};
use tidings_tests::server::{LI, Server, ZHANG};
use tidings_tests::socket::Socket;
use tokio::net::TcpListener;

const PAGE: &str = include_str!("legacy/page.html");

/// Waits until the page shows these lines, each `mine` or `theirs` and a text.
async fn shows(page: &Browser, lines: &[&str]) -> Result<()> {
    let shown = "[...document.querySelectorAll('#thread li')]
        .map(line => line.className + ' ' + line.textContent)";
    let expected = format!(
        "JSON.stringify({shown}) === JSON.stringify({})",
        json!(lines)
    );
    page.until("the thread", &expected).await
}

async fn reads(page: &Browser, id: &str, text: &str) -> Result<()> {
    let expected = format!("document.getElementById('{id}').textContent === '{text}'");
    page.until(id, &expected).await
}

#[tokio::test]
async fn legacy_page_chats_over_root_with_a_cookie() -> Result<()> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let origin = format!("http://{}", listener.local_addr()?);
    let router = Router::new().route("/", get(Html(PAGE)));
    let serving = tokio::spawn(async move { axum::serve(listener, router).await });
    let mut server = Server::start(&["--allowed-origins", &origin]).await?;
    let port = server
        .address()
        .rsplit(':')
        .next()
        .context("a port")?
        .to_owned();

    // Logged in at the server's own address, like a person.
    let page = ChromeDriver::shared()?.open(&Look::default()).await?;
    page.goto(&server.url("/healthz")).await?;
    let login = json!({"email": ZHANG.1, "password": "1234"}).to_string();
    let login = format!(
        "fetch('/api/login', {{method: 'POST', body: {}, headers: {{'Content-Type': 'application/json'}}}}).then(answer => answer.status)",
        json!(login)
    );
    assert_eq!(page.eval(&login).await?, 200);
    page.goto(&format!(
        "{origin}/?server={port}&uid=1000&other=1001&heartbeat=1000"
    ))
    .await?;
    reads(&page, "status", "success").await?;

    // Pushed, acknowledged at once, unread until the conversation is opened.
    let mut li = Socket::bound_legacy(&server, LI).await?;
    li.send_message(1001, 1000, "hello").await?;
    shows(&page, &["theirs hello"]).await?;
    reads(&page, "unread", "1").await?;
    let mut again = Socket::bound_legacy(&server, ZHANG).await?;
    again.nothing_more(1000).await?;
    page.find_css("#open").await?.click().await?;
    shows(&page, &["theirs hello"]).await?;
    reads(&page, "unread", "0").await?;

    page.find_css("#text").await?.send_keys("你好").await?;
    page.find_css("#form button").await?.click().await?;
    shows(&page, &["theirs hello", "mine 你好"]).await?;
    let push = li.data(4).await?;
    assert_eq!(
        (&push["content"], &push["msgType"]),
        (&json!("你好"), &json!(1))
    );
    li.ack(&json!(1)).await?;
    page.until("a heartbeat answered", "count.heartbeats > 0")
        .await?;

    // Messages from self on other devices are not pushed: the page would show them as the peer's.
    again
        .send_message(1000, 1001, "from another device")
        .await?;
    assert_eq!(li.data(4).await?["content"], "from another device");
    li.ack(&json!(2)).await?;

    // Disconnected: it reconnects at once, until it succeeds.
    server.kill().await?;
    reads(&page, "status", "gone").await?;
    server.restart().await?;
    page.until("bound again", "count.binds === 2").await?;
    // Messages acknowledged just before the kill may be pushed once more, to Li too.
    let back = json!({"senderUid": 1001, "recipientUid": 1000, "content": "back?"});
    let mut li = Socket::bound_legacy(&server, LI).await?;
    li.send(json!({"type": 3, "data": back})).await?;
    let last = "document.querySelector('#thread li:last-child').textContent === 'back?'";
    page.until("pushed to again", last).await?;
    let thread = page.eval("document.getElementById('thread').textContent");
    assert!(!thread.await?.to_string().contains("another device"));
    page.close().await?;
    serving.abort();
    Ok(())
}
