//! A store with a million messages, made by its own database.

use crate::Result;
use sqlx::postgres::PgConnection;
use sqlx::sqlite::SqliteConnection;
use sqlx::{AssertSqlSafe, Connection as _};

/// A million messages, in 10,000 conversations of 1,000 people, ten of which are groups of all of them.
const FILL: &str = "
    INSERT INTO users (uid, email, username, avatar, password_hash, created_at)
    SELECT n, 'user' || n, 'User ' || n, '', '', 0 FROM numbers WHERE n BETWEEN 1001 AND 2000;
    INSERT INTO conversations (id, low_uid, high_uid, last_seq, last_at)
    SELECT n, CASE WHEN n > 10 THEN 1001 + n / 20 END,
           CASE WHEN n > 10 THEN 1501 + n % 20 * 20 + n / 500 END, 100, n
      FROM numbers WHERE n BETWEEN 1 AND 10000;
    INSERT INTO groups (conversation_id, name, avatar, owner_uid, created_at)
    SELECT n, 'Group', '', 1001, 0 FROM numbers WHERE n BETWEEN 1 AND 10;
    INSERT INTO members (conversation_id, uid, joined_seq, read_seq, delivered_seq)
    SELECT id, low_uid, 0, 90, 95 FROM conversations WHERE low_uid IS NOT NULL;
    INSERT INTO members (conversation_id, uid, joined_seq, read_seq, delivered_seq)
    SELECT id, high_uid, 0, 90, 95 FROM conversations WHERE low_uid IS NOT NULL;
    INSERT INTO members (conversation_id, uid, joined_seq, read_seq, delivered_seq)
    SELECT g.conversation_id, u.uid, 0, 90, 95 FROM groups g CROSS JOIN users u WHERE u.uid > 1000;
    INSERT INTO sessions (token_hash, uid, created_at, expires_at)
    SELECT u.token, u.uid, 0, 1000000 + u.uid FROM tokens u;
    INSERT INTO avatars (uid, hash, media_type, bytes)
    SELECT uid, token_hash, 'image/png', token_hash FROM sessions s
     WHERE token_hash = (SELECT token_hash FROM sessions t WHERE t.uid = s.uid
                          ORDER BY token_hash LIMIT 1);
    INSERT INTO messages
           (conversation_id, seq, sender_uid, client_msg_id, content, msg_type, created_at)
    SELECT n % 10000 + 1, n / 10000 + 1, 1001 + n % 1000, 'key' || n, 'text', 1, n
      FROM numbers WHERE n < 2000;
";

/// The rest of the messages, inserted after the statistics were collected, which are then outdated.
const FILL_UP: &str = "
    INSERT INTO messages
           (conversation_id, seq, sender_uid, client_msg_id, content, msg_type, created_at)
    SELECT n % 10000 + 1, n / 10000 + 1, 1001 + n % 1000, 'key' || n, 'text', 1, n
      FROM numbers WHERE n BETWEEN 2000 AND 999999;
";

/// Fills it.
pub(crate) async fn fill_sqlite(url: &str) -> Result {
    let mut connection = SqliteConnection::connect(url).await?;
    let fill = format!(
        "PRAGMA synchronous = OFF;
         CREATE TEMP TABLE numbers (n INTEGER PRIMARY KEY);
         WITH RECURSIVE r (n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM r WHERE n < 1000000)
         INSERT INTO numbers SELECT n FROM r;
         CREATE TEMP VIEW tokens AS
         SELECT randomblob(32) AS token, uid FROM users CROSS JOIN numbers WHERE n < 20;
         {FILL} {FILL_UP}"
    );
    sqlx::raw_sql(AssertSqlSafe(fill))
        .execute(&mut connection)
        .await?;
    Ok(connection.close().await?)
}

/// Fills it.
pub(crate) async fn fill_postgres(url: &str) -> Result {
    let mut connection = PgConnection::connect(url).await?;
    let fill = format!(
        "CREATE TEMP TABLE numbers AS SELECT generate_series(0, 1000000)::BIGINT AS n;
         ANALYZE numbers;
         CREATE TEMP VIEW tokens AS
         SELECT sha256((uid || '-' || n)::BYTEA) AS token, uid
           FROM users CROSS JOIN numbers WHERE n < 20;
         {FILL}
         ANALYZE;
         {FILL_UP}"
    );
    sqlx::raw_sql(AssertSqlSafe(fill))
        .execute(&mut connection)
        .await?;
    // Lets the sequence continue after the inserted ids.
    sqlx::raw_sql("SELECT setval(pg_get_serial_sequence('conversations', 'id'), 20000);")
        .execute(&mut connection)
        .await?;
    Ok(connection.close().await?)
}

/// Collects the database's statistics.
pub(crate) async fn analyze(url: &str) -> Result {
    if url.starts_with("sqlite:") {
        let mut connection = SqliteConnection::connect(url).await?;
        sqlx::raw_sql("ANALYZE").execute(&mut connection).await?;
        return Ok(connection.close().await?);
    }
    let mut connection = PgConnection::connect(url).await?;
    sqlx::raw_sql("ANALYZE").execute(&mut connection).await?;
    Ok(connection.close().await?)
}
