//! Query plans of statements.

use crate::Result;
use sqlx::postgres::PgConnection;
use sqlx::sqlite::SqliteConnection;
use sqlx::{AssertSqlSafe, Connection as _, Row as _};

/// The query plan in SQLite.
pub(crate) async fn sqlite_plan(url: &str, statement: &str) -> Result<String> {
    let mut connection = SqliteConnection::connect(url).await?;
    // With foreign keys on, a new user's plan has searches for rows that wait for that user; they
    // are skipped while no row waits, which is always.
    sqlx::raw_sql("PRAGMA foreign_keys = OFF")
        .execute(&mut connection)
        .await?;
    let mut lines: Vec<String> = Vec::new();
    // Some texts contain two statements.
    for one in statement.split(';') {
        let explain = AssertSqlSafe(format!("EXPLAIN QUERY PLAN {one}"));
        for row in sqlx::query(explain).fetch_all(&mut connection).await? {
            lines.push(row.try_get("detail")?);
        }
    }
    connection.close().await?;
    Ok(lines.join("\n"))
}

/// The scans in a plan, without index searches, and without rows that the statement was given or
/// produced itself.
pub(crate) fn sqlite_scans(plan: &str) -> Vec<String> {
    let made: Vec<&str> = plan
        .lines()
        .filter_map(|line| {
            line.strip_prefix("CO-ROUTINE ")
                .or_else(|| line.strip_prefix("MATERIALIZE "))
        })
        .collect();
    let of_a_set = plan.contains("VIRTUAL TABLE");
    let scans = plan.lines().filter(|line| {
        line.strip_prefix("SCAN ").map_or_else(
            || is_half(line, of_a_set),
            |what| {
                let given = what == "CONSTANT ROW"
                    || what == "j VIRTUAL TABLE INDEX 1:"
                    || what.ends_with("-ROW VALUES CLAUSE");
                !given && !made.contains(&what)
            },
        )
    });
    scans.map(str::to_owned).collect()
}

/// The generic query plan in PostgreSQL.
pub(crate) async fn postgres_plan(url: &str, statement: &str) -> Result<String> {
    let mut connection = PgConnection::connect(url).await?;
    // As the store's own sessions plan.
    let session =
        "SET plan_cache_mode = force_generic_plan; SET jit = off; SET enable_seqscan = off;
                   SET enable_hashjoin = off; SET enable_mergejoin = off;";
    sqlx::raw_sql(session).execute(&mut connection).await?;
    if statement.starts_with("LOCK TABLE") {
        return Ok(String::new());
    }
    let prepare = format!("PREPARE s AS {statement}");
    sqlx::raw_sql(AssertSqlSafe(prepare))
        .execute(&mut connection)
        .await?;
    let parameters = (1..10)
        .filter(|n| statement.contains(&format!("${n}")))
        .count();
    let nothing = vec!["NULL"; parameters].join(", ");
    let execute = match parameters {
        0 => "EXPLAIN EXECUTE s".to_owned(),
        _ => format!("EXPLAIN EXECUTE s ({nothing})"),
    };
    let rows = sqlx::raw_sql(AssertSqlSafe(execute))
        .fetch_all(&mut connection)
        .await?;
    connection.close().await?;
    let lines: sqlx::Result<Vec<String>> = rows.iter().map(|row| row.try_get(0)).collect();
    Ok(lines?.join("\n"))
}

/// The scans in a plan: a `Seq Scan`, or an index read without a condition, unless to find its
/// first or last entry.
pub(crate) fn postgres_scans(plan: &str) -> Vec<String> {
    let lines: Vec<&str> = plan.lines().collect();
    let of_a_set = plan.contains("Function Scan");
    let scans = lines.iter().enumerate().filter(|(at, line)| {
        if line.contains("Seq Scan on ") {
            return true;
        }
        let by_index = line.contains("Index Scan") || line.contains("Index Only Scan");
        let conditioned = lines
            .get(at + 1)
            .is_some_and(|next| next.contains("Index Cond:"));
        let condition = if conditioned { lines[at + 1] } else { "" };
        by_index && (!conditioned || is_half(&format!("{line} {condition}"), of_a_set))
    });
    scans.map(|(_, line)| (*line).to_owned()).collect()
}

/// Whether an index of two columns is searched by one: then the whole history of a sender or
/// conversation is read for one message. For a set of rows, a user's memberships may not be read
/// either.
fn is_half(search: &str, of_a_set: bool) -> bool {
    let both = [
        "messages_by_",
        "messages_conversation_id_seq_key",
        "messages_sender_uid_client_msg_id_key",
    ];
    let both_of_a_set = [
        "USING PRIMARY KEY (uid=",
        "sqlite_autoindex_conversations_",
        "members_by_conversation",
        "members_pkey",
        "conversations_low_uid_high_uid_key",
    ];
    let names = |indices: &[&str]| indices.iter().any(|index| search.contains(index));
    (names(&both) || of_a_set && names(&both_of_a_set)) && !search.contains(" AND ")
}
