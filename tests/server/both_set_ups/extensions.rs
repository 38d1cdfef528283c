//! Frames from 8 up, which are sent only to connections whose bind asked for the list; and
//! sessions.

use anyhow::Result;
use serde_json::{Value, json};
use std::time::Duration;
use tidings_tests::server::{LI, Server, WANG, ZHANG};
use tidings_tests::socket::Socket;
use tokio::time::timeout;

async fn listing(server: &Server, user: (i64, &str)) -> Result<(Socket, Value)> {
    let token = server.login(user.1).await?;
    let mut socket = Socket::open(server, Some(&token)).await?;
    let bound = socket
        .ask(1, json!({"uid": user.0, "conversations": true}))
        .await?;
    Ok((socket, bound))
}

#[tokio::test]
async fn bind_that_asks_for_the_list_gets_it_instead_of_pushes() -> Result<()> {
    let server = Server::start(&[]).await?;
    let mut zhang = Socket::bound(&server, ZHANG).await?;
    let mut wang = Socket::bound(&server, WANG).await?;
    wang.send_message(1002, 1001, "from wang").await?;
    zhang.send_message(1000, 1001, "one").await?;
    zhang.send_message(1000, 1001, "two\nlines").await?;
    let (mut li, bound) = listing(&server, LI).await?;
    assert_eq!(bound["unread"], 3);
    let list = bound["conversations"]
        .as_array()
        .cloned()
        .unwrap_or_default();
    let [first, second] = list.as_slice() else {
        panic!("{bound}")
    };
    assert_eq!(
        (&first["otherUid"], &first["name"]),
        (&json!(1000), &json!("张三"))
    );
    assert_eq!(
        (&first["lastSeq"], &first["unread"]),
        (&json!(2), &json!(2))
    );
    assert_eq!(first["last"]["content"], "two lines");
    assert_eq!(
        (&second["otherUid"], &second["unread"]),
        (&json!(1002), &json!(1))
    );
    li.nothing_more(1001).await?;
    // New messages are pushed.
    zhang.send_message(1000, 1001, "three").await?;
    assert_eq!(li.data(4).await?["seq"], 3);
    Ok(())
}

#[tokio::test]
async fn read_mark_reaches_other_devices_and_updates_totals() -> Result<()> {
    let server = Server::start(&[]).await?;
    let mut zhang = Socket::bound(&server, ZHANG).await?;
    for text in ["one", "two", "three"] {
        zhang.send_message(1000, 1001, text).await?;
    }
    let (mut phone, _) = listing(&server, LI).await?;
    let (mut laptop, _) = listing(&server, LI).await?;
    let mut plain = Socket::bound(&server, LI).await?;
    for tid in 1..=3 {
        assert_eq!(plain.frame(4).await?["tid"], tid);
    }
    let mark = phone.ask(9, json!({"otherUid": 1000, "seq": 2})).await?;
    assert_eq!(
        mark,
        json!({"otherUid": 1000, "seq": 2, "unread": 1, "total": 1})
    );
    assert_eq!(laptop.data(9).await?, mark);
    // The read cursor never goes back, and never beyond the last message.
    phone
        .send(json!({"type": 9, "data": {"otherUid": 1000, "seq": 1}}))
        .await?;
    let mark = phone.ask(9, json!({"otherUid": 1000, "seq": 99})).await?;
    assert_eq!(
        mark,
        json!({"otherUid": 1000, "seq": 3, "unread": 0, "total": 0})
    );
    assert_eq!(
        phone.ask(5, json!({"uid": 1001})).await?,
        json!({"unread": 0})
    );
    // A bind without the list gets no such frame.
    plain.nothing_more(1001).await
}

/// Waits until the list shows its first conversation as read up to this `seq`.
async fn wait_until_read(socket: &mut Socket, seq: i64) -> Result<()> {
    let read = async {
        loop {
            let list = socket.ask(8, json!({})).await?;
            if list["conversations"][0]["readSeq"] == seq {
                return Ok(());
            }
        }
    };
    timeout(Duration::from_secs(30), read).await?
}

#[tokio::test]
async fn messages_from_self_after_the_read_cursor_become_read() -> Result<()> {
    let server = Server::start(&[]).await?;
    let (mut zhang, _) = listing(&server, ZHANG).await?;
    for text in ["one", "two", "three"] {
        zhang.send_message(1000, 1001, text).await?;
    }
    let unread = zhang.ask(5, json!({"uid": 1000})).await?;
    assert_eq!(unread, json!({"unread": 0}));
    wait_until_read(&mut zhang, 3).await?;

    zhang.send_message(1000, 1001, "four").await?;
    let (mut again, bound) = listing(&server, ZHANG).await?;
    assert_eq!(bound["conversations"][0]["readSeq"], 3);
    wait_until_read(&mut again, 4).await?;
    // The user's devices are not notified, because no count has changed.
    zhang.nothing_more(1000).await?;
    again.nothing_more(1000).await
}

