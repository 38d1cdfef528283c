//! Groups: created and extended over HTTP, used over plain WebSocket.

use anyhow::{Context, Result, ensure};
use reqwest::StatusCode;
use serde_json::{Value, json};
use std::time::Duration;
use tidings_tests::server::{LI, Server, WANG, ZHANG};
use tidings_tests::socket::Socket;
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;

/// Sends a POST with this login. Returns the status and the body.
async fn post(server: &Server, token: &str, path: &str, body: Value) -> Result<(u16, Value)> {
    let request = server.http().post(server.url(path)).bearer_auth(token);
    let answer = request.json(&body).send().await?;
    Ok((answer.status().as_u16(), answer.json().await?))
}

async fn get(server: &Server, token: &str, path: &str) -> Result<(u16, Value)> {
    let request = server.http().get(server.url(path)).bearer_auth(token);
    let answer = request.send().await?;
    Ok((answer.status().as_u16(), answer.json().await?))
}

/// Creates a group of 张三 and these members. Returns its id.
async fn group_of(server: &Server, members: &[i64]) -> Result<i64> {
    let token = server.login(ZHANG.1).await?;
    let body = json!({"name": "三人行", "members": members});
    let (status, group) = post(server, &token, "/api/groups", body).await?;
    ensure!(status == StatusCode::CREATED.as_u16(), "{status}: {group}");
    group["groupId"].as_i64().context("no id")
}

fn text(sender: i64, group: i64, content: &str) -> Value {
    json!({"senderUid": sender, "groupId": group, "content": content, "msgType": 1})
}

/// The next push, acknowledged.
async fn pushed(socket: &mut Socket) -> Result<Value> {
    let mut push = socket.frame(4).await?;
    socket.ack(&push["tid"]).await?;
    Ok(push["data"].take())
}

#[tokio::test]
async fn group_messages_reach_every_device_of_every_member_once() -> Result<()> {
    let server = Server::start(&[]).await?;
    let mut zhang = Socket::bound(&server, ZHANG).await?;
    let mut members = [
        Socket::bound(&server, ZHANG).await?,
        Socket::bound(&server, LI).await?,
        Socket::bound(&server, LI).await?,
        Socket::bound(&server, WANG).await?,
    ];
    let token = server.login(ZHANG.1).await?;
    let body = json!({"name": " 三人行\t", "members": [1001, 1002, 1001, 1000]});
    let (status, group) = post(&server, &token, "/api/groups", body).await?;
    assert_eq!(status, 201);
    let id = group["groupId"].as_i64().context("no id")?;
    let expected =
        json!({"groupId": id, "name": "三人行", "avatar": "", "owner": 1000, "members": 3});
    assert_eq!(group, expected);
    for socket in members.iter_mut().chain([&mut zhang]) {
        let made = pushed(socket).await?;
        assert_eq!((&made["groupId"], &made["seq"]), (&json!(id), &json!(1)));
        assert_eq!(
            (&made["msgType"], &made["content"], &made["ownerUid"]),
            (&json!(1000), &json!("三人行"), &json!(1000))
        );
    }

    let mut message = text(1000, id, "大家好");
    message["clientMsgId"] = json!("c-1");
    let sent = zhang.ask(3, message.clone()).await?;
    assert_eq!((&sent["groupId"], &sent["seq"]), (&json!(id), &json!(2)));
    assert_eq!(
        (&sent["ownerUid"], &sent["type"], &sent["otherName"]),
        (&json!(1000), &json!(0), &json!("三人行"))
    );
    assert_eq!(sent.get("otherUid"), None);
    let (other_device, others) = members.split_first_mut().context("members")?;
    assert_eq!(
        pushed(other_device).await?,
        sent,
        "the sender's other device"
    );
    for socket in others {
        let mut push = pushed(socket).await?;
        assert_eq!(push.get("clientMsgId"), None);
        push["clientMsgId"] = json!("c-1");
        assert_eq!(push, sent);
    }
    // The same send again gives the same message, and is not pushed.
    assert_eq!(zhang.ask(3, message).await?, sent);
    for (socket, uid) in members.iter_mut().zip([1000, 1001, 1001, 1002]) {
        socket.nothing_more(uid).await?;
    }
    zhang.nothing_more(1000).await
}

