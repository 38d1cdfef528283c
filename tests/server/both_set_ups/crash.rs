//! Answered messages survive a crash, and a shutdown is clean.

use anyhow::{Context, Result};
use serde_json::json;
use std::collections::HashMap;
use std::time::Duration;
use tidings_tests::server::{LI, Server, ZHANG};
use tidings_tests::socket::Socket;

fn send(n: usize) -> serde_json::Value {
    let id = format!("c-{n}");
    json!({"type": 3, "data": {"senderUid": 1000, "recipientUid": 1001, "content": id,
                               "clientMsgId": id}})
}

/// Sends without waiting for answers until the server is killed. Returns how many were sent, and
/// the `seq` of each answered one.
async fn stream_until_killed(
    server: &mut Server,
    from: usize,
) -> Result<(usize, HashMap<usize, i64>)> {
    let mut socket = Socket::bound(server, ZHANG).await?;
    let mut answered = HashMap::new();
    let mut next = from;
    let kill_after = from + 300;
    loop {
        // A few are in flight at any time; once enough are answered, the kill hits the others.
        while next < from + answered.len() + 40 && socket.send(send(next)).await.is_ok() {
            next += 1;
        }
        if from + answered.len() == kill_after {
            server.kill().await?;
        }
        let Ok(frame) = socket.next().await else {
            return Ok((next, answered));
        };
        assert_eq!(frame["type"], 3, "{frame}");
        let id = frame["data"]["clientMsgId"].as_str().context("no id")?;
        let n = id.strip_prefix("c-").context("not ours")?.parse()?;
        answered.insert(n, frame["data"]["seq"].as_i64().context("no seq")?);
    }
}

#[tokio::test]
async fn kill_during_sends_loses_no_answer_and_resend_is_stored_once() -> Result<()> {
    let mut server = Server::start(&[]).await?;
    let (mut sent, mut answered) = (0, HashMap::new());
    for _ in 0..3 {
        let (until, seqs) = stream_until_killed(&mut server, sent).await?;
        answered.extend(seqs);
        server.restart().await?;
        // Unanswered messages are sent again, like by an outbox, together with some answered ones.
        let mut socket = Socket::bound(&server, ZHANG).await?;
        for n in until.saturating_sub(100)..until {
            socket.send(send(n)).await?;
            let seq = socket.data(3).await?["seq"].as_i64().context("no seq")?;
            if let Some(before) = answered.insert(n, seq) {
                assert_eq!(before, seq, "message {n} moved");
            }
        }
        sent = until;
    }
    assert!(answered.len() >= 900);

    let mut li = Socket::bound(&server, LI).await?;
    let mut stored = HashMap::new();
    for seq in 1..=i64::try_from(sent)? {
        let push = li.frame(4).await?;
        assert_eq!(push["data"]["seq"], seq);
        let content = push["data"]["content"]
            .as_str()
            .context("no content")?
            .to_owned();
        assert_eq!(stored.insert(content, seq), None, "stored twice");
        li.ack(&push["tid"]).await?;
    }
    li.nothing_more(1001).await?;
    for (n, seq) in answered {
        assert_eq!(stored.get(&format!("c-{n}")), Some(&seq));
    }
    Ok(())
}

#[tokio::test]
async fn sigterm_answers_sends_closes_with_1001_and_exits_cleanly() -> Result<()> {
    let mut server = Server::start(&[]).await?;
    let mut zhang = Socket::bound(&server, ZHANG).await?;
    let mut li = Socket::bound(&server, LI).await?;
    for n in 0..50 {
        zhang.send(send(n)).await?;
    }
    // The first answer shows that the frames arrive; the rest may be in flight.
    assert_eq!(zhang.data(3).await?["seq"], 1);
    let (status, zhang, li) = tokio::join!(server.terminate(), zhang.closed(), li.closed());
    assert!(status?.success());
    let (answers, code) = zhang?;
    assert_eq!(code, 1001);
    assert_eq!(li?.1, 1001);
    let answered = answers.iter().filter(|frame| frame["type"] == 3).count() + 1;

    server.restart().await?;
    let mut zhang = Socket::bound(&server, ZHANG).await?;
    let query = json!({"ownerUid": 1000, "otherUid": 1001, "afterSeq": 0, "limit": 200});
    let stored = zhang.ask(2, query).await?.as_array().map_or(0, Vec::len);
    assert_eq!(
        stored, answered,
        "what is stored was answered, and the other way round"
    );
    Ok(())
}

#[tokio::test]
async fn acknowledgements_survive_a_clean_shutdown() -> Result<()> {
    let mut server = Server::start(&[]).await?;
    let mut zhang = Socket::bound(&server, ZHANG).await?;
    let mut li = Socket::bound(&server, LI).await?;
    zhang.send_message(1000, 1001, "seen").await?;
    let push = li.frame(4).await?;
    li.ack(&push["tid"]).await?;
    li.nothing_more(1001).await?;
    assert!(server.terminate().await?.success());
    server.restart().await?;
    Socket::bound(&server, LI).await?.nothing_more(1001).await
}

#[tokio::test]
async fn health_and_readiness_are_separate_endpoints() -> Result<()> {
    let server = Server::start(&[]).await?;
    for path in ["/healthz", "/readyz"] {
        let answer = server.http().get(server.url(path)).send().await?;
        assert_eq!(answer.status(), 200, "{path}");
    }
    let answer = server
        .http()
        .get(server.url("/healthz"))
        .timeout(Duration::from_secs(5))
        .send()
        .await?;
    assert_eq!(answer.text().await?, "alive\n");
    Ok(())
}
