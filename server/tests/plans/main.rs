//! Every statement of a store uses an index, however large the tables are.
//!
//! The statements are not listed here: the whole trait is used on a large store while the driver's
//! log is recorded, and every recorded statement must have a plan without a scan of a growing
//! table.

#[path = "../store/cases.rs"]
#[expect(dead_code, reason = "the rest is for the tests of `store`")]
mod cases;
mod large;
mod plan;
#[path = "../store/postgres.rs"]
#[expect(dead_code, reason = "the rest is for the tests of `store`")]
mod postgres;
mod recorder;

use cases::{Case, crowd, keyed, message, to_group};
use recorder::Recorder;
use std::collections::BTreeSet;
use std::sync::LazyLock;
use tidings_server::domain::SessionHash;
use tidings_server::store::{
    AdvanceCursor, GroupLimits, ListCursor, NewGroup, NewMembers, Picture, Range, Session, Store,
    StoreError,
};
use tidings_shared::{ConversationId, GroupId, Mid, Peer, Seq, UserId};
use tokio::sync::{Mutex, MutexGuard};

const A: UserId = UserId(1);
const B: UserId = UserId(2);
const C: UserId = UserId(3);

type Result<T = ()> = std::result::Result<T, StoreError>;

/// Calls every operation of the store, with large inputs.
async fn use_everything(store: &dyn Store) -> Result {
    let page = |after, before, before_mid| Range {
        after,
        before,
        before_mid,
        limit: 50,
    };
    let (someone, group) = (UserId(1001), GroupId(1));
    let direct = store.cursors(someone, ConversationId(0)).await?;
    let direct = direct.iter().find(|cursor| cursor.group.is_none());
    let direct = direct.expect("it has one").delivery.conversation;
    let thread = store
        .thread_by_id(someone, direct)
        .await?
        .expect("a member");
    store
        .thread(someone, thread.other.peer)
        .await?
        .expect("the same");
    store
        .thread(someone, Peer::Group(group))
        .await?
        .expect("a member");
    store
        .page(direct, page(Some(Seq(5)), None, Some(Mid(900_000))))
        .await?;
    store.page(direct, page(None, Some(Seq(90)), None)).await?;
    let list = store.list(someone, None, 10).await?;
    let cursor: Option<ListCursor> = list.last().map(|row| row.cursor);
    assert!(!store.list(someone, cursor, 10).await?.is_empty());
    let both = [direct, ConversationId(group.0)];
    assert_eq!(store.participants(&both).await?.len(), 1);
    store.unread(someone, direct).await?;
    store.unread_total(someone).await?;
    store.user(someone).await?.expect("it exists");
    store.users(someone, 50).await?;
    store.credentials("user1001").await?.expect("it exists");
    store.group(someone, group).await?.expect("a member");
    store.members(group, someone, 50).await?;
    store.ping().await?;

    let batch = [
        keyed(A, B, "the first of a conversation", "k"),
        message(C, A, "another"),
        message(A, UserId(99), "to nobody"),
        to_group(someone, group, "to a group"),
    ];
    store.append(&batch).await?;
    store.append(&batch).await?;
    let advances = [direct, ConversationId(group.0)].map(|conversation| AdvanceCursor {
        conversation,
        uid: someone,
        read: Seq(97),
        delivered: Seq(98),
    });
    store.advance(&advances).await?;
    let new = NewGroup {
        owner: A,
        name: "Choir".into(),
        members: vec![B],
        created_at: 1,
        limits: GroupLimits::NONE,
        key: None,
    };
    let made = store.create_group(&new).await?.expect("they exist").group;
    let add = NewMembers {
        group: made.group_id,
        by: A,
        uids: vec![B, C],
        added_at: 2,
        limits: GroupLimits::NONE,
    };
    store.add_members(&add).await?.expect("the owner");
    store.add_users(&crowd(5001..=5002)).await?;
    store
        .add_users(&crowd(5002..=5003))
        .await
        .expect_err("one is taken");
    change_an_account(store, someone).await
}