#[tokio::test]
async fn offline_member_gets_messages_at_bind_and_reads_clear_unread() -> Result<()> {
    let server = Server::start(&[]).await?;
    let id = group_of(&server, &[1001, 1002]).await?;
    let mut zhang = Socket::bound(&server, ZHANG).await?;
    zhang.ask(3, text(1000, id, "one")).await?;
    zhang.ask(3, text(1000, id, "two")).await?;
    assert_eq!(zhang.ask(5, json!({"uid": 1000})).await?["unread"], 0);

    let mut li = Socket::bound(&server, LI).await?;
    for (seq, content) in (1..).zip(["三人行", "one", "two"]) {
        let push = pushed(&mut li).await?;
        assert_eq!(
            (&push["seq"], &push["content"]),
            (&json!(seq), &json!(content))
        );
    }
    assert_eq!(li.ask(5, json!({"uid": 1001})).await?["unread"], 3);
    let query = json!({"ownerUid": 1001, "groupId": id, "afterSeq": 0});
    let page = li.ask(2, query).await?;
    let writers: Vec<_> = page
        .as_array()
        .into_iter()
        .flatten()
        .map(|message| (&message["ownerUid"], &message["type"]))
        .collect();
    assert_eq!(writers, [(&json!(1000), &json!(0)); 3], "who wrote it");
    assert_eq!(li.ask(5, json!({"uid": 1001})).await?["unread"], 3);
    // A plain query marks as read, as in the legacy (v0) protocol.
    let page = li.ask(2, json!({"ownerUid": 1001, "groupId": id})).await?;
    assert_eq!(page.as_array().map(Vec::len), Some(3));
    assert_eq!(li.ask(5, json!({"uid": 1001})).await?["unread"], 0);
    // Messages from self do not count as unread; those of other members do.
    li.ask(3, text(1001, id, "three")).await?;
    assert_eq!(li.ask(5, json!({"uid": 1001})).await?["unread"], 0);
    let mut wang = Socket::bound(&server, WANG).await?;
    for _ in 0..4 {
        pushed(&mut wang).await?;
    }
    assert_eq!(wang.ask(5, json!({"uid": 1002})).await?["unread"], 4);
    // Acknowledged messages are not pushed again.
    drop(li);
    Socket::bound(&server, LI).await?.nothing_more(1001).await
}

#[tokio::test]
async fn list_has_groups_and_read_marks_reach_the_readers_devices() -> Result<()> {
    let server = Server::start(&[]).await?;
    let id = group_of(&server, &[1001, 1002]).await?;
    let mut zhang = Socket::bound(&server, ZHANG).await?;
    zhang.send_message(1000, 1001, "to you alone").await?;
    let mut wang = Socket::bound(&server, WANG).await?;
    pushed(&mut wang).await?;
    wang.ask(3, text(1002, id, "to all")).await?;

    let token = server.login(LI.1).await?;
    let bind = json!({"uid": 1001, "conversations": true});
    let mut phone = Socket::open(&server, Some(&token)).await?;
    let bound = phone.ask(1, bind.clone()).await?;
    let list = bound["conversations"].as_array().context("no list")?;
    let [group, direct] = list.as_slice() else {
        panic!("{bound}")
    };
    assert_eq!(direct["otherUid"], 1000);
    assert_eq!(
        (&group["groupId"], &group["name"], group.get("otherUid")),
        (&json!(id), &json!("三人行"), None)
    );
    assert_eq!(
        (&group["lastSeq"], &group["unread"]),
        (&json!(2), &json!(2))
    );
    assert_eq!(
        (&group["last"]["content"], &group["last"]["senderName"]),
        (&json!("to all"), &json!("王五"))
    );
    assert_eq!(direct["last"].get("senderName"), None);

    let mut laptop = Socket::bound_with(&server, &token, bind).await?;
    let mark = phone.ask(9, json!({"groupId": id, "seq": 2})).await?;
    assert_eq!(
        mark,
        json!({"groupId": id, "seq": 2, "unread": 0, "total": 1})
    );
    assert_eq!(laptop.data(9).await?, mark);
    Ok(())
}

