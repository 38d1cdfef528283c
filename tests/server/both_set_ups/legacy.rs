//! Frames 0 to 6 in the legacy (v0) protocol of the course, as its page of 2019 sends them.

use anyhow::Result;
use serde_json::{Value, json};
use tidings_tests::server::{LI, Server, WANG, ZHANG};
use tidings_tests::socket::{Socket, refused_status};

#[tokio::test]
async fn two_users_bind_send_query_and_acknowledge() -> Result<()> {
    let server = Server::start(&[]).await?;
    let mut zhang = Socket::open(&server, Some(&server.login(ZHANG.1).await?)).await?;
    let bound = zhang.ask(1, json!({"uid": 1000})).await?;
    assert_eq!(
        bound,
        json!({"uid": 1000, "username": "张三", "timeout": 45_000, "unread": 0})
    );
    let mut li = Socket::bound_legacy(&server, LI).await?;

    let sent = zhang.send_message(1000, 1001, "你好").await?;
    let created = sent["createTime"].as_i64().unwrap_or_default();
    assert!(created > 1_700_000_000_000, "{sent}");
    let expected = json!({
        "mid": sent["mid"], "seq": 1, "content": "你好", "msgType": 1, "ownerUid": 1000,
        "otherUid": 1001, "type": 0, "createTime": created, "ownerUidAvatar": "",
        "otherUidAvatar": "", "ownerName": "张三", "otherName": "李四",
    });
    assert_eq!(sent, expected);

    let push = li.frame(4).await?;
    assert_eq!(push, json!({"type": 4, "tid": 1, "data": expected}));
    li.ack(&push["tid"]).await?;
    assert_eq!(li.ask(5, json!({"uid": 1001})).await?, json!({"unread": 1}));

    let page = li
        .ask(2, json!({"ownerUid": 1001, "otherUid": 1000}))
        .await?;
    let received = json!({
        "mid": sent["mid"], "seq": 1, "content": "你好", "msgType": 1, "ownerUid": 1001,
        "otherUid": 1000, "type": 1, "createTime": created, "ownerUidAvatar": "",
        "otherUidAvatar": "", "ownerName": "李四", "otherName": "张三",
    });
    assert_eq!(page, json!([received]));
    assert_eq!(li.ask(5, json!({"uid": 1001})).await?, json!({"unread": 0}));

    zhang
        .send(json!({"type": 0, "data": {"uid": 1000, "timeout": 120_000}}))
        .await?;
    assert_eq!(zhang.next().await?, json!({"type": 0, "timeout": 45_000}));
    Ok(())
}

#[tokio::test]
async fn a_query_pages_through_a_conversation_in_both_directions() -> Result<()> {
    let server = Server::start(&[]).await?;
    let mut zhang = Socket::bound_legacy(&server, ZHANG).await?;
    for n in 1..=120 {
        let sent = zhang.send_message(1000, 1001, &n.to_string()).await?;
        assert_eq!(sent["seq"], n);
    }
    let mut query = async |more: Value| -> Result<Vec<i64>> {
        let mut data = json!({"ownerUid": 1000, "otherUid": 1001});
        for (key, value) in more.as_object().into_iter().flatten() {
            data[key] = value.clone();
        }
        let page = zhang.ask(2, data).await?;
        let seqs = page
            .as_array()
            .into_iter()
            .flatten()
            .filter_map(|m| m["seq"].as_i64());
        Ok(seqs.collect())
    };
    let range = |from, to| (from..=to).collect::<Vec<i64>>();
    assert_eq!(query(json!({})).await?, range(71, 120));
    assert_eq!(query(json!({"beforeSeq": 71})).await?, range(21, 70));
    assert_eq!(
        query(json!({"beforeSeq": 21, "limit": 50})).await?,
        range(1, 20)
    );
    assert_eq!(query(json!({"afterSeq": 110})).await?, range(111, 120));
    assert_eq!(
        query(json!({"afterSeq": 0, "limit": 3})).await?,
        range(1, 3)
    );
    assert_eq!(query(json!({"afterSeq": 120})).await?, range(1, 0));
    assert_eq!(query(json!({"limit": 4_000_000})).await?, range(1, 120));
    Ok(())
}

