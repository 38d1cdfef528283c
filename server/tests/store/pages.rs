//! How many pages a commit changes: SQLite writes each of them to the WAL as a whole.

use crate::Result;
use sqlx::Connection as _;
use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection, SqliteJournalMode};
use tidings_server::store::{SqliteStore, Store};

/// Messages of alternating senders in one conversation, with keys in the order of time.
const SEND: &str = "
    INSERT INTO messages (conversation_id, seq, sender_uid, client_msg_id, content, msg_type, created_at)
    WITH RECURSIVE n (n) AS (VALUES ($1) UNION ALL SELECT n + 1 FROM n WHERE n < $2)
    SELECT 1, n, n % 100, printf('%012x-7000-8000-%012x', n, abs(random()) % 1000000), 'x', 1, n FROM n";

#[tokio::test]
async fn messages_of_many_senders_change_few_pages() -> Result {
    let home = tempfile::tempdir().expect("a temporary folder");
    let path = home.path().join("x.db");
    let store = SqliteStore::open(&format!("sqlite://{}", path.display())).await?;
    store.migrate().await?;
    store.close().await;
    let options = SqliteConnectOptions::new()
        .filename(&path)
        .journal_mode(SqliteJournalMode::Wal)
        .pragma("wal_autocheckpoint", "0");
    let mut connection = SqliteConnection::connect_with(&options).await?;
    send(&mut connection, 1, 10_000).await?;
    let before = logged(&mut connection).await?;
    send(&mut connection, 10_001, 10_100).await?;
    let pages = logged(&mut connection).await? - before;
    assert!(
        pages < 20,
        "{pages} pages for a message of each of 100 senders"
    );
    connection.close().await?;
    Ok(())
}

async fn send(connection: &mut SqliteConnection, first: i64, last: i64) -> Result {
    let query = sqlx::query(SEND).bind(first).bind(last);
    query.execute(connection).await?;
    Ok(())
}

/// Pages in the WAL.
async fn logged(connection: &mut SqliteConnection) -> Result<i64> {
    let query = sqlx::query_as("PRAGMA wal_checkpoint(NOOP)");
    let (_, pages, _): (i64, i64, i64) = query.fetch_one(connection).await?;
    Ok(pages)
}
