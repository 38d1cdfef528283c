//! When an unacknowledged push is repeated.

use anyhow::Result;
use serde_json::json;
use std::time::{Duration, Instant};
use tidings_tests::server::{LI, Server, ZHANG};
use tidings_tests::socket::Socket;

#[tokio::test]
async fn unacked_push_repeats_after_5_and_7_s_and_closes_after_9_s() -> Result<()> {
    let server = Server::start(&[]).await?;
    let mut zhang = Socket::bound(&server, ZHANG).await?;
    let mut li = Socket::bound(&server, LI).await?;
    for text in ["one", "two"] {
        zhang.send_message(1000, 1001, text).await?;
        let push = li.frame(4).await?;
        li.ack(&push["tid"]).await?;
    }
    let before = Instant::now();
    zhang.send_message(1000, 1001, "three").await?;
    let push = li.frame(4).await?;
    assert_eq!((&push["tid"], push.get("dup")), (&json!(3), None));
    let check = |due: u64| {
        let due = Duration::from_secs(due);
        println!("due {due:?}, came {:?}", before.elapsed());
        assert!(before.elapsed() >= due, "early");
    };
    for due in [5, 7] {
        let repeat = li.frame(4).await?;
        check(due);
        assert_eq!((&repeat["tid"], &repeat["dup"]), (&json!(3), &json!(true)));
        assert_eq!(repeat["data"], push["data"]);
    }
    let (frames, code) = li.closed().await?;
    check(9);
    assert_eq!((frames, code), (Vec::new(), 4001));

    let mut again = Socket::bound(&server, LI).await?;
    let offered = again.frame(4).await?;
    assert_eq!((&offered["tid"], offered.get("dup")), (&json!(1), None));
    assert_eq!(offered["data"], push["data"]);
    again.ack(&offered["tid"]).await?;
    again.nothing_more(1001).await
}

#[tokio::test]
async fn acks_sent_to_a_frozen_server_prevent_repushes() -> Result<()> {
    const WINDOW: i64 = 64;
    const ACK_TIMEOUT_MS: u64 = 2_000;
    let ack_timeout = ACK_TIMEOUT_MS.to_string();
    let flags = [
        "--ack-timeout-ms",
        &ack_timeout,
        "--repush-interval-ms",
        &ack_timeout,
    ];
    let server = Server::start(&flags).await?;
    let mut zhang = Socket::bound(&server, ZHANG).await?;
    // Several rounds, because the order in which timer and socket are polled may be random.
    for round in 0..3 {
        for n in 0..WINDOW {
            zhang
                .send_message(1000, 1001, &format!("{round} {n}"))
                .await?;
        }
        let mut li = Socket::bound(&server, LI).await?;
        let mut tids = Vec::new();
        for _ in 0..WINDOW {
            tids.push(li.frame(4).await?["tid"].take());
        }
        for node in server.nodes() {
            node.freeze()?;
        }
        for tid in &tids {
            li.ack(tid).await?;
        }
        // The fault under test: time passes while the process cannot run.
        tokio::time::sleep(Duration::from_millis(ACK_TIMEOUT_MS + 200)).await;
        for node in server.nodes() {
            node.thaw()?;
        }
        li.nothing_more(1001).await?;
    }
    Ok(())
}