#[tokio::test]
async fn page_of_long_texts_ends_before_the_frame_limit() -> Result<()> {
    let server = Server::start(&[]).await?;
    let mut zhang = Socket::bound_legacy(&server, ZHANG).await?;
    let long = "\u{1}".repeat(8 * 1024 - 1) + "x";
    for _ in 0..12 {
        zhang.send_message(1000, 1001, &long).await?;
    }
    let mut after = 0;
    let mut pages = 0;
    while after < 12 {
        let data = json!({"ownerUid": 1000, "otherUid": 1001, "afterSeq": after});
        zhang.send(json!({"type": 2, "data": data})).await?;
        let frame = zhang.frame(2).await?;
        assert!(frame.to_string().len() <= 64 * 1024);
        let messages = frame["data"].as_array().cloned().unwrap_or_default();
        assert_eq!(
            messages.first().map(|m| m["seq"].as_i64()),
            Some(Some(after + 1))
        );
        after += i64::try_from(messages.len())?;
        pages += 1;
    }
    assert!(pages > 1);
    Ok(())
}

#[tokio::test]
async fn every_text_arrives_as_it_was_sent() -> Result<()> {
    let server = Server::start(&[]).await?;
    let mut zhang = Socket::bound_legacy(&server, ZHANG).await?;
    let mut li = Socket::bound_legacy(&server, LI).await?;
    let longest = "长".repeat(8 * 1024 / 3);
    let texts = [
        "简体中文，繁體中文",
        "<script>alert(1)</script><img src=x onerror=alert(1)> &amp; </html>",
        "👩‍👩‍👧‍👦 🇨🇳 👍🏽 e\u{301} \u{202e}right to left\u{202c} שלום مرحبا",
        "'; DROP TABLE messages; -- \" \\ \\u0000 %s {} $1",
        "\u{1}\u{7f}\u{85}\u{feff}\u{fffe}\u{10ffff}",
        "line\r\nline\ttab  ",
        "{\"type\":4,\"tid\":1}",
        &longest,
    ];
    for text in texts {
        let sent = zhang.send_message(1000, 1001, text).await?;
        assert_eq!(sent["content"], text);
        let push = li.frame(4).await?;
        assert_eq!(push["data"]["content"], text);
        li.ack(&push["tid"]).await?;
    }
    let page = li
        .ask(
            2,
            json!({"ownerUid": 1001, "otherUid": 1000, "afterSeq": 0}),
        )
        .await?;
    for (message, text) in page.as_array().into_iter().flatten().zip(texts) {
        assert_eq!(message["content"], text);
    }
    Ok(())
}

#[tokio::test]
async fn offline_messages_are_pushed_after_the_bind_oldest_first() -> Result<()> {
    let server = Server::start(&[]).await?;
    let mut zhang = Socket::bound_legacy(&server, ZHANG).await?;
    let mut wang = Socket::bound_legacy(&server, WANG).await?;
    for n in 0..100 {
        zhang
            .send_message(1000, 1001, &format!("zhang {n}"))
            .await?;
        wang.send_message(1002, 1001, &format!("wang {n}")).await?;
    }
    let mut li = Socket::bound_legacy(&server, LI).await?;
    for n in 0..100 {
        for name in ["zhang", "wang"] {
            let push = li.frame(4).await?;
            assert_eq!(push["data"]["content"], format!("{name} {n}"));
            li.ack(&push["tid"]).await?;
        }
    }
    li.nothing_more(1001).await?;
    drop(li);
    // Acknowledged messages are never pushed again. Another node reads the cursor from the store a
    // moment later, and may push them until then.
    let of_many = server.nodes().len() > 1;
    let settled = async {
        loop {
            let mut again = Socket::bound_legacy(&server, LI).await?;
            match again.nothing_more(1001).await {
                Err(_) if of_many => {}
                settled => return settled.map(|()| again),
            }
        }
    };
    let mut again = tokio::time::timeout(tidings_tests::TEST_TIMEOUT, settled).await??;
    assert_eq!(
        again.ask(5, json!({"uid": 1001})).await?,
        json!({"unread": 200})
    );
    Ok(())
}

#[tokio::test]
async fn plain_query_marks_read_but_acknowledges_nothing() -> Result<()> {
    let server = Server::start(&[]).await?;
    let mut zhang = Socket::bound_legacy(&server, ZHANG).await?;
    for n in 1..=100 {
        zhang.send_message(1000, 1001, &n.to_string()).await?;
    }
    let mut li = Socket::bound_legacy(&server, LI).await?;
    for tid in 1..=64 {
        assert_eq!(li.frame(4).await?["tid"], tid);
    }
    let page = li
        .ask(2, json!({"ownerUid": 1001, "otherUid": 1000}))
        .await?;
    assert_eq!(page[0]["seq"], 51);
    assert_eq!(li.ask(5, json!({"uid": 1001})).await?, json!({"unread": 0}));
    drop(li);
    // Nothing was acknowledged, so all messages are pushed again.
    let mut again = Socket::bound_legacy(&server, LI).await?;
    for seq in 1..=100 {
        let push = again.frame(4).await?;
        assert_eq!(push["data"]["seq"], seq);
        again.ack(&push["tid"]).await?;
    }
    again.nothing_more(1001).await
}

