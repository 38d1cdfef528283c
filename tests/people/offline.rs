//! Very many messages wait for somebody who was away.

use super::plain::Plain;
use super::process::resident_kib;
use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};
use std::time::{Duration, Instant};
use tidings_tests::PATIENCE;
use tidings_tests::server::{LI, Server, WANG, ZHANG};

/// Sends under way on a connection; the server answers 64 at a time and reads the next then.
const UNDER_WAY: i64 = 256;

/// Sends the numbers from 1 to `count` to 李四, many at a time. Pushes of the sender's other devices
/// are acknowledged.
async fn fill(server: &Server, from: (i64, &str), count: i64) -> Result<()> {
    let mut socket = bound(server, from).await?;
    let (mut sent, mut answered) = (0, 0);
    while answered < count {
        while sent < count.min(answered + UNDER_WAY) {
            sent += 1;
            let data =
                json!({"senderUid": from.0, "recipientUid": 1001, "content": sent.to_string()});
            socket.feed(&json!({"type": 3, "data": data})).await?;
        }
        socket.flush().await?;
        // Half of them, so that there is always something under way.
        while answered < sent - UNDER_WAY / 2 || (sent == count && answered < count) {
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

/// The same, on a node of its own choice.
async fn bound_to(server: &Server, address: &str, user: (i64, &str)) -> Result<Plain> {
    let token = server.login(user.1).await?;
    let (socket, _) = Plain::bound(address.parse()?, &token, json!({"uid": user.0})).await?;
    Ok(socket)
}

fn ack(tid: &Value) -> Value {
    json!({"type": 6, "data": {"tid": tid}})
}

/// Takes pushes in a course-style client's way, one acknowledgement each, and checks their order:
/// of all by age, of each conversation by place.
async fn take(li: &mut Plain, count: i64, mut each: impl FnMut(i64) -> Result<()>) -> Result<()> {
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

/// So many arrive in order, each once; what that took is printed: the server should grow by the page
/// cache of a database reader (16 MiB) and one window at most.
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
    take(&mut li, count, |tid| {
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

    // All acknowledged: none comes again, on whichever node. The one that took the acknowledgements
    // knows as soon as it has read them, which its answer to what came after them tells; the others
    // hear of the last ones from the store, a moment later.
    let beat = json!({"type": 0, "data": {"uid": LI.0, "timeout": 45_000}});
    li.feed(&beat).await?;
    li.flush().await?;
    assert_eq!(li.frame().await?["type"], 0);
    drop(li);
    for node in server.nodes() {
        let settled = async {
            loop {
                let mut again = bound_to(&server, node.address(), LI).await?;
                again.feed(&beat).await?;
                again.flush().await?;
                let first = again.frame().await?["type"].take();
                if first == 0 {
                    return anyhow::Ok(());
                }
                ensure!(server.nodes().len() > 1, "acknowledged and pushed again");
            }
        };
        tokio::time::timeout(PATIENCE, settled)
            .await
            .context("a node still pushes what was acknowledged")??;
    }
    Ok(())
}

/// Those of several conversations come oldest first.
pub(crate) async fn of_two_conversations() -> Result<()> {
    let server = Server::start(&[]).await?;
    tokio::try_join!(fill(&server, ZHANG, 1_000), fill(&server, WANG, 1_000))?;
    let mut li = bound(&server, LI).await?;
    let started = Instant::now();
    take(&mut li, 2_000, |_| Ok(())).await?;
    println!("2,000 of two conversations in {:.1?}", started.elapsed());
    Ok(())
}
