//! PostgreSQL fails at bad moments. The messages have no keys, so only the store itself prevents
//! duplicates.

use crate::cases::{crowd, message, user};
use crate::postgres::Postgres;
use crate::proxy::{Fault, Proxy};
use crate::{A, B, C, Result};
use sqlx::Connection as _;
use sqlx::postgres::PgConnection;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use tidings_server::store::{GroupLimits, NewGroup, NewMessage, READERS, Store, open};
use tidings_shared::{MsgType, Peer, Seq, UserId};
use tokio::task::JoinSet;
use tokio::time::Instant;

/// How long a write is retried.
const RETRY_BUDGET: Duration = Duration::from_secs(5);

/// How long a test waits for an expected event.
const TIMEOUT: Duration = Duration::from_secs(20);

/// A dedicated server, and a database in it with two users.
async fn home() -> Result<(Arc<Postgres>, String, Arc<dyn Store>)> {
    let server = Postgres::dedicated();
    let database = server.database().await?;
    let store = open(&server.url(&database), READERS).await?;
    store.migrate().await?;
    store
        .add_users(&[user("a", Some(A)), user("b", Some(B))])
        .await?;
    Ok((server, database, store))
}

/// Every stored message's text, with its id.
async fn stored(server: &Postgres, database: &str) -> Result<Vec<(String, i64)>> {
    let mut connection = PgConnection::connect_with(&server.options(database)).await?;
    let rows = sqlx::query_as("SELECT content, mid FROM messages ORDER BY mid")
        .fetch_all(&mut connection)
        .await?;
    connection.close().await?;
    Ok(rows)
}

/// Appends batches from several tasks until stopped; returns the answered messages by text, and the
/// texts of failed ones.
struct Load {
    stop: Arc<AtomicBool>,
    tasks: JoinSet<(BTreeMap<String, i64>, Vec<String>)>,
}

impl Load {
    fn on(stores: &[Arc<dyn Store>]) -> Self {
        let stop = Arc::new(AtomicBool::new(false));
        let mut tasks = JoinSet::new();
        for (task, store) in stores.iter().cycle().take(4).enumerate() {
            let (store, stop) = (Arc::clone(store), Arc::clone(&stop));
            tasks.spawn(async move {
                let (mut answered, mut failed) = (BTreeMap::new(), Vec::new());
                for batch in 0.. {
                    if stop.load(Ordering::SeqCst) {
                        break;
                    }
                    let messages: Vec<NewMessage> = (0..5)
                        .map(|n| {
                            let (from, to) = if n % 2 == 0 { (A, B) } else { (B, A) };
                            message(from, to, &format!("{task}-{batch}-{n}"))
                        })
                        .collect();
                    match store.append(&messages).await {
                        Ok(results) => answered.extend(results.into_iter().map(|result| {
                            let record = result.expect("they exist").record;
                            (record.body.into_content(), record.mid.0)
                        })),
                        Err(_) => {
                            failed.extend(messages.into_iter().map(|m| m.body.into_content()));
                        }
                    }
                }
                (answered, failed)
            });
        }
        Self { stop, tasks }
    }

