//! Several nodes write to one store concurrently.

use crate::cases::{ALL, Case, append, keyed, message, to_group};
use crate::postgres::Postgres;
use crate::{A, B, C, Result};
use std::collections::BTreeMap;
use std::sync::Arc;
use tidings_server::bus::MemoryBus;
use tidings_server::domain::{BusEvent, Notice, Publication, Topic};
use tidings_server::metrics::{Histogram, Metrics};
use tidings_server::store::{
    AdvanceCursor, Appended, Committer, GroupLimits, NewGroup, NewMessage, Range, Store,
};
use tidings_shared::{ConversationId, GroupId, Mid, Seq};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

on_each_store![
    same_messages_on_two_nodes_are_stored_once,
    two_committers_assign_distinct_seqs,
    duplicate_send_is_republished,
    writers_of_the_same_rows_do_not_deadlock,
    concurrent_user_additions_get_distinct_uids,
];

/// An answered sequence number and message id.
type Slot = (Seq, Mid);

/// Asserts that in every conversation the answers have the sequence numbers 1, 2, 3… once each,
/// with increasing ids, and that the store has the same. `before`: sequence numbers used before.
async fn assert_dense(
    store: &dyn Store,
    answers: BTreeMap<ConversationId, Vec<Slot>>,
    before: impl Fn(ConversationId) -> i64,
) -> Result {
    for (id, mut slots) in answers {
        slots.sort_unstable();
        let first = before(id);
        let page = Range {
            after: Some(Seq(first)),
            limit: u32::MAX,
            ..ALL
        };
        let stored: Vec<Slot> = store
            .page(id, page)
            .await?
            .iter()
            .map(|record| (record.seq, record.mid))
            .collect();
        assert_eq!(stored, slots, "what was answered is what is stored");
        let dense = (first + 1..).zip(&slots);
        assert!(
            dense.into_iter().all(|(n, (seq, _))| seq.0 == n),
            "a hole in {id}"
        );
        assert!(
            slots.windows(2).all(|two| two[0].1 < two[1].1),
            "ids go back in {id}"
        );
    }
    Ok(())
}

async fn choir(store: &dyn Store) -> Result<GroupId> {
    let group = NewGroup {
        owner: A,
        name: "Choir".into(),
        members: vec![B, C],
        created_at: 1,
        limits: GroupLimits::NONE,
        key: None,
    };
    let change = store.create_group(&group).await?;
    Ok(change.expect("they exist").group.group_id)
}

async fn same_messages_on_two_nodes_are_stored_once(case: Case) -> Result {
    let other = case.again().await?;
    for round in 0..20 {
        let keys = (0..8).map(|n| keyed(A, B, "x", &format!("{round}-{n}")));
        let batch: Vec<NewMessage> = keys.collect();
        let one_by_one = async {
            let mut appended = Vec::new();
            for message in &batch {
                appended.extend(append(other.as_ref(), std::slice::from_ref(message)).await?);
            }
            Ok(appended)
        };
        let at_once = append(case.store.as_ref(), &batch);
        let (one_by_one, at_once) = tokio::try_join!(one_by_one, at_once)?;
        for (one, same) in one_by_one.iter().zip(&at_once) {
            assert_eq!(one.record, same.record);
            assert!(one.fresh != same.fresh, "stored once");
        }
    }
    Ok(())
}

async fn two_committers_assign_distinct_seqs(case: Case) -> Result {
    let group = choir(case.store.as_ref()).await?;
    let stop = CancellationToken::new();
    let mut nodes = Vec::new();
    let mut running = JoinSet::new();
    for store in [Arc::clone(&case.store), case.again().await?] {
        let bus = Arc::new(MemoryBus::new().0);
        let metrics = Arc::new(Metrics::new(0, Histogram::times()));
        let (committer, run) = Committer::new(store, bus, metrics, stop.clone());
        nodes.push(committer);
        running.spawn(run);
    }
    let mut senders = JoinSet::new();
    for task in 0..16_usize {
        let committer = nodes[task % 2].clone();
        senders.spawn(async move {
            let mut answers = Vec::new();
            for n in 0..40 {
                let (from, to) = [(A, B), (B, A), (B, C), (C, A)][(task + n) % 4];
                let message = match n % 5 {
                    0 => to_group(from, group, "x"),
                    1 => message(from, to, "x"),
                    _ => keyed(from, to, "x", &format!("{task}-{n}")),
                };
                let answer = committer.send(message).expect("there is room");
                answers.push(answer.await.expect("it runs").expect("it is stored"));
            }
            answers
        });
    }
    let mut answers: BTreeMap<_, Vec<_>> = BTreeMap::new();
    while let Some(sender) = senders.join_next().await {
        for event in sender.expect("no panic") {
            let slots = answers.entry(event.conversation).or_default();
            slots.push((event.seq, event.mid));
        }
    }
    assert_eq!(answers.values().map(Vec::len).sum::<usize>(), 16 * 40);
    let group = ConversationId(group.0);
    assert_dense(case.store.as_ref(), answers, |id| i64::from(id == group)).await?;
    stop.cancel();
    while running.join_next().await.is_some() {}
    Ok(())
}