#[tokio::test]
async fn read_mark_after_a_query_is_answered_and_acknowledges() -> Result<()> {
    let server = Server::start(&[]).await?;
    let mut zhang = Socket::bound(&server, ZHANG).await?;
    zhang.send_message(1000, 1001, "one").await?;
    // Read by a plain query as in the legacy (v0) protocol, and not acknowledged.
    let mut plain = Socket::bound(&server, LI).await?;
    plain.frame(4).await?;
    plain
        .ask(2, json!({"ownerUid": 1001, "otherUid": 1000}))
        .await?;
    let (mut li, bound) = listing(&server, LI).await?;
    assert_eq!(bound["conversations"][0]["readSeq"], 1);
    let mark = li.ask(9, json!({"otherUid": 1000, "seq": 1})).await?;
    assert_eq!(
        mark,
        json!({"otherUid": 1000, "seq": 1, "unread": 0, "total": 0})
    );
    let mut again = Socket::bound(&server, LI).await?;
    again.nothing_more(1001).await
}

#[tokio::test]
async fn sender_gets_delivery_and_read_receipts() -> Result<()> {
    let server = Server::start(&[]).await?;
    let (mut zhang, _) = listing(&server, ZHANG).await?;
    let mut plain = Socket::bound(&server, ZHANG).await?;
    for text in ["one", "two"] {
        zhang.send_message(1000, 1001, text).await?;
    }
    let mut li = Socket::bound(&server, LI).await?;
    for tid in 1..=2 {
        assert_eq!(li.frame(4).await?["tid"], tid);
        assert_eq!(plain.frame(4).await?["tid"], tid);
        plain.ack(&json!(tid)).await?;
    }
    li.send(json!({"type": 6, "data": {"tid": 2, "cumulative": true}}))
        .await?;
    let receipt = zhang.data(10).await?;
    assert_eq!(receipt, json!({"otherUid": 1001, "delivered": 2}));
    li.send(json!({"type": 9, "data": {"otherUid": 1000, "seq": 2}}))
        .await?;
    let receipt = zhang.data(10).await?;
    assert_eq!(
        receipt,
        json!({"otherUid": 1001, "delivered": 2, "read": 2})
    );
    // A user gets no receipt of their own messages.
    zhang.nothing_more(1000).await?;
    // A bind without the list gets no such frame.
    plain.nothing_more(1000).await?;
    // A later list has the same receipts.
    let (_, bound) = listing(&server, ZHANG).await?;
    let row = &bound["conversations"][0];
    assert_eq!(
        (&row["delivered"], &row["peerRead"]),
        (&json!(2), &json!(2))
    );
    Ok(())
}

#[tokio::test]
async fn watcher_gets_presence_and_its_changes() -> Result<()> {
    let server = Server::start(&[]).await?;
    let (mut zhang, _) = listing(&server, ZHANG).await?;
    let answer = zhang.ask(11, json!({"uids": [1001, 1002]})).await?;
    assert_eq!(
        answer,
        json!({"presence": [{"uid": 1001, "online": false}, {"uid": 1002, "online": false}]})
    );
    let li = Socket::bound(&server, LI).await?;
    let _wang = Socket::bound(&server, WANG).await?;
    let mut online = vec![zhang.data(11).await?];
    if online[0]["presence"].as_array().map(Vec::len) == Some(1) {
        online.push(zhang.data(11).await?);
    }
    let online: Vec<_> = online
        .iter()
        .flat_map(|answer| answer["presence"].as_array().cloned().unwrap_or_default())
        .map(|one| (one["uid"].clone(), one["online"].clone()))
        .collect();
    assert_eq!(online.len(), 2, "{online:?}");
    assert!(online.iter().all(|(_, online)| *online == true));
    // From now on only Li is watched.
    let answer = zhang.ask(11, json!({"uids": [1001]})).await?;
    assert_eq!(answer["presence"][0]["online"], true);
    drop(li);
    let answer = zhang.data(11).await?;
    let one = &answer["presence"][0];
    assert_eq!((&one["uid"], &one["online"]), (&json!(1001), &json!(false)));
    assert!(one["lastSeen"].is_i64(), "{answer}");
    // Too many uids are refused, and a bind without the list gets no presence.
    let many: Vec<_> = (0..201).collect();
    let frame = json!({"type": 11, "data": {"uids": many}});
    assert_eq!(zhang.refused(frame).await?, "malformed");
    let mut plain = Socket::bound(&server, ZHANG).await?;
    plain
        .send(json!({"type": 11, "data": {"uids": [1002]}}))
        .await?;
    assert_eq!(
        zhang.ask(11, json!({"uids": [1000]})).await?["presence"][0]["online"],
        true
    );
    plain.nothing_more(1000).await
}