/// Calls the operations on logins and profiles.
async fn change_an_account(store: &dyn Store, someone: UserId) -> Result {
    let session = Session {
        hash: SessionHash([7; 32]),
        uid: someone,
        expires_at: 5_000_000,
        used_at: 1,
    };
    let password = store.password_hash(someone).await?.expect("it exists");
    let started = store.begin_session(&session, "Browser", &password, 1);
    assert!(started.await?.is_some());
    store.add_sessions(&[], 1).await?;
    store.session(session.hash, 2).await?.expect("alive");
    store.touch_sessions(&[(session.hash, 3)]).await?;
    assert_eq!(store.logins(someone, 2, 10).await?.len(), 10);
    store.end_session(someone, session.hash).await?;
    let new = "another";
    let ended = store.change_password(someone, (&password, new), session.hash);
    assert_eq!(ended.await?.map(|ended| ended.len()), Some(20));
    assert_eq!(store.ended_sessions().await?.len(), 21);
    store.set_locked(someone, true).await?;
    store.set_locked(someone, false).await?;
    store.rename(someone, "Ann").await?;
    let picture = Picture {
        hash: [7; 32],
        media_type: "image/png".into(),
        bytes: vec![7; 1000],
    };
    store.set_avatar(someone, Some((&picture, "/7"))).await?;
    store.avatar(picture.hash).await?.expect("somebody has it");
    store.set_avatar(someone, None).await?;
    Ok(())
}

/// Adding many members takes the same statements as adding few.
async fn fill_a_group(store: &dyn Store, recorder: &Recorder) -> Result {
    let mut executed = Vec::new();
    for members in [2, 900] {
        let new = NewGroup {
            owner: A,
            name: "Choir".into(),
            members: (1001..1001 + members).map(UserId).collect(),
            created_at: 1,
            limits: GroupLimits::NONE,
            key: None,
        };
        recorder.take();
        store.create_group(&new).await?.expect("they exist");
        executed.push(recorder.take());
    }
    assert_eq!(executed[0], executed[1]);
    Ok(())
}

/// The recorder of the driver's log, global to the process: one test at a time holds it.
async fn exclusive_recorder() -> (MutexGuard<'static, ()>, Recorder) {
    static SERIAL: Mutex<()> = Mutex::const_new(());
    static RECORDER: LazyLock<Recorder> = LazyLock::new(|| {
        let recorder = Recorder::default();
        // For the whole process: SQLite's statements are executed by threads of the driver.
        tracing::subscriber::set_global_default(recorder.clone()).expect("the only one");
        recorder
    });
    (SERIAL.lock().await, RECORDER.clone())
}

#[tokio::test]
async fn no_sqlite_statement_scans_a_growing_table() -> Result {
    let (_serial, recorder) = exclusive_recorder().await;
    let case = cases::sqlite().await?;
    large::fill_sqlite(&case.url).await?;
    nothing_scans(&case, &recorder).await
}

#[tokio::test]
#[ignore = "needs Postgres: cargo xtask test"]
async fn no_postgres_statement_scans_a_growing_table() -> Result {
    let (_serial, recorder) = exclusive_recorder().await;
    let case = cases::postgres().await?;
    large::fill_postgres(&case.url).await?;
    nothing_scans(&case, &recorder).await
}

async fn nothing_scans(Case { store, url, .. }: &Case, recorder: &Recorder) -> Result {
    recorder.take();
    use_everything(store.as_ref()).await?;
    let statements: BTreeSet<String> = recorder.take().into_iter().collect();
    assert!(
        statements.len() > 30,
        "only {} were heard",
        statements.len()
    );
    fill_a_group(store.as_ref(), recorder).await?;
    // Nobody analyzes a SQLite file; PostgreSQL does it by itself, after a while in which its plans
    // are those for what was there before.
    for analyzed in [false, true] {
        if analyzed {
            large::analyze(url).await?;
        }
        for statement in &statements {
            let (plan, scans) = scans(url, statement).await?;
            assert!(
                scans.is_empty(),
                "{statement}\nscans {scans:?} (analyzed: {analyzed}):\n{plan}"
            );
        }
        for scan in ["content", "conversation_id"] {
            let scan = format!("SELECT content FROM messages WHERE {scan} = $1");
            let (plan, scans) = scans(url, &scan).await?;
            assert!(!scans.is_empty(), "a scan is not seen in this:\n{plan}");
        }
    }
    Ok(())
}

/// The plan of a statement, and the lines of it that scan.
async fn scans(url: &str, statement: &str) -> Result<(String, Vec<String>)> {
    if url.starts_with("sqlite:") {
        let plan = plan::sqlite_plan(url, statement).await?;
        let scans = plan::sqlite_scans(&plan);
        return Ok((plan, scans));
    }
    let plan = plan::postgres_plan(url, statement).await?;
    let scans = plan::postgres_scans(&plan);
    Ok((plan, scans))
}