async fn duplicate_send_is_republished(case: Case) -> Result {
    let stored = append(case.store.as_ref(), &[keyed(A, B, "x", "k")]).await?;
    let (bus, mut notices) = MemoryBus::new();
    let metrics = Arc::new(Metrics::new(0, Histogram::times()));
    let stop = CancellationToken::new();
    let store = Arc::clone(&case.store);
    let (committer, run) = Committer::new(store, Arc::new(bus), metrics, stop.clone());
    let running = tokio::spawn(run);
    let again = committer.send(keyed(A, B, "x", "k")).expect("room");
    let answer = again.await.expect("it runs").expect("it is stored");
    assert_eq!(answer.mid, stored[0].record.mid);
    // Published before it is answered.
    let notice = notices.try_recv();
    let Ok(Notice::Events(published)) = notice else {
        panic!("{notice:?}")
    };
    let [Publication { event, topics }] = published.as_slice() else {
        panic!("{published:?}")
    };
    assert_eq!(*topics, [Topic::User(A), Topic::User(B)]);
    assert!(matches!(&**event, BusEvent::Message(published) if published.mid == answer.mid));
    stop.cancel();
    running.await.expect("no panic");
    Ok(())
}

async fn writers_of_the_same_rows_do_not_deadlock(case: Case) -> Result {
    let people: Vec<_> = (101..=110).collect();
    let crowd = crate::cases::crowd(people.iter().copied());
    case.store.add_users(&crowd).await?;
    let other = case.again().await?;
    let mut tasks = JoinSet::new();
    for task in 0..12_usize {
        let store = Arc::clone(if task % 2 == 0 { &case.store } else { &other });
        let mut uids: Vec<_> = people
            .iter()
            .map(|&uid| tidings_shared::UserId(uid))
            .collect();
        uids.rotate_left(task % 10);
        if task % 3 == 0 {
            uids.reverse();
        }
        tasks.spawn(async move {
            let mut all: Vec<Appended> = Vec::new();
            for _ in 0..6 {
                // Everybody to everybody, each task in another order; the first batches create the
                // conversations concurrently.
                let batch: Vec<NewMessage> = uids
                    .iter()
                    .flat_map(|from| uids.iter().map(move |to| (*from, *to)))
                    .filter(|(from, to)| from != to)
                    .map(|(from, to)| message(from, to, "x"))
                    .collect();
                let appended = crate::cases::append(store.as_ref(), &batch).await?;
                let advances: Vec<AdvanceCursor> = appended
                    .iter()
                    .map(|appended| AdvanceCursor {
                        conversation: appended.conversation,
                        uid: appended.record.sender.uid,
                        read: appended.record.seq,
                        delivered: appended.record.seq,
                    })
                    .collect();
                store.advance(&advances).await?;
                all.extend(appended);
            }
            Ok::<_, tidings_server::store::StoreError>(all)
        });
    }
    let mut answers: BTreeMap<_, Vec<_>> = BTreeMap::new();
    while let Some(task) = tasks.join_next().await {
        for appended in task.expect("no panic")? {
            let slots = answers.entry(appended.conversation).or_default();
            slots.push((appended.record.seq, appended.record.mid));
        }
    }
    assert_eq!(answers.len(), 45, "one conversation for two");
    assert_dense(case.store.as_ref(), answers, |_| 0).await?;
    if case.url.starts_with("postgres:") {
        let log = Postgres::shared().log();
        assert!(!log.contains("deadlock detected"), "{log}");
    }
    Ok(())
}

async fn concurrent_user_additions_get_distinct_uids(case: Case) -> Result {
    let other = case.again().await?;
    let mut tasks = JoinSet::new();
    for task in 0..8 {
        let store = Arc::clone(if task % 2 == 0 { &case.store } else { &other });
        tasks.spawn(async move {
            let names = (0..20).map(|n| crate::cases::user(&format!("u{task}-{n}"), None));
            store.add_users(&names.collect::<Vec<_>>()).await
        });
    }
    let mut uids = Vec::new();
    while let Some(task) = tasks.join_next().await {
        uids.extend(task.expect("no panic")?.iter().map(|uid| uid.0));
    }
    uids.sort_unstable();
    assert_eq!(uids, (4..164).collect::<Vec<_>>());
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs Postgres: cargo xtask test"]
async fn concurrent_starts_migrate_postgres_once() -> Result {
    let server = Postgres::shared();
    let url = server.url(&server.database().await.expect("a database"));
    let mut nodes = JoinSet::new();
    for _ in 0..6 {
        let url = url.clone();
        nodes.spawn(async move {
            let store = tidings_server::store::open(&url, tidings_server::store::READERS).await?;
            store.migrate().await?;
            store.ping().await
        });
    }
    while let Some(node) = nodes.join_next().await {
        node.expect("no panic")?;
    }
    Ok(())
}
