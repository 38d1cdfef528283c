//! Drain: after SIGTERM a server accepts no connections and closes the open ones one by one.

use anyhow::{Context, Result, ensure};
use futures_util::future::try_join_all;
use serde_json::json;
use std::time::{Duration, Instant};
use tidings_services::free_port;
use tidings_tests::TEST_TIMEOUT;
use tidings_tests::server::{LI, Launch, Server, ZHANG};
use tidings_tests::socket::Socket;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::process::Command;
use tokio::time::timeout;

/// One process, also when other tests run on a fleet: these tests concern one node.
async fn alone(flags: &[&str]) -> Result<Server> {
    let folder = tempfile::tempdir()?;
    let launch = Launch::new(folder.path(), flags);
    Server::alone(folder, launch).await
}

async fn ask_to_end(server: &Server) -> Result<()> {
    let pid = server.nodes()[0].pid()?.to_string();
    let asked = Command::new("kill").args(["-TERM", &pid]).status().await?;
    ensure!(asked.success(), "cannot signal the server");
    Ok(())
}

/// A keep-alive HTTP connection that had an answer and is idle.
async fn keep_alive(address: &str) -> Result<TcpStream> {
    let mut stream = TcpStream::connect(address).await?;
    stream
        .write_all(b"GET /healthz HTTP/1.1\r\nhost: x\r\n\r\n")
        .await?;
    let mut answer = Vec::new();
    while !answer.ends_with(b"alive\n") {
        let read = timeout(TEST_TIMEOUT, stream.read_buf(&mut answer)).await??;
        ensure!(read > 0, "closed before the answer");
    }
    Ok(stream)
}

async fn is_ended(mut stream: TcpStream) -> Result<()> {
    let mut rest = Vec::new();
    let read = timeout(TEST_TIMEOUT, stream.read_to_end(&mut rest)).await;
    ensure!(read.context("kept open")?? == 0, "more came: {rest:?}");
    Ok(())
}

#[tokio::test]
async fn drain_closes_connections_over_its_whole_time() -> Result<()> {
    const DRAIN_TIME: Duration = Duration::from_millis(1500);
    let mut server = alone(&["--drain-ms", "1500"]).await?;
    let token = server.login(LI.1).await?;
    let mut sockets = Vec::new();
    for _ in 0..16 {
        sockets.push(Socket::bound_with(&server, &token, json!({"uid": LI.0})).await?);
    }
    let start = Instant::now();
    let closing = sockets.iter_mut().map(async |socket| {
        let (_, code) = socket.closed().await?;
        anyhow::Ok((code, start.elapsed()))
    });
    let (ended, closed) = tokio::join!(server.terminate(), try_join_all(closing));
    assert!(ended?.success());
    let closed = closed?;
    assert!(closed.iter().all(|(code, _)| *code == 1001), "{closed:?}");
    let mut moments: Vec<Duration> = closed.into_iter().map(|(_, moment)| moment).collect();
    moments.sort();
    let (first, last) = (moments[0], moments[moments.len() - 1]);
    assert!(last > first + DRAIN_TIME / 2, "all at once: {moments:?}");
    Ok(())
}

#[tokio::test]
async fn drain_answers_what_was_stored_before_the_close() -> Result<()> {
    let mut server = alone(&["--drain-ms", "0"]).await?;
    let mut socket = Socket::bound(&server, ZHANG).await?;
    for n in 0..150 {
        let data = json!({"senderUid": ZHANG.0, "recipientUid": LI.0, "content": n.to_string()});
        socket.send(json!({"type": 3, "data": data})).await?;
    }
    socket.frame(3).await?;
    let (ended, closed) = tokio::join!(server.terminate(), socket.closed());
    assert!(ended?.success());
    let (frames, code) = closed?;
    assert_eq!(code, 1001);
    let answered = 1 + frames.iter().filter(|frame| frame["type"] == 3).count();

    server.restart().await?;
    let mut socket = Socket::bound(&server, ZHANG).await?;
    let query = json!({"ownerUid": ZHANG.0, "otherUid": LI.0, "limit": 200});
    let stored = socket.ask(2, query).await?;
    assert_eq!(stored.as_array().context("no list")?.len(), answered);
    Ok(())
}

#[tokio::test]
async fn draining_server_is_not_ready_and_second_sigterm_ends_it() -> Result<()> {
    let operators = format!("127.0.0.1:{}", free_port()?);
    let flags = ["--drain-ms", "3600000", "--metrics-listen", &operators];
    let mut server = alone(&flags).await?;
    // Both connections keep the server from ending by itself.
    let _first = Socket::bound(&server, ZHANG).await?;
    let _second = Socket::bound(&server, ZHANG).await?;
    let idle = keep_alive(server.address()).await?;
    let get = async |path: &str| {
        let url = format!("http://{operators}{path}");
        let answer = server.http().get(url).send().await?;
        anyhow::Ok((answer.status().as_u16(), answer.text().await?))
    };
    assert_eq!(get("/readyz").await?, (200, "ready\n".into()));
    assert_eq!(get("/api/me").await?.0, 404);

    ask_to_end(&server).await?;
    is_ended(idle).await?;
    assert_eq!(get("/readyz").await?, (503, "draining\n".into()));
    assert_eq!(get("/healthz").await?.0, 200);
    assert!(get("/metrics").await?.1.contains("\ntidings_draining 1\n"));
    assert!(TcpStream::connect(server.address()).await.is_err());

    let ended = server.terminate().await?;
    assert_eq!(ended.code(), Some(130));
    Ok(())
}

#[tokio::test]
async fn client_close_during_the_drain_is_answered() -> Result<()> {
    let server = alone(&["--drain-ms", "3600000"]).await?;
    let socket = Socket::bound(&server, ZHANG).await?;
    ask_to_end(&server).await?;
    assert_eq!(socket.close_handshake().await?, 1000);
    Ok(())
}

#[tokio::test]
async fn server_without_connections_ends_at_once() -> Result<()> {
    let mut server = alone(&["--drain-ms", "3600000"]).await?;
    assert!(server.terminate().await?.success());
    Ok(())
}
