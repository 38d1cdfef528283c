//! How many messages a second a store appends: `append URL [BATCH [SECONDS [PAIRS]]]`.
//!
//! Like the committer, without sockets: batches of `BATCH` messages between `PAIRS` pairs of users,
//! one after the other.

use std::time::{Duration, Instant};
use tidings_server::domain::ConnectionId;
use tidings_server::store::{NewMessage, NewUser, READERS, open};
use tidings_shared::{Body, ClientMsgId, Peer, UserId};

fn user(uid: i64) -> NewUser {
    NewUser {
        uid: Some(UserId(uid)),
        email: format!("{uid}@example.org"),
        username: format!("User {uid}"),
        avatar: String::new(),
        password_hash: String::new(),
        created_at: 1,
    }
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let mut arguments = std::env::args().skip(1);
    let url = arguments
        .next()
        .ok_or_else(|| anyhow::anyhow!("append URL [BATCH [SECONDS [PAIRS]]]"))?;
    let mut number = |default: usize| arguments.next().map_or(Ok(default), |text| text.parse());
    let (batch, seconds, pairs) = (number(64)?, number(5)?, number(1000)?);

    let store = open(&url, READERS).await?;
    store.migrate().await?;
    let pairs = i64::try_from(pairs)?;
    if store.user(UserId(1)).await?.is_none() {
        let users: Vec<_> = (1..=2 * pairs).map(user).collect();
        store.add_users(&users).await?;
    }

    let begin = Instant::now();
    let (mut count, mut batches, mut slowest) = (0_u64, 0_u32, Duration::ZERO);
    // Keys differ from those of an earlier run on the same store.
    let run = std::process::id();
    while begin.elapsed() < Duration::from_secs(seconds as u64) {
        let messages: Vec<_> = (0..batch)
            .map(|_| {
                count += 1;
                let pair = i64::try_from(count).unwrap_or(0) % pairs;
                NewMessage {
                    sender: UserId(2 * pair + 1),
                    peer: Peer::User(UserId(2 * pair + 2)),
                    body: Body::Text(
                        "A sentence of about sixty characters, as people write them.".into(),
                    ),
                    client_msg_id: Some(ClientMsgId(format!(
                        "{run:08}-0000-0000-0000-{count:012}"
                    ))),
                    origin: ConnectionId(0),
                    created_at: 1_700_000_000_000,
                }
            })
            .collect();
        let since = Instant::now();
        let results = store.append(&messages).await?;
        slowest = slowest.max(since.elapsed());
        anyhow::ensure!(results.iter().all(Result::is_ok), "a message was refused");
        batches += 1;
    }
    let elapsed = begin.elapsed();
    let rate = u128::from(count) * 1000 / elapsed.as_millis();
    let mean = elapsed / batches;
    println!("{rate} messages/s, {batches} commits of {batch}, mean {mean:?}, slowest {slowest:?}");
    store.close().await;
    Ok(())
}
