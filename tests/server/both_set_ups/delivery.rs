//! Acknowledgements, repushes, several devices, idle connections.

use anyhow::Result;
use serde_json::json;
use std::time::{Duration, Instant};
use tidings_tests::server::{LI, Server, ZHANG};
use tidings_tests::socket::Socket;

/// Repushes within the time of a test.
const FAST_REPUSH: [&str; 4] = ["--ack-timeout-ms", "400", "--repush-interval-ms", "200"];
/// The same, but with time for a few messages to be committed on a slow disk.
const SLOW_REPUSH: [&str; 4] = ["--ack-timeout-ms", "3000", "--repush-interval-ms", "200"];
/// No repushes while a test lasts.
const NO_REPUSH: [&str; 2] = ["--ack-timeout-ms", "60000"];

#[tokio::test]
async fn client_close_is_answered_in_every_state() -> Result<()> {
    let server = Server::start(&NO_REPUSH).await?;
    let token = server.login(LI.1).await?;
    let unbound = Socket::open(&server, Some(&token)).await?;
    assert_eq!(unbound.close_handshake().await?, 1000);

    let idle = Socket::bound(&server, LI).await?;
    assert_eq!(idle.close_handshake().await?, 1000);

    let mut zhang = Socket::bound(&server, ZHANG).await?;
    let unacknowledged = Socket::bound(&server, LI).await?;
    for n in 1..=20 {
        let data = json!({"senderUid": 1000, "recipientUid": 1001, "content": n.to_string(),
                          "clientMsgId": n.to_string()});
        zhang.send(json!({"type": 3, "data": data})).await?;
    }
    assert_eq!(zhang.close_handshake().await?, 1000, "amid its sends");
    assert_eq!(unacknowledged.close_handshake().await?, 1000, "amid pushes");

    // Messages sent before the close are stored.
    let mut li = Socket::bound(&server, LI).await?;
    for n in 1..=20 {
        assert_eq!(li.data(4).await?["content"], n.to_string());
    }
    Ok(())
}

#[tokio::test]
async fn unacked_push_is_repeated_with_its_tid_then_closed() -> Result<()> {
    let server = Server::start(&FAST_REPUSH).await?;
    let mut zhang = Socket::bound(&server, ZHANG).await?;
    let mut li = Socket::bound(&server, LI).await?;
    let before = Instant::now();
    zhang.send_message(1000, 1001, "hello").await?;
    let push = li.frame(4).await?;
    assert_eq!(push.get("dup"), None);
    let (repeats, code) = li.closed().await?;
    assert_eq!(code, 4001);
    assert!(before.elapsed() >= Duration::from_millis(800));
    assert_eq!(repeats.len(), 2);
    for repeat in repeats {
        assert_eq!(repeat["tid"], push["tid"]);
        assert_eq!(repeat["dup"], true);
        assert_eq!(repeat["data"], push["data"]);
    }
    // It is still in the store, and pushed with a tid of the new connection.
    let mut again = Socket::bound(&server, LI).await?;
    let offered = again.frame(4).await?;
    assert_eq!((&offered["tid"], offered.get("dup")), (&json!(1), None));
    assert_eq!(offered["data"], push["data"]);
    Ok(())
}

#[tokio::test]
async fn acked_push_is_not_repeated_and_unknown_tids_are_ignored() -> Result<()> {
    let server = Server::start(&SLOW_REPUSH).await?;
    let mut zhang = Socket::bound(&server, ZHANG).await?;
    let mut li = Socket::bound(&server, LI).await?;
    for n in 1..=5 {
        let data = json!({"senderUid": 1000, "recipientUid": 1001, "content": n.to_string()});
        zhang.send(json!({"type": 3, "data": data})).await?;
    }
    for n in 1..=5 {
        assert_eq!(li.frame(4).await?["tid"], n);
    }
    for tid in [0_i64, 99, i64::MAX] {
        li.send(json!({"type": 6, "data": {"tid": tid}})).await?;
        li.send(json!({"type": 6, "data": {"tid": tid, "cumulative": tid == 0}}))
            .await?;
    }
    li.send(json!({"type": 6, "data": {"tid": 3}})).await?;
    li.send(json!({"type": 6, "data": {"tid": 2, "cumulative": true}}))
        .await?;
    let (repeats, code) = li.closed().await?;
    assert_eq!(code, 4001);
    let tids: Vec<_> = repeats.iter().map(|frame| frame["tid"].as_i64()).collect();
    // If the disk was slow between the two, 5 is repeated less often: the connection ends with 4.
    assert!(tids.iter().all(|tid| [Some(4), Some(5)].contains(tid)));
    let fours = tids.iter().filter(|tid| **tid == Some(4));
    assert_eq!(fours.count(), 2, "{tids:?}");
    Ok(())
}

#[tokio::test]
async fn window_of_64_pushes_waits_for_acks_and_resumes_in_order() -> Result<()> {
    let server = Server::start(&NO_REPUSH).await?;
    let mut zhang = Socket::bound(&server, ZHANG).await?;
    let mut li = Socket::bound(&server, LI).await?;
    for n in 1..=200 {
        zhang.send_message(1000, 1001, &n.to_string()).await?;
    }
    for n in 1..=64 {
        assert_eq!(li.frame(4).await?["tid"], n);
    }
    li.nothing_more(1001).await?;
    li.send(json!({"type": 6, "data": {"tid": 64, "cumulative": true}}))
        .await?;
    for n in 65..=200 {
        let push = li.frame(4).await?;
        assert_eq!((&push["tid"], &push["data"]["seq"]), (&json!(n), &json!(n)));
        li.ack(&push["tid"]).await?;
    }
    li.nothing_more(1001).await
}