    /// Stops the tasks and compares with the store; returns how many messages were answered and how
    /// many failed.
    async fn settle(mut self, server: &Postgres, database: &str) -> Result<(usize, usize)> {
        self.stop.store(true, Ordering::SeqCst);
        let (mut answered, mut failed) = (BTreeMap::new(), Vec::new());
        while let Some(task) = self.tasks.join_next().await {
            let (more, failures) = task.expect("no panic");
            answered.extend(more);
            failed.extend(failures);
        }
        let stored = stored(server, database).await?;
        let by_text: BTreeMap<_, _> = stored.iter().cloned().collect();
        assert_eq!(by_text.len(), stored.len(), "a message was stored twice");
        for (text, mid) in &answered {
            assert_eq!(by_text.get(text), Some(mid), "{text} was answered");
        }
        let known = answered.len()
            + failed
                .iter()
                .filter(|text| by_text.contains_key(*text))
                .count();
        assert_eq!(known, stored.len(), "a message was stored that nobody sent");
        Ok((answered.len(), failed.len()))
    }
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs Postgres: cargo xtask test"]
async fn commit_with_a_lost_answer_is_answered_once() -> Result {
    let (server, database, store) = home().await?;
    let faults = &[
        Fault::CutAfter,
        Fault::None,
        Fault::CutBefore,
        Fault::Late,
        Fault::CutBefore,
        Fault::CutAfter,
    ];
    let proxy = Proxy::start(server.socket(), faults).await.expect("a port");
    let through = open(&proxy.url(&database), READERS).await?;
    let mut answered = Vec::new();
    for n in 0..30 {
        let batch = [
            message(A, B, &format!("{n}a")),
            message(B, A, &format!("{n}b")),
        ];
        for result in through.append(&batch).await? {
            let record = result.expect("they exist").record;
            answered.push((record.body.into_content(), record.mid.0));
        }
    }
    assert_eq!(stored(&server, &database).await?, answered);
    assert!(proxy.commits() > 30, "{} commits", proxy.commits());

    // Other writes are protected, too.
    through.add_users(&crowd(10..=12)).await?;
    let uids = through
        .add_users(&[user("x", None), user("y", None)])
        .await?;
    assert_eq!(uids, [UserId(13), UserId(14)]);
    let mut groups = Vec::new();
    for n in 0..6 {
        let group = NewGroup {
            owner: A,
            name: format!("group {n}"),
            members: vec![B],
            created_at: 1,
            limits: GroupLimits::NONE,
            key: None,
        };
        let change = through.create_group(&group).await?.expect("they exist");
        groups.push(change.group.name);
    }
    let group_messages = stored(&server, &database).await?.split_off(answered.len());
    let group_messages: Vec<_> = group_messages.into_iter().map(|(text, _)| text).collect();
    assert_eq!(group_messages, groups);
    let list = store.list(A, None, 10).await?;
    let of_groups = list
        .iter()
        .filter(|row| row.last_body.msg_type() == MsgType::GROUP_CREATED);
    assert_eq!(of_groups.count(), 6);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs Postgres: cargo xtask test"]
async fn terminated_sessions_lose_and_duplicate_nothing() -> Result {
    let (server, database, store) = home().await?;
    let other = open(&server.url(&database), READERS).await?;
    let load = Load::on(&[store, other]);
    let mut operator = PgConnection::connect_with(&server.options(&database)).await?;
    let mut terminated = 0;
    while terminated < 100 {
        more(&server, &database).await?;
        // Terminates one session, at any moment.
        let done = sqlx::query(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity
              WHERE application_name = 'tidings' AND state <> 'idle'
              LIMIT 1",
        )
        .fetch_all(&mut operator)
        .await?;
        terminated += done.len();
    }
    let (answered, failed) = load.settle(&server, &database).await?;
    assert!(answered >= 100, "{answered} answered");
    assert_eq!(failed, 0, "they are back before a write is given up");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs Postgres: cargo xtask test"]
async fn repeated_crashes_lose_and_duplicate_nothing() -> Result {
    let (server, database, store) = home().await?;
    let other = open(&server.url(&database), READERS).await?;
    let load = Load::on(&[Arc::clone(&store), other]);
    let mut longest = Duration::ZERO;
    for _ in 0..5 {
        more(&server, &database).await?;
        let crashing = Arc::clone(&server);
        let since = Instant::now();
        tokio::task::spawn_blocking(move || crashing.crash_and_recover())
            .await
            .expect("no panic")
            .expect("it recovers");
        longest = longest.max(since.elapsed());
        // Reads and writes recover by themselves.
        let thread = store.thread(A, Peer::User(B)).await?;
        assert!(thread.is_some());
    }
    more(&server, &database).await?;
    let (answered, failed) = load.settle(&server, &database).await?;
    assert!(answered >= 30, "{answered} answered");
    // On a machine where Postgres recovers slowly, some writes are given up, but none is lost.
    assert!(
        failed == 0 || longest > RETRY_BUDGET / 2,
        "{failed} failed; down for {longest:?} at most"
    );
    Ok(())
}

/// Returns when another message is stored.
async fn more(server: &Postgres, database: &str) -> Result {
    let mut connection = PgConnection::connect_with(&server.options(database)).await?;
    let mut last = async || {
        sqlx::query_scalar::<_, Option<i64>>("SELECT max(mid) FROM messages")
            .fetch_one(&mut connection)
            .await
    };
    let before = last().await?;
    let grown = async {
        while last().await? <= before {}
        Ok::<_, sqlx::Error>(())
    };
    tokio::time::timeout(TIMEOUT, grown)
        .await
        .expect("writing goes on")?;
    Ok(connection.close().await?)
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs Postgres: cargo xtask test"]
async fn frozen_transaction_blocks_other_nodes_for_seconds_only() -> Result {
    let (server, database, store) = home().await?;
    store.append(&[message(A, B, "first")]).await?;
    let faults = &[Fault::Hold, Fault::None];
    let proxy = Proxy::start(server.socket(), faults).await.expect("a port");
    let frozen = open(&proxy.url(&database), READERS).await?;
    let frozen = tokio::spawn(async move { frozen.append(&[message(B, A, "frozen")]).await });
    let held = async {
        while proxy.commits() == 0 {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(TIMEOUT, held)
        .await
        .expect("it comes to its commit");
    let since = Instant::now();
    store.append(&[message(A, B, "second")]).await?;
    let waited = since.elapsed();
    assert!(
        waited > Duration::from_secs(1),
        "{waited:?}: nobody stood in the way"
    );
    assert!(waited < Duration::from_secs(5), "{waited:?}");
    // Resumed, it finds its transaction rolled back, and retries.
    let late = frozen.await.expect("no panic")?.remove(0);
    assert_eq!(late.expect("they exist").record.seq, Seq(3));
    assert_eq!(stored(&server, &database).await?.len(), 3);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs Postgres: cargo xtask test"]
async fn switch_over_moves_reads_and_writes_to_the_new_primary() -> Result {
    let (old, database, _) = home().await?;
    let (new, same, store) = home().await?;
    assert_eq!(database, same);
    store.add_users(&[user("c", Some(C))]).await?;
    let proxy = Proxy::start(old.socket(), &[Fault::None])
        .await
        .expect("a port");
    let through = open(&proxy.url(&database), READERS).await?;
    through.append(&[message(A, B, "before")]).await?;
    through.ping().await?;
    assert_eq!(through.user(C).await?, None);

    let mut operator = PgConnection::connect_with(&old.options(&database)).await?;
    let read_only = "ALTER SYSTEM SET default_transaction_read_only = on";
    for statement in [read_only, "SELECT pg_reload_conf()"] {
        sqlx::query(statement).execute(&mut operator).await?;
    }
    // Without another server: not ready, and no stale reads.
    let not_ready = async { while through.ping().await.is_ok() {} };
    tokio::time::timeout(TIMEOUT, not_ready)
        .await
        .expect("not ready");
    assert!(through.user(A).await.is_err());

    proxy.lead_to(new.socket());
    through.append(&[message(A, B, "after")]).await?;
    assert!(through.user(C).await?.is_some(), "as the new one has it");
    through.ping().await?;
    let texts = async |server| Result::Ok(stored(server, &database).await?.remove(0).0);
    assert_eq!(texts(&old).await?, "before");
    assert_eq!(texts(&new).await?, "after");
    Ok(())
}
