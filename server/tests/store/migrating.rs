//! Migration of databases of earlier versions.

use crate::cases::{ALL, append, keyed, message, seqs, to_group};
use crate::{A, B, C, Result};
use sqlx::Connection as _;
use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection};
use std::borrow::Cow;
use std::time::Duration;
use tidings_server::store::{GroupLimits, NewGroup, SqliteStore, Store};
use tidings_shared::{ConversationId, Mid, Peer, Seq};

/// Creates the schema of the first version.
async fn first_version(connection: &mut SqliteConnection) -> Result {
    let mut first = sqlx::migrate!("migrations/sqlite");
    first.migrations = Cow::Owned(vec![first.migrations[0].clone()]);
    Ok(first.run(connection).await?)
}

#[tokio::test]
async fn sqlite_file_of_the_first_version_is_migrated() -> Result {
    let home = tempfile::tempdir().expect("a temporary folder");
    let path = home.path().join("old.db");
    let options = SqliteConnectOptions::new()
        .filename(&path)
        .create_if_missing(true)
        .foreign_keys(true);
    let mut old = SqliteConnection::connect_with(&options).await?;
    first_version(&mut old).await?;
    let data = "
        INSERT INTO users VALUES (1, 'a@example.org', 'A', '/a.png', 'hash', 1),
                                 (2, 'b@example.org', 'B', '/b.png', 'hash', 1),
                                 (3, 'c@example.org', 'C', '/c.png', 'hash', 1);
        INSERT INTO conversations VALUES (7, 1, 2, 2, 1000), (9, 2, 3, 0, 0);
        DELETE FROM conversations WHERE id = 9;
        INSERT INTO members VALUES (7, 1, 2, 1), (7, 2, 0, 2);
        INSERT INTO messages VALUES (40, 7, 1, 1, 'k', 'one', 1, 900),
                                    (41, 7, 2, 2, NULL, 'two', 1, 1000),
                                    (50, 7, 3, 2, NULL, 'gone', 1, 1000);
        DELETE FROM messages WHERE mid = 50;";
    sqlx::raw_sql(data).execute(&mut old).await?;
    old.close().await?;

    let store = SqliteStore::open(&format!("sqlite://{}", path.display())).await?;
    store.migrate().await?;
    store.migrate().await?;
    let thread = store.thread(A, Peer::User(B)).await?.expect("they wrote");
    assert_eq!((thread.last_seq, thread.read_seq), (Seq(2), Seq(2)));
    let delivery = store.cursors(B, ConversationId(0)).await?[0].delivery;
    assert_eq!(
        (delivery.delivered_seq, delivery.joined_seq),
        (Seq(2), Seq(0))
    );
    let contents = store.page(thread.conversation, ALL).await?;
    assert_eq!(contents.len(), 2);

    let batch = [
        keyed(A, B, "again", "k"),
        message(B, A, "three"),
        message(B, C, "new"),
    ];
    let appended = append(&store, &batch).await?;
    assert_eq!(seqs(&appended), [1, 3, 1]);
    assert_eq!(
        appended[2].conversation.0, 10,
        "an id is not given twice, though its conversation is gone"
    );
    assert_eq!(
        (appended[0].record.mid, appended[1].record.mid),
        (Mid(40), Mid(51)),
        "nor is that of a message that is gone"
    );
    let group = NewGroup {
        owner: A,
        name: "Choir".into(),
        members: vec![C],
        created_at: 1_100,
        limits: GroupLimits::NONE,
        key: None,
    };
    let group = store.create_group(&group).await?.expect("they exist").group;
    assert_eq!(
        seqs(&append(&store, &[to_group(C, group.group_id, "x")]).await?),
        [2]
    );
    store.close().await;

    let mut new = SqliteConnection::connect_with(&options).await?;
    let broken = sqlx::query("PRAGMA foreign_key_check")
        .fetch_all(&mut new)
        .await?;
    assert!(broken.is_empty(), "rows without what they refer to");
    let half = sqlx::query("UPDATE conversations SET low_uid = NULL WHERE id = 7")
        .execute(&mut new)
        .await;
    assert!(half.is_err(), "a conversation has two users or none");
    new.close().await?;
    Ok(())
}

#[tokio::test]
async fn concurrent_starts_migrate_a_sqlite_file_once() -> Result {
    let home = tempfile::tempdir().expect("a temporary folder");
    for (name, is_old) in [("new.db", false), ("old.db", true)] {
        let path = home.path().join(name);
        if is_old {
            let options = SqliteConnectOptions::new()
                .filename(&path)
                .create_if_missing(true);
            let mut old = SqliteConnection::connect_with(&options).await?;
            first_version(&mut old).await?;
            old.close().await?;
        }
        let url = format!("sqlite://{}", path.display());
        let starts = (0..8).map(|_| async {
            let store = SqliteStore::open(&url).await?;
            store.migrate().await?;
            store.close().await;
            Ok(())
        });
        let starts: Vec<Result> = futures_util::future::join_all(starts).await;
        for start in starts {
            start?;
        }
    }
    Ok(())
}

#[tokio::test]
async fn migrated_sqlite_file_opens_while_another_process_writes() -> Result {
    let home = tempfile::tempdir().expect("a temporary folder");
    let path = home.path().join("x.db");
    let url = format!("sqlite://{}", path.display());
    let store = SqliteStore::open(&url).await?;
    store.migrate().await?;

    let mut other =
        SqliteConnection::connect_with(&SqliteConnectOptions::new().filename(&path)).await?;
    sqlx::raw_sql("BEGIN IMMEDIATE").execute(&mut other).await?;
    let second = SqliteStore::open(&url).await?;
    let started = tokio::time::timeout(Duration::from_mins(1), second.migrate());
    started.await.expect("nothing to wait for")?;
    assert!(second.cursors(A, ConversationId(0)).await?.is_empty());
    other.close().await?;
    second.close().await;
    store.close().await;
    Ok(())
}