#[tokio::test]
async fn every_device_of_both_sides_gets_a_message_once() -> Result<()> {
    let server = Server::start(&[]).await?;
    let mut phone = Socket::bound(&server, ZHANG).await?;
    let mut laptop = Socket::bound(&server, ZHANG).await?;
    let mut li = [
        Socket::bound(&server, LI).await?,
        Socket::bound(&server, LI).await?,
    ];
    let data =
        json!({"senderUid": 1000, "recipientUid": 1001, "content": "hi", "clientMsgId": "c-1"});
    let sent = phone.ask(3, data).await?;
    assert_eq!(sent["clientMsgId"], "c-1");
    assert_eq!(laptop.data(4).await?, sent);
    laptop.ack(&json!(1)).await?;
    for device in &mut li {
        let push = device.data(4).await?;
        assert_eq!(push["mid"], sent["mid"]);
        assert_eq!(push.get("clientMsgId"), None);
    }
    phone.nothing_more(1000).await
}

#[tokio::test]
async fn ack_on_one_connection_does_not_affect_another() -> Result<()> {
    let server = Server::start(&SLOW_REPUSH).await?;
    let mut zhang = Socket::bound(&server, ZHANG).await?;
    let mut quick = Socket::bound(&server, LI).await?;
    let mut silent = Socket::bound(&server, LI).await?;
    zhang.send_message(1000, 1001, "hello").await?;
    let push = quick.frame(4).await?;
    quick.ack(&push["tid"]).await?;
    assert_eq!(silent.frame(4).await?["tid"], push["tid"]);
    let (repeats, code) = silent.closed().await?;
    assert_eq!((repeats.len(), code), (2, 4001));
    quick.nothing_more(1001).await
}

#[tokio::test]
async fn same_client_msg_id_gives_the_same_message_stored_once() -> Result<()> {
    let server = Server::start(&[]).await?;
    let mut zhang = Socket::bound(&server, ZHANG).await?;
    let mut li = Socket::bound(&server, LI).await?;
    let data = |content: &str| json!({"senderUid": 1000, "recipientUid": 1001, "content": content, "clientMsgId": "c-1"});
    // Two at once, so that they are in one batch, and another later.
    zhang
        .send(json!({"type": 3, "data": data("first")}))
        .await?;
    zhang
        .send(json!({"type": 3, "data": data("second")}))
        .await?;
    let first = zhang.data(3).await?;
    assert_eq!(zhang.data(3).await?, first);
    assert_eq!(zhang.ask(3, data("third")).await?, first);
    assert_eq!(first["content"], "first");
    assert_eq!(li.data(4).await?["mid"], first["mid"]);
    // The id belongs to its sender: the same id of another sender is another message.
    let other =
        json!({"senderUid": 1001, "recipientUid": 1000, "content": "mine", "clientMsgId": "c-1"});
    assert_eq!(li.ask(3, other).await?["seq"], 2);
    let page = li
        .ask(2, json!({"ownerUid": 1001, "otherUid": 1000}))
        .await?;
    assert_eq!(page.as_array().map(Vec::len), Some(2));
    Ok(())
}

#[tokio::test]
async fn pipelined_sends_are_answered_in_order_with_dense_seqs() -> Result<()> {
    let server = Server::start(&[]).await?;
    let mut zhang = Socket::bound(&server, ZHANG).await?;
    for n in 0..1000 {
        let data = json!({"senderUid": 1000, "recipientUid": 1001, "content": n.to_string()});
        zhang.send(json!({"type": 3, "data": data})).await?;
    }
    let mut last_mid = 0;
    for n in 0..1000_i64 {
        let sent = zhang.data(3).await?;
        assert_eq!(
            (&sent["content"], &sent["seq"]),
            (&json!(n.to_string()), &json!(n + 1))
        );
        let mid = sent["mid"].as_i64().unwrap_or_default();
        assert!(mid > last_mid);
        last_mid = mid;
    }
    Ok(())
}

#[tokio::test]
async fn silent_connection_is_closed_and_heartbeats_keep_one_open() -> Result<()> {
    let flags = [
        "--idle-timeout-ms",
        "2000",
        "--heartbeat-min-ms",
        "100",
        "--heartbeat-max-ms",
        "300",
    ];
    let server = Server::start(&flags).await?;
    let mut silent = Socket::bound(&server, ZHANG).await?;
    let mut alive = Socket::bound(&server, LI).await?;
    let opened_at = Instant::now();
    let waiting = tokio::spawn(async move { silent.closed().await });
    let mut heartbeats = tokio::time::interval(Duration::from_millis(200));
    while opened_at.elapsed() < Duration::from_secs(4) || !waiting.is_finished() {
        heartbeats.tick().await;
        alive
            .send(json!({"type": 0, "data": {"uid": 1001, "timeout": 300}}))
            .await?;
        assert_eq!(alive.next().await?, json!({"type": 0, "timeout": 300}));
    }
    let (frames, code) = waiting.await??;
    assert_eq!((frames.len(), code), (0, 4000));
    Ok(())
}

#[tokio::test]
async fn refused_send_is_answered_in_order() -> Result<()> {
    let server = Server::start(&[]).await?;
    let mut zhang = Socket::bound(&server, ZHANG).await?;
    for n in 0..50 {
        let content = if n % 2 == 0 {
            n.to_string()
        } else {
            String::new()
        };
        let data = json!({"senderUid": 1000, "recipientUid": 1001, "content": content});
        zhang.send(json!({"type": 3, "data": data})).await?;
    }
    for n in 0..50 {
        let answer = zhang.next().await?;
        if n % 2 == 0 {
            assert_eq!(answer["data"]["content"], n.to_string());
        } else {
            assert_eq!(answer["data"]["code"], "empty");
        }
    }
    Ok(())
}