#[tokio::test]
async fn added_member_is_pushed_new_messages_and_may_query_old_ones() -> Result<()> {
    let server = Server::start(&[]).await?;
    let id = group_of(&server, &[1001]).await?;
    let mut zhang = Socket::bound(&server, ZHANG).await?;
    zhang.ask(3, text(1000, id, "before")).await?;
    // One device is connected when the member is added, another connects later.
    let mut wang = Socket::bound(&server, WANG).await?;
    let token = server.login(ZHANG.1).await?;
    let path = format!("/api/groups/{id}/members");
    let (status, group) = post(&server, &token, &path, json!({"uids": [1002, 1001]})).await?;
    assert_eq!((status, &group["members"]), (200, &json!(3)));

    let added = pushed(&mut wang).await?;
    assert_eq!(
        (&added["seq"], &added["msgType"], &added["content"]),
        (&json!(3), &json!(1001), &json!("王五"))
    );
    assert_eq!(pushed(&mut zhang).await?, added);
    zhang.ask(3, text(1000, id, "after")).await?;
    assert_eq!(pushed(&mut wang).await?["content"], "after");
    assert_eq!(wang.ask(5, json!({"uid": 1002})).await?["unread"], 2);
    let query = json!({"ownerUid": 1002, "groupId": id, "afterSeq": 0});
    let page = wang.ask(2, query).await?;
    let contents: Vec<_> = page
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(|message| message["content"].as_str())
        .collect();
    assert_eq!(contents, ["三人行", "before", "王五", "after"]);
    wang.ask(3, text(1002, id, "hello")).await?;
    assert_eq!(pushed(&mut zhang).await?["content"], "hello");
    // Read messages are not pushed again, on any node.
    wang.send(json!({"type": 9, "data": {"groupId": id, "seq": 5}}))
        .await?;
    wang.nothing_more(1002).await?;
    drop(wang);
    Socket::bound(&server, WANG)
        .await?
        .nothing_more(1002)
        .await?;

    // A user who is a member already is not added again, and no message is written.
    let (status, again) = post(&server, &token, &path, json!({"uids": [1002]})).await?;
    assert_eq!((status, &again["members"]), (200, &json!(3)));
    zhang.nothing_more(1000).await
}

#[tokio::test]
async fn group_is_not_found_for_non_members() -> Result<()> {
    let server = Server::start(&[]).await?;
    let id = group_of(&server, &[1001]).await?;
    let mut wang = Socket::bound(&server, WANG).await?;
    let frames = [
        json!({"type": 3, "data": text(1002, id, "let me in")}),
        json!({"type": 2, "data": {"ownerUid": 1002, "groupId": id}}),
    ];
    for frame in frames {
        assert_eq!(wang.refused(frame).await?, "unknown_recipient");
    }
    let token = server.login(WANG.1).await?;
    let path = format!("/api/groups/{id}");
    let members = format!("{path}/members");
    for path in [&path, &members] {
        let (status, problem) = get(&server, &token, path).await?;
        assert_eq!((status, &problem["code"]), (404, &json!("not_found")));
    }
    let me_too = json!({"uids": [1002]});
    let (status, problem) = post(&server, &token, &members, me_too.clone()).await?;
    assert_eq!((status, &problem["code"]), (404, &json!("not_found")));
    // A member who is not the owner sees the group, and may not add members.
    let token = server.login(LI.1).await?;
    let (status, group) = get(&server, &token, &path).await?;
    assert_eq!((status, &group["members"]), (200, &json!(2)));
    let (status, problem) = post(&server, &token, &members, me_too).await?;
    assert_eq!((status, &problem["code"]), (403, &json!("forbidden")));
    wang.nothing_more(1002).await
}

#[tokio::test]
async fn group_members_are_listed_in_pages() -> Result<()> {
    let server = Server::start(&[]).await?;
    let id = group_of(&server, &[1002, 1001]).await?;
    let token = server.login(LI.1).await?;
    let path = format!("/api/groups/{id}/members");
    let (_, page) = get(&server, &token, &format!("{path}?limit=2")).await?;
    let uids = |page: &Value| -> Vec<Value> {
        let users = page["users"].as_array().into_iter().flatten();
        users.map(|user| user["uid"].clone()).collect()
    };
    assert_eq!(
        (uids(&page), &page["next"]),
        (vec![1000.into(), 1001.into()], &json!(1001))
    );
    let (_, page) = get(&server, &token, &format!("{path}?limit=2&after=1001")).await?;
    assert_eq!((uids(&page), page.get("next")), (vec![1002.into()], None));
    Ok(())
}

