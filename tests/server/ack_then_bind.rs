//! An acknowledgement and the next bind, on one node. Other nodes read the cursor from the store a
//! moment later.

use anyhow::Result;
use serde_json::json;
use tidings_tests::server::{LI, Server, ZHANG};
use tidings_tests::socket::Socket;

#[tokio::test]
async fn acked_push_is_not_repeated_on_the_next_connection() -> Result<()> {
    // Enough rounds for a bind at every stage of the write of the delivery cursor.
    const ROUNDS: i64 = 400;
    let server = Server::start(&[]).await?;
    let mut zhang = Socket::bound(&server, ZHANG).await?;
    let token = server.login(LI.1).await?;
    let mut li = Socket::bound_with(&server, &token, json!({"uid": LI.0})).await?;
    for seq in 1..=ROUNDS {
        zhang.send_message(ZHANG.0, LI.0, "hello").await?;
        let push = li.frame(4).await?;
        assert_eq!(push["data"]["seq"], seq, "{push}");
        li.ack(&push["tid"]).await?;
        // The answer comes after the acknowledgement was handled.
        li.nothing_more(LI.0).await?;
        li = Socket::bound_with(&server, &token, json!({"uid": LI.0})).await?;
    }
    li.nothing_more(LI.0).await
}
