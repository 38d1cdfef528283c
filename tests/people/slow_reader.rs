//! Clients that query much, or are sent much, and read nothing. Their cost is printed: the server
//! should grow by 32 MiB at most for one of them, and a message between others should take 2 s at
//! most.

use super::crowd::{Person, login, person};
use super::plain::{Incoming, Plain};
use super::process::resident_kib;
use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};
use std::time::Duration;
use tidings_shared::close::CloseCode;
use tidings_shared::{UserId, limits};
use tidings_tests::TEST_TIMEOUT;
use tidings_tests::client::{Client, Status};
use tidings_tests::proxy::{Conditions, Connection, Flow, Proxy};
use tidings_tests::server::{LI, Server, WANG, ZHANG};
use tokio::time::{Instant, interval};

/// The number of queries, each with an answer that fills a frame. The queries fit into the buffers.
const QUESTIONS: usize = 300;
/// The most bytes of answers that the server and the system buffer for one connection.
const ANSWERS: usize = 16 * 1024 * 1024;

/// Connects 李四 through a proxy that passes nothing to her from now on.
async fn stalled_reader(proxy: &Proxy, li: &Person, bind: Value) -> Result<(Plain, Connection)> {
    let (socket, _) = Plain::bound(proxy.address(), &li.token, bind).await?;
    let connection = proxy.connections().remove(0);
    let frozen = Flow {
        frozen: true,
        ..Flow::default()
    };
    connection.set(Conditions {
        to_client: frozen,
        ..Conditions::default()
    });
    Ok((socket, connection))
}

/// 张三 and 王五, who write large messages to 李四 and to each other.
struct Flood {
    zhang: Client,
    wang: Client,
}

impl Flood {
    async fn new(server: &Server) -> Result<Self> {
        let address = server.address().parse()?;
        let zhang = Client::start(login(address, &person(server, ZHANG).await?, 0), 1);
        let wang = Client::start(login(address, &person(server, WANG).await?, 0), 2);
        Ok(Self { zhang, wang })
    }

    /// Writes more messages to 李四 than fit into one answer to a query.
    async fn fill_a_frame(&self) -> Result<()> {
        for _ in 0..=limits::FRAME_BYTES / limits::CONTENT_BYTES {
            let text = "x".repeat(limits::CONTENT_BYTES);
            self.zhang.write(UserId(1001), text).await?;
        }
        self.zhang.until(Status::is_settled).await?;
        Ok(())
    }

    /// Writes for this time. Returns the peak memory of the server, and the longest time from the
    /// answer to a message to its arrival.
    async fn run(&self, server: &Server, lasts: Duration) -> Result<(u64, Duration)> {
        let (mut peak, mut slowest) = (0, Duration::ZERO);
        let started = Instant::now();
        let mut pace = interval(Duration::from_millis(20));
        for shown in self.wang.status().shown + 1.. {
            pace.tick().await;
            let text = "x".repeat(limits::CONTENT_BYTES);
            self.zhang.write(UserId(1001), text.clone()).await?;
            self.zhang.write(self.wang.uid(), text).await?;
            // The time of the disk is not counted.
            self.zhang.until(Status::is_settled).await?;
            let answered = Instant::now();
            self.wang.until(|status| status.shown == shown).await?;
            slowest = slowest.max(answered.elapsed());
            peak = peak.max(resident_kib(server)?);
            if started.elapsed() > lasts {
                break;
            }
        }
        self.zhang.until(Status::is_settled).await?;
        Ok((peak, slowest))
    }
}

/// How many connections were closed as too slow, on all nodes.
async fn closed_as_too_slow(server: &Server) -> Result<u64> {
    let name = format!(
        "tidings_closes_total{{code=\"{}\"}} ",
        CloseCode::TooSlow.code()
    );
    let mut sum = 0;
    for node in server.nodes() {
        let answer = server
            .http()
            .get(format!("http://{}/metrics", node.address()))
            .send()
            .await?;
        let text = answer.error_for_status()?.text().await?;
        let figure = text.lines().find_map(|line| line.strip_prefix(&name));
        sum += figure.context("not counted")?.parse::<u64>()?;
    }
    Ok(sum)
}

/// Reads the rest of a connection. Returns the number of bytes and the close code.
async fn drain(socket: &mut Plain) -> Result<(usize, Option<u16>)> {
    let mut bytes = 0;
    loop {
        match socket.recv().await? {
            Incoming::Text(text) => bytes += text.len(),
            Incoming::Closed(code) => return Ok((bytes, Some(code))),
            Incoming::Gone => return Ok((bytes, None)),
        }
    }
}

/// A client that stops reading under a flood is closed, and messages between others arrive
/// meanwhile.
pub(crate) async fn stops_under_a_flood() -> Result<()> {
    let server = Server::start(&[]).await?;
    let proxy = Proxy::start(server.address().parse()?, 1)?;
    let li = person(&server, LI).await?;
    let flood = Flood::new(&server).await?;
    // Warm-up, so that the usual memory is in use.
    flood.run(&server, Duration::from_secs(1)).await?;
    let before = resident_kib(&server)?;
    let (mut socket, connection) = stalled_reader(&proxy, &li, json!({"uid": 1001})).await?;
    // Repushes end after 9 s, a stalled write after 10 s; the close handshake takes 2 s more.
    let (peak, slowest) = flood.run(&server, Duration::from_secs(13)).await?;
    connection.thaw();
    let (bytes, code) = drain(&mut socket).await?;
    println!(
        "flooded: closed with {code:?} after {bytes} bytes; resident {before} KiB before, \
         {peak} KiB at most; slowest among others {slowest:.3?}"
    );
    assert!(
        code.is_none_or(|code| [4001, 4002].contains(&code)),
        "{code:?}"
    );
    // A window, its repushes, and the socket buffers.
    assert!(bytes < 16 * limits::WINDOW_BYTES, "{bytes} bytes");
    Ok(())
}

/// A client that queries much and reads nothing is closed.
pub(crate) async fn asks_and_reads_nothing() -> Result<()> {
    let server = Server::start(&[]).await?;
    let flood = Flood::new(&server).await?;
    flood.fill_a_frame().await?;
    let proxy = Proxy::start(server.address().parse()?, 1)?;
    let li = person(&server, LI).await?;
    let bind = json!({"uid": 1001, "conversations": true});
    let (mut socket, connection) = stalled_reader(&proxy, &li, bind).await?;
    let before = resident_kib(&server)?;
    let data = json!({"ownerUid": 1001, "otherUid": 1000, "afterSeq": 0, "limit": 200});
    let started = Instant::now();
    for _ in 0..QUESTIONS {
        socket.feed(&json!({"type": 2, "data": data})).await?;
    }
    socket.flush().await?;
    let mut peak = before;
    let mut looks = interval(Duration::from_millis(100));
    while closed_as_too_slow(&server).await? == 0 {
        looks.tick().await;
        peak = peak.max(resident_kib(&server)?);
        ensure!(started.elapsed() < TEST_TIMEOUT, "still open");
    }
    let closed_after = started.elapsed();
    connection.thaw();
    let (bytes, code) = drain(&mut socket).await?;
    println!(
        "greedy: closed with {code:?} after {closed_after:.1?} and {bytes} bytes; resident {before} KiB before, \
         {peak} KiB at most"
    );
    // On a slow machine the two seconds of the close handshake may end without a code.
    let too_slow = CloseCode::TooSlow.code();
    assert!(code.is_none_or(|code| code == too_slow), "{code:?}");
    assert!(bytes < ANSWERS, "{bytes} bytes");
    Ok(())
}
