//! Checks the promises: compares the store, the messages written, and the messages that each device
//! shows.

use super::crowd::{Crowd, Person};
use super::plain::Plain;
use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};
use std::collections::{BTreeMap, HashMap};
use std::net::SocketAddr;
use tidings_shared::{GroupId, MsgType, Peer, UserId};
use tidings_tests::client::Device;

/// A conversation as fetched by one of its members, in the order of `seq`.
type Log = Vec<Entry>;
/// Every conversation of every user.
type Store = BTreeMap<(UserId, Peer), Log>;

/// A message.
#[derive(Debug, PartialEq, Eq)]
struct Entry {
    mid: i64,
    content: String,
    sender: UserId,
    /// Whether it is a system message of a group.
    by_server: bool,
}

/// Fetches all conversations of all users, and compares them with the messages written and with
/// those that every device shows. The crowd must have settled. Returns the number of messages.
pub(crate) async fn check(mut crowd: Crowd, server: SocketAddr) -> Result<usize> {
    let store = fetch_all(&crowd.people, server).await?;
    let mut shared = BTreeMap::new();
    for (&(me, peer), log) in &store {
        let known = *shared.entry(conversation(me, peer)).or_insert(log);
        ensure!(known == log, "{me} sees another {peer:?}");
        let grows = log.windows(2).all(|pair| pair[0].mid < pair[1].mid);
        ensure!(grows, "{me} and {peer:?}: mids do not grow");
    }
    let count = written_once_in_order(&crowd, &shared)?;
    for client in &crowd.clients {
        client.fetch_whole().await?;
        let logs = store.iter().filter(|((uid, _), _)| *uid == client.uid());
        let all: usize = logs.map(|(_, log)| log.len()).sum();
        let all = i64::try_from(all)?;
        client
            .until(|status| status.whole && status.shown >= all && status.is_settled())
            .await?;
    }
    for client in std::mem::take(&mut crowd.clients) {
        let uid = client.uid();
        check_device(uid, &client.stop().await?, &store).with_context(|| format!("of {uid}"))?;
    }
    Ok(count)
}

/// The key of a conversation, which is the same for all of its members.
fn conversation(me: UserId, peer: Peer) -> (Peer, Peer) {
    match peer {
        Peer::Group(_) => (peer, peer),
        Peer::User(other) => (Peer::User(me.min(other)), Peer::User(me.max(other))),
    }
}

/// Every message written is stored once, with the right sender, in the right conversation and in
/// the order in which its device wrote; and nothing else is stored.
fn written_once_in_order(crowd: &Crowd, logs: &BTreeMap<(Peer, Peer), &Log>) -> Result<usize> {
    let mut stored = HashMap::new();
    for (conversation, log) in logs {
        for (at, entry) in log.iter().enumerate().filter(|(_, entry)| !entry.by_server) {
            let entry_at = (conversation, entry.sender, at);
            let known = stored.insert(entry.content.as_str(), entry_at);
            ensure!(known.is_none(), "{} is stored twice", entry.content);
        }
    }
    ensure!(
        stored.len() == crowd.written.len(),
        "{} written, {} stored",
        crowd.written.len(),
        stored.len()
    );
    let mut last = HashMap::new();
    for written in &crowd.written {
        let from = crowd.clients[written.device].uid();
        let found = stored.get(written.content.as_str());
        let (stored_in, sender, at) =
            *found.with_context(|| format!("{} is lost", written.content))?;
        ensure!(
            *stored_in == conversation(from, written.to) && sender == from,
            "{} went astray",
            written.content
        );
        let before = last.insert((written.device, written.to), at);
        ensure!(
            before.is_none_or(|before| before < at),
            "{} overtook",
            written.content
        );
    }
    Ok(stored.len())
}

/// A device shows exactly the stored messages, and its answers agree with them.
fn check_device(me: UserId, device: &Device, store: &Store) -> Result<()> {
    let violations = device.violations();
    ensure!(violations.is_empty(), "{violations:?}");
    let mut known = 0;
    for (&(_, peer), log) in store.iter().filter(|((uid, _), _)| *uid == me) {
        let shown = device.messages(peer);
        let shown: Vec<_> = shown
            .map(|m| (m.seq.0, m.mid.0, m.body.content().as_str()))
            .collect();
        let stored = (1..)
            .zip(log)
            .map(|(seq, entry)| (seq, entry.mid, entry.content.as_str()));
        ensure!(
            shown.iter().copied().eq(stored),
            "with {peer:?}: {shown:?}, not {log:?}"
        );
        known += 1;
    }
    ensure!(
        device.peers().count() == known,
        "it knows more conversations than there are"
    );
    for (id, (peer, seq)) in device.answered() {
        let at = usize::try_from(seq.0 - 1)?;
        let message = device.messages(*peer).nth(at).context("no such place")?;
        ensure!(
            message
                .client_msg_id
                .as_ref()
                .is_none_or(|stored| stored == id),
            "{id} moved"
        );
    }
    Ok(())
}

async fn fetch_all(people: &[Person], server: SocketAddr) -> Result<Store> {
    let mut store = Store::new();
    for person in people {
        let bind = json!({"uid": person.uid, "conversations": true});
        let (mut socket, mut list) = Plain::bound(server, &person.token, bind).await?;
        loop {
            for row in list["conversations"].as_array().into_iter().flatten() {
                let other = row["otherUid"].as_i64().map(|uid| Peer::User(UserId(uid)));
                let group = row["groupId"].as_i64().map(|id| Peer::Group(GroupId(id)));
                let peer = other.or(group).context("no peer")?;
                let log = fetch(&mut socket, person.uid, peer).await?;
                ensure!(row["lastSeq"] == log.len(), "{row}: {} fetched", log.len());
                store.insert((person.uid, peer), log);
            }
            let Some(next) = list.get("next") else { break };
            socket
                .feed(&json!({"type": 8, "data": {"after": next}}))
                .await?;
            socket.flush().await?;
            list = socket.frame().await?["data"].take();
        }
    }
    Ok(store)
}

/// Fetches every message of a conversation; their `seq`s must be 1, 2, 3…
async fn fetch(socket: &mut Plain, me: UserId, peer: Peer) -> Result<Log> {
    let mut log = Log::new();
    loop {
        let last = i64::try_from(log.len())?;
        let page = socket.page(me.0, peer, last).await?;
        if page.is_empty() {
            return Ok(log);
        }
        for (message, seq) in page.iter().zip(last + 1..) {
            ensure!(message["seq"] == seq, "{message} is not at {seq}");
            log.push(entry(message).with_context(|| message.to_string())?);
        }
    }
}

fn entry(message: &Value) -> Option<Entry> {
    let sent = message["type"] == 0;
    let sender = &message[if sent { "ownerUid" } else { "otherUid" }];
    Some(Entry {
        mid: message["mid"].as_i64()?,
        content: message["content"].as_str()?.to_owned(),
        sender: UserId(sender.as_i64()?),
        by_server: !MsgType(message["msgType"].as_i64()?).is_for_clients(),
    })
}
