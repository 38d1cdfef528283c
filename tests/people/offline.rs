//! Very many offline messages.

use super::plain::Plain;
use super::process::resident_kib;
use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};
use std::time::{Duration, Instant};
use tidings_tests::TEST_TIMEOUT;
use tidings_tests::server::{LI, Server, WANG, ZHANG};

/// Sends in flight on a connection. The server processes 64 of a connection at a time.
const IN_FLIGHT: i64 = 256;

/// Sends the numbers from 1 to `count` to 李四, many at a time. Pushes of the sender's other devices
/// are acknowledged.
async fn fill(server: &Server, from: (i64, &str), count: i64) -> Result<()> {
    let mut socket = bound(server, from).await?;
    let (mut sent, mut answered) = (0, 0);
    while answered < count {
        while sent < count.min(answered + IN_FLIGHT) {
            sent += 1;
            let data =
                json!({"senderUid": from.0, "recipientUid": 1001, "content": sent.to_string()});
            socket.feed(&json!({"type": 3, "data": data})).await?;
        }
        socket.flush().await?;
        // Half of them, so that some are always in flight.
        while answered < sent - IN_FLIGHT / 2 || (sent == count && answered < count) {
            let frame = socket.frame().await?;
            if frame["type"] == 4 {
                socket.feed(&ack(&frame["tid"])).await?;
            } else {
                answered += 1;
                let content = answered.to_string();
                let answer = (&frame["type"], &frame["data"]["content"]);
                assert_eq!(answer, (&json!(3), &json!(content)), "{frame}");
            }
        }
    }
    Ok(())
}

async fn bound(server: &Server, user: (i64, &str)) -> Result<Plain> {
    bound_to(server, server.address(), user).await
}

/// The same, on a given node.
async fn bound_to(server: &Server, address: &str, user: (i64, &str)) -> Result<Plain> {
    let token = server.login(user.1).await?;
    let (socket, _) = Plain::bound(address.parse()?, &token, json!({"uid": user.0})).await?;
    Ok(socket)
}

fn ack(tid: &Value) -> Value {
    json!({"type": 6, "data": {"tid": tid}})
}

/// Receives pushes like a legacy (v0) client, with one acknowledgement each, and checks their
/// order: by age over all, and by `seq` in each conversation.
async fn receive(
    li: &mut Plain,
    count: i64,
    mut each: impl FnMut(i64) -> Result<()>,
) -> Result<()> {
    let mut last_mid = 0;
    let mut last_seq = [0_i64; 2];
    for tid in 1..=count {
        let push = li.frame().await?;
        assert_eq!((&push["type"], &push["tid"]), (&json!(4), &json!(tid)));
        assert_eq!(push.get("dup"), None, "{push}");
        let message = &push["data"];
        let seq = &mut last_seq[usize::from(message["ownerUid"] == WANG.0)];
        *seq += 1;
        assert_eq!(message["seq"], *seq, "{push}");
        let mid = message["mid"].as_i64().context("no mid")?;
        assert!(mid > last_mid, "message {mid} came after {last_mid}");
        last_mid = mid;
        li.feed(&ack(&push["tid"])).await?;
        li.flush().await?;
        each(tid)?;
    }
    Ok(())
}

/// So many messages arrive in order, each once. The cost is printed: the server should grow at most
/// by the page cache of a database reader (16 MiB) and one window.
pub(crate) async fn offline_messages(count: i64) -> Result<()> {
    let server = Server::start(&[]).await?;
    let started = Instant::now();
    tokio::try_join!(
        fill(&server, ZHANG, count / 2),
        fill(&server, ZHANG, count / 2)
    )?;
    let filled = started.elapsed();

    let mut li = bound(&server, LI).await?;
    let before = resident_kib(&server)?;
    let mut peak = before;
    let started = Instant::now();
    receive(&mut li, count, |tid| {
        if tid % 1_000 == 0 {
            peak = peak.max(resident_kib(&server)?);
        }
        Ok(())
    })
    .await?;
    let delivered = started.elapsed();
    let after = resident_kib(&server)?;
    let rate = |took: Duration| f64::from(u32::try_from(count).unwrap_or(0)) / took.as_secs_f64();
    println!(
        "filled in {filled:.1?} ({:.0}/s), delivered in {delivered:.1?} ({:.0}/s); \
         resident {before} KiB before, {peak} KiB at most, {after} KiB after",
        rate(filled),
        rate(delivered),
    );

    // All are acknowledged, so none is pushed again, on any node. The node of this connection knows
    // the cursor once it has answered a later frame; other nodes read it from the store a moment
    // later.
    let heartbeat = json!({"type": 0, "data": {"uid": LI.0, "timeout": 45_000}});
    li.feed(&heartbeat).await?;
    li.flush().await?;
    assert_eq!(li.frame().await?["type"], 0);
    drop(li);
    for node in server.nodes() {
        let settled = async {
            loop {
                let mut again = bound_to(&server, node.address(), LI).await?;
                again.feed(&heartbeat).await?;
                again.flush().await?;
                let first = again.frame().await?["type"].take();
                if first == 0 {
                    return anyhow::Ok(());
                }
                ensure!(server.nodes().len() > 1, "acknowledged and pushed again");
            }
        };
        tokio::time::timeout(TEST_TIMEOUT, settled)
            .await
            .context("a node still pushes what was acknowledged")??;
    }
    Ok(())
}

/// Offline messages of two conversations arrive oldest first.
pub(crate) async fn of_two_conversations() -> Result<()> {
    let server = Server::start(&[]).await?;
    tokio::try_join!(fill(&server, ZHANG, 1_000), fill(&server, WANG, 1_000))?;
    let mut li = bound(&server, LI).await?;
    let started = Instant::now();
    receive(&mut li, 2_000, |_| Ok(())).await?;
    println!("2,000 of two conversations in {:.1?}", started.elapsed());
    Ok(())
}