#[tokio::test]
async fn invalid_group_is_refused_with_its_reason() -> Result<()> {
    let server = Server::start(&[]).await?;
    let token = server.login(ZHANG.1).await?;
    // With the owner one more than the limit.
    let too_many: Vec<i64> = (1..=10_000).map(|n| 100_000 + n).collect();
    let refused = [
        (json!({"name": "", "members": []}), 400, "bad_request"),
        (
            json!({"name": " \u{3000}", "members": []}),
            400,
            "bad_request",
        ),
        (json!({"name": "x".repeat(65)}), 400, "bad_request"),
        (json!({"name": "two\nlines"}), 400, "bad_request"),
        (json!({"name": "x", "members": [4711]}), 400, "bad_request"),
        (json!({"members": [1001]}), 400, "bad_request"),
        (
            json!({"name": "x", "members": too_many}),
            409,
            "limit_reached",
        ),
    ];
    for (body, status, code) in refused {
        let (answered, problem) = post(&server, &token, "/api/groups", body).await?;
        assert_eq!((answered, &problem["code"]), (status, &json!(code)));
    }
    let (status, problem) = {
        let request = server.http().post(server.url("/api/groups"));
        let answer = request.json(&json!({"name": "x"})).send().await?;
        (answer.status(), answer.json::<Value>().await?)
    };
    assert_eq!(
        (status.as_u16(), &problem["code"]),
        (401, &json!("not_logged_in"))
    );
    // No group was created.
    let mut zhang = Socket::bound(&server, ZHANG).await?;
    zhang.nothing_more(1000).await
}

#[tokio::test]
async fn forged_sender_or_system_message_is_refused() -> Result<()> {
    let server = Server::start(&[]).await?;
    let id = group_of(&server, &[1001]).await?;
    let mut li = Socket::bound(&server, LI).await?;
    pushed(&mut li).await?;
    let forged = json!({"type": 3, "data": text(1000, id, "forged")});
    assert_eq!(li.refused(forged).await?, "uid_mismatch");
    let query = json!({"type": 2, "data": {"ownerUid": 1000, "groupId": id}});
    assert_eq!(li.refused(query).await?, "uid_mismatch");
    for kind in [1000, 1001, 1999] {
        let mut frame = text(1001, id, "I was never added");
        frame["msgType"] = json!(kind);
        let frame = json!({"type": 3, "data": frame});
        assert_eq!(li.refused(frame).await?, "invalid_msg_type");
    }
    let mut direct = json!({"senderUid": 1001, "recipientUid": 1000, "content": "x"});
    direct["msgType"] = json!(1000);
    let frame = json!({"type": 3, "data": direct});
    assert_eq!(li.refused(frame).await?, "invalid_msg_type");
    // The user's own messages are not pushed at the bind.
    let mut zhang = Socket::bound(&server, ZHANG).await?;
    zhang.nothing_more(1000).await
}

