//! An acknowledgement and the next bind, on one node: another hears of it from the store, a moment
//! later.

use anyhow::Result;
use serde_json::json;
use tidings_tests::server::{LI, Server, ZHANG};
use tidings_tests::socket::Socket;

#[tokio::test]
async fn what_one_connection_acknowledged_is_not_pushed_on_the_next() -> Result<()> {
    // So often that a bind meets the writing of an acknowledgement at every moment of it.
    const ROUNDS: i64 = 400;
    let server = Server::start(&[]).await?;
    let mut zhang = Socket::bound(&server, ZHANG).await?;
    let token = server.login(LI.1).await?;
    let mut li = Socket::bound_with(&server, &token, json!({"uid": LI.0})).await?;
    for seq in 1..=ROUNDS {
        zhang.say(ZHANG.0, LI.0, "hello").await?;
        let push = li.frame(4).await?;
        assert_eq!(push["data"]["seq"], seq, "{push}");
        li.ack(&push["tid"]).await?;
        // Answered after the acknowledgement was taken.
        li.nothing_more(LI.0).await?;
        li = Socket::bound_with(&server, &token, json!({"uid": LI.0})).await?;
    }
    li.nothing_more(LI.0).await
}
