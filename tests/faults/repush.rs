//! When an unacknowledged push is repeated, with the default settings.

use anyhow::Result;
use serde_json::json;
use std::time::{Duration, Instant};
use tidings_tests::server::{LI, Server, ZHANG};
use tidings_tests::socket::Socket;

/// How late a slow machine may be. Never is anything early.
const LATE: Duration = Duration::from_millis(1_500);

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
    let after = Instant::now();
    assert_eq!((&push["tid"], push.get("dup")), (&json!(3), None));
    let check = |due: u64| {
        let due = Duration::from_secs(due);
        println!("due {due:?}, came {:?}", before.elapsed());
        assert!(before.elapsed() >= due, "early");
        assert!(after.elapsed() <= due + LATE, "late");
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