#[tokio::test]
async fn concurrent_group_messages_have_one_order_for_all() -> Result<()> {
    const EACH: i64 = 40;
    let server = Server::start(&[]).await?;
    let id = group_of(&server, &[1001, 1002]).await?;
    let mut sockets = Vec::new();
    for user in [ZHANG, LI, WANG] {
        let mut socket = Socket::bound(&server, user).await?;
        if user != ZHANG {
            assert_eq!(pushed(&mut socket).await?["seq"], 1);
        }
        sockets.push(socket);
    }
    let talking = sockets
        .into_iter()
        .zip(1000..)
        .map(|(mut socket, uid)| async move {
            let mut seen = Vec::new();
            let mut answered = 0;
            for n in 0..EACH {
                let data = text(uid, id, &format!("{uid} {n}"));
                socket.send(json!({"type": 3, "data": data})).await?;
            }
            while seen.len() < usize::try_from(3 * EACH)? {
                let frame = socket.next().await?;
                let message = &frame["data"];
                if frame["type"] == 3 {
                    let expected = format!("{uid} {answered}");
                    ensure!(message["content"] == expected, "{message}");
                    answered += 1;
                } else {
                    socket.ack(&frame["tid"]).await?;
                }
                seen.push((message["seq"].as_i64(), message["content"].to_string()));
            }
            socket.nothing_more(uid).await?;
            // Pushes are in order among themselves; answers may come between them.
            seen.sort();
            anyhow::Ok(seen)
        });
    let seen = futures_util::future::try_join_all(talking).await?;
    let seqs: Vec<_> = seen[0].iter().map(|(seq, _)| *seq).collect();
    assert_eq!(seqs, (2..=1 + 3 * EACH).map(Some).collect::<Vec<_>>());
    assert!(seen.iter().all(|one| *one == seen[0]));
    Ok(())
}

#[tokio::test]
async fn repeated_idempotency_key_returns_the_same_group() -> Result<()> {
    let server = Server::start(&[]).await?;
    let token = server.login(ZHANG.1).await?;
    let ask = async |name: &str, key: &str| {
        let request = server.http().post(server.url("/api/groups"));
        let body = json!({"name": name, "members": [LI.0]});
        let request = request.bearer_auth(&token).header("idempotency-key", key);
        let answer = request.json(&body).send().await?;
        anyhow::Ok((answer.status().as_u16(), answer.json::<Value>().await?))
    };
    let first = ask("三人行", "\"8e03978e\"").await?;
    assert_eq!(first.0, 201);
    assert_eq!(ask("三人行", "\"8e03978e\"").await?, first);
    let (status, problem) = ask("another", "\"8e03978e\"").await?;
    assert_eq!((status, &problem["code"]), (422, &json!("key_reused")));
    let (status, problem) = ask("三人行", "not a key").await?;
    assert_eq!((status, &problem["code"]), (400, &json!("bad_request")));

    let bind = json!({"uid": LI.0, "conversations": true});
    let mut li = Socket::open(&server, Some(&server.login(LI.1).await?)).await?;
    li.send(json!({"type": 1, "data": bind})).await?;
    let bound = li.frame(1).await?;
    let listed = bound["data"]["conversations"]
        .as_array()
        .context("a list")?;
    assert_eq!(listed.len(), 1, "{bound}");
    Ok(())
}

/// Asks for a group of 李四, and hangs up after this time.
async fn hang_up(server: &Server, token: &str, after: Duration) -> Result<()> {
    let body = json!({"name": format!("{after:?}"), "members": [LI.0]}).to_string();
    let request = format!(
        "POST /api/groups HTTP/1.1\r\nhost: {}\r\nauthorization: Bearer {token}\r\n\
         content-type: application/json\r\ncontent-length: {}\r\n\r\n{body}",
        server.address(),
        body.len()
    );
    let mut connection = TcpStream::connect(server.address()).await?;
    connection.write_all(request.as_bytes()).await?;
    tokio::time::sleep(after).await;
    Ok(())
}

#[tokio::test]
async fn group_of_a_client_that_hung_up_reaches_its_members() -> Result<()> {
    let server = Server::start(&[]).await?;
    let token = server.login(ZHANG.1).await?;
    let mut li = Socket::bound(&server, LI).await?;
    let li_token = server.login(LI.1).await?;
    let bind = json!({"uid": LI.0, "conversations": true});
    let mut seen = 0;
    // Hangs up ever later, until some requests had begun their commit by then.
    for attempt in 0.. {
        hang_up(&server, &token, Duration::from_micros(attempt * 500)).await?;
        let mut other_device = Socket::open(&server, Some(&li_token)).await?;
        other_device.send(json!({"type": 1, "data": bind})).await?;
        let bound = other_device.frame(1).await?;
        let rows = bound["data"]["conversations"]
            .as_array()
            .context("a list")?;
        // Before the next attempt, whose resync would show them as well.
        for _ in seen..rows.len() {
            pushed(&mut li).await?;
        }
        seen = rows.len();
        if seen >= 5 {
            break;
        }
    }
    Ok(())
}
