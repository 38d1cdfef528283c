//! The latency of a push, from the answer to the send on: the time of the disk precedes both.

use anyhow::Result;
use std::time::Instant;
use tidings_tests::server::{LI, Server, ZHANG};
use tidings_tests::socket::Socket;

const ROUNDS: usize = 50;

#[tokio::test]
async fn latency_of_two_consecutive_pushes() -> Result<()> {
    let server = Server::start(&[]).await?;
    let mut zhang = Socket::bound(&server, ZHANG).await?;
    let mut li = Socket::bound(&server, LI).await?;
    let mut took = Vec::new();
    for _ in 0..ROUNDS {
        let mut pushes = Vec::new();
        zhang.send_message(1000, 1001, "one").await?;
        zhang.send_message(1000, 1001, "two").await?;
        let answered = Instant::now();
        for _ in 0..2 {
            pushes.push(li.frame(4).await?);
        }
        took.push(answered.elapsed());
        for push in pushes {
            li.ack(&push["tid"]).await?;
        }
        li.nothing_more(1001).await?;
    }
    took.sort();
    let median = took[ROUNDS / 2];
    println!(
        "from the second answer to the second push: {median:.3?} in the median, {:.3?} at most \
         (with Nagle's algorithm on, RFC 896, at least 40 ms)",
        took[ROUNDS - 1]
    );
    Ok(())
}
