//! When an unacknowledged push is repeated, and when not.

use anyhow::Result;
use serde_json::json;
use std::time::{Duration, Instant};
use tidings_tests::server::{LI, Server, ZHANG};
use tidings_tests::socket::Socket;

#[tokio::test]
async fn an_unacknowledged_push_comes_again_after_5_and_7_s_and_after_9_s_its_connection_is_closed()
-> Result<()> {
    let server = Server::start(&[]).await?;
    let mut zhang = Socket::bound(&server, ZHANG).await?;
    let mut li = Socket::bound(&server, LI).await?;
    for text in ["one", "two"] {
        zhang.say(1000, 1001, text).await?;
        let push = li.frame(4).await?;
        li.ack(&push["tid"]).await?;
    }
    let before = Instant::now();
    zhang.say(1000, 1001, "three").await?;
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
async fn what_was_acknowledged_while_the_process_stood_still_is_not_repeated() -> Result<()> {
    const WINDOW: i64 = 64;
    const PATIENCE_MS: u64 = 2_000;
    let patience = PATIENCE_MS.to_string();
    let flags = [
        "--ack-timeout-ms",
        &patience,
        "--repush-interval-ms",
        &patience,
    ];
    let server = Server::start(&flags).await?;
    let mut zhang = Socket::bound(&server, ZHANG).await?;
    // More than once: which of the two is looked at first, the time or the socket, might be chance.
    for round in 0..3 {
        for n in 0..WINDOW {
            zhang.say(1000, 1001, &format!("{round} {n}")).await?;
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
        // This is what it is about: time that passes in which nothing can be done.
        tokio::time::sleep(Duration::from_millis(PATIENCE_MS + 200)).await;
        for node in server.nodes() {
            node.thaw()?;
        }
        li.nothing_more(1001).await?;
    }
    Ok(())
}