#[tokio::test]
async fn plain_bind_gets_direct_messages_from_others_only() -> Result<()> {
    let server = Server::start(&[]).await?;
    let token = server.login(LI.1).await?;
    let group = server
        .http()
        .post(server.url("/api/groups"))
        .bearer_auth(&token)
        .json(&json!({"name": "三人行", "members": [1000, 1002]}));
    let group: Value = group.send().await?.error_for_status()?.json().await?;
    let to_group =
        json!({"senderUid": 1001, "groupId": group["groupId"], "content": "all", "msgType": 1});

    let mut page = Socket::bound_legacy(&server, ZHANG).await?;
    let mut phone = Socket::bound(&server, ZHANG).await?;
    assert_eq!(phone.data(4).await?["content"], "三人行");
    let mut li = Socket::bound_legacy(&server, LI).await?;
    assert_eq!(page.ask(5, json!({"uid": 1000})).await?["unread"], 0);
    assert_eq!(phone.ask(5, json!({"uid": 1000})).await?["unread"], 1);

    phone.send_message(1000, 1001, "from my phone").await?;
    assert_eq!(li.data(4).await?["content"], "from my phone");
    li.ask(3, to_group.clone()).await?;
    li.send_message(1001, 1000, "to you").await?;
    let push = page.frame(4).await?;
    assert_eq!(
        (&push["tid"], &push["data"]["content"]),
        (&json!(1), &json!("to you"))
    );
    page.ack(&push["tid"]).await?;
    page.nothing_more(1000).await?;
    assert_eq!(page.ask(5, json!({"uid": 1000})).await?["unread"], 1);
    for content in ["all", "to you"] {
        assert_eq!(phone.data(4).await?["content"], content);
    }
    assert_eq!(phone.ask(5, json!({"uid": 1000})).await?["unread"], 3);

    // The direct messages count as delivered, and the group's messages, which were not pushed, do
    // not.
    let settled = async {
        loop {
            let mut again = Socket::bound(&server, ZHANG).await?;
            let first = again.data(4).await?;
            if first["content"] == "三人行" && again.data(4).await?["content"] == "all" {
                // Another node may push again until the cursor is in the store.
                if again.nothing_more(1000).await.is_ok() {
                    return anyhow::Ok(());
                }
            }
        }
    };
    tokio::time::timeout(tidings_tests::TEST_TIMEOUT, settled).await?
}

#[tokio::test]
async fn root_accepts_upgrades_like_ws() -> Result<()> {
    let server = Server::start(&["--allowed-origins", "http://127.0.0.1:8000"]).await?;
    let token = server.login(ZHANG.1).await?;
    let port = server.address().rsplit(':').next().unwrap_or_default();
    let cookie = format!("tidings_session_{port}={token}");
    let own = format!("http://{}", server.address());
    for origin in [&*own, "http://127.0.0.1:8000"] {
        let headers = [("cookie", &*cookie), ("origin", origin)];
        let mut socket = Socket::open_at_root(&server, &headers).await?;
        assert_eq!(socket.ask(1, json!({"uid": "1000"})).await?["uid"], 1000);
    }
    let headers = [("cookie", &*cookie), ("origin", "http://evil.example")];
    let foreign = Socket::open_at_root(&server, &headers).await;
    assert_eq!(refused_status(foreign)?, 403);
    let headers = [("cookie", &*cookie), ("host", "evil.example")];
    let rebound = Socket::open_at_root(&server, &headers).await;
    assert_eq!(refused_status(rebound)?, 421);
    let mut nobody = Socket::open_at_root(&server, &[("origin", &own)]).await?;
    assert_eq!(nobody.closed().await?.1, 4500);

    // A request without this upgrade gets the page, or an error if the page is not built.
    for upgrade in [None, Some("h2c"), Some("websocket2")] {
        let mut request = server.http().get(server.url("/"));
        if let Some(upgrade) = upgrade {
            request = request.header("upgrade", upgrade);
        }
        let status = request.send().await?.status();
        assert!(
            [200, 503].contains(&status.as_u16()),
            "{upgrade:?}: {status}"
        );
    }
    Ok(())
}