#[tokio::test]
async fn list_is_paged_newest_first_without_gaps_or_duplicates() -> Result<()> {
    let server = Server::start(&[]).await?;
    let rows = (0..120).map(|n| format!("user{n}@example.org,User {n},x"));
    let lines: Vec<_> = std::iter::once("email,username,password".into())
        .chain(rows)
        .collect();
    let csv = lines.join("\n");
    tokio::fs::write(server.folder().join("users.csv"), csv).await?;
    server.command(&["user", "import", "users.csv"], "").await?;
    let mut zhang = Socket::bound(&server, ZHANG).await?;
    for n in 0..120 {
        zhang.send_message(1000, 1003 + n, "hello").await?;
    }
    let (mut socket, bound) = listing(&server, ZHANG).await?;
    let mut page = bound;
    let mut uids = Vec::new();
    loop {
        let list = page["conversations"]
            .as_array()
            .cloned()
            .unwrap_or_default();
        uids.extend(list.iter().filter_map(|row| row["otherUid"].as_i64()));
        let Some(next) = page.get("next") else { break };
        page = socket.ask(8, json!({"after": next})).await?;
    }
    assert_eq!(uids, (1003..1123).rev().collect::<Vec<_>>());
    let wrong = json!({"type": 8, "data": {"after": "nonsense"}});
    assert_eq!(socket.refused(wrong).await?, "malformed");
    Ok(())
}

#[tokio::test]
async fn login_cookie_is_http_only_and_logout_closes_connections() -> Result<()> {
    let server = Server::start(&[]).await?;
    let browser = reqwest::Client::builder().cookie_store(true).build()?;
    let body = json!({"email": ZHANG.1, "password": "1234"});
    let answer = browser
        .post(server.url("/api/login"))
        .json(&body)
        .send()
        .await?;
    let cookie = answer.headers()["set-cookie"].to_str()?.to_owned();
    assert!(
        cookie.contains("HttpOnly") && cookie.contains("SameSite=Strict"),
        "{cookie}"
    );
    let answer: Value = answer.json().await?;
    let token = answer["token"].as_str().unwrap_or_default();
    assert!(cookie.contains(token) && token.len() == 64);
    assert_eq!(
        (&answer["uid"], &answer["username"]),
        (&json!(1000), &json!("张三"))
    );

    let me: Value = browser
        .get(server.url("/api/me"))
        .send()
        .await?
        .json()
        .await?;
    assert_eq!(me, json!({"uid": 1000, "username": "张三", "avatar": ""}));
    let users: Value = browser
        .get(server.url("/api/users?limit=2"))
        .send()
        .await?
        .json()
        .await?;
    assert_eq!(
        (users["users"].as_array().map(Vec::len), &users["next"]),
        (Some(2), &json!(1001))
    );
    let answer = browser.get(server.url("/api/users?after=x")).send().await?;
    assert_eq!(answer.status(), 400);

    let mut this = Socket::bound_with(&server, token, json!({"uid": 1000})).await?;
    let mut other = Socket::bound(&server, ZHANG).await?;
    let answer = browser.post(server.url("/api/logout")).send().await?;
    assert_eq!(answer.status(), 204);
    assert_eq!(this.closed().await?.1, 4500);
    other.nothing_more(1000).await?;
    assert_eq!(
        browser.get(server.url("/api/me")).send().await?.status(),
        401
    );
    let refused = Socket::open(&server, Some(token)).await?.closed().await?;
    assert_eq!(refused.1, 4500);
    Ok(())
}

#[tokio::test]
async fn bind_after_the_logout_of_its_login_is_refused() -> Result<()> {
    let server = Server::start(&[]).await?;
    let token = server.login(ZHANG.1).await?;
    let mut early = Socket::open(&server, Some(&token)).await?;
    let logout = server
        .http()
        .post(server.url("/api/logout"))
        .bearer_auth(&token);
    assert_eq!(logout.send().await?.status(), 204);
    early
        .send(json!({"type": 1, "data": {"uid": 1000}}))
        .await?;
    let (frames, code) = early.closed().await?;
    assert_eq!(
        (frames[0]["data"]["code"].as_str(), code),
        (Some("not_logged_in"), 4500)
    );
    Ok(())
}
