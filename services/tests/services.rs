//! The services themselves: started, killed, restarted, frozen, and gone afterwards.

use anyhow::Result;
use std::net::TcpStream;
use std::time::Duration;
use tidings_services::{Postgres, Redis};
use tokio::time::timeout;

/// Longer than any answer takes.
const SILENCE: Duration = Duration::from_millis(500);

#[tokio::test]
#[ignore = "needs Postgres: cargo xtask test"]
async fn postgres_commits_survive_kill_restart_and_stop() -> Result<()> {
    let mut postgres = Postgres::start().await?;
    postgres.sql("CREATE TABLE t (n BIGINT)").await?;
    let url = postgres.url();
    for n in 1..=3 {
        postgres.sql(&format!("INSERT INTO t VALUES ({n})")).await?;
        match n {
            1 => {
                postgres.kill().await?;
                assert!(postgres.sql("SELECT 1").await.is_err());
                postgres.start_again().await?;
            }
            2 => postgres.restart_immediately().await?,
            _ => {
                postgres.stop().await?;
                postgres.start_again().await?;
            }
        }
        assert_eq!(postgres.sql("SELECT count(*) FROM t").await?, n.to_string());
    }
    assert_eq!(postgres.url(), url);
    Ok(())
}

#[tokio::test]
#[ignore = "needs Postgres: cargo xtask test"]
async fn postgres_syncs_commits_and_listens_on_loopback_only() -> Result<()> {
    let postgres = Postgres::start().await?;
    for (setting, value) in [
        ("fsync", "on"),
        ("synchronous_commit", "on"),
        ("full_page_writes", "on"),
        ("listen_addresses", "127.0.0.1"),
        ("unix_socket_directories", ""),
    ] {
        assert_eq!(postgres.sql(&format!("SHOW {setting}")).await?, value);
    }
    Ok(())
}

#[tokio::test]
#[ignore = "needs Postgres: cargo xtask test"]
async fn databases_of_one_cluster_are_apart() -> Result<()> {
    let postgres = Postgres::start().await?;
    let url = postgres.create_database("another").await?;
    assert!(url.ends_with("/another"), "{url}");
    assert!(postgres.create_database("another").await.is_err());
    assert!(postgres.create_database("no; DROP").await.is_err());
    Ok(())
}

#[tokio::test]
#[ignore = "needs Postgres: cargo xtask test"]
async fn a_frozen_postgres_answers_after_the_thaw() -> Result<()> {
    let postgres = Postgres::start().await?;
    postgres.freeze()?;
    let mut asking = Box::pin(postgres.sql("SELECT 7"));
    assert!(timeout(SILENCE, &mut asking).await.is_err());
    postgres.thaw()?;
    assert_eq!(asking.await?, "7");
    Ok(())
}

#[tokio::test]
#[ignore = "needs Redis: cargo xtask test"]
async fn redis_kill_and_flush_lose_all_data_but_not_the_address() -> Result<()> {
    let mut redis = Redis::start().await?;
    redis.ask(&["SET", "key", "a value"]).await?;
    assert_eq!(redis.ask(&["GET", "key"]).await?, "a value");
    redis.flush().await?;
    assert_eq!(redis.ask(&["DBSIZE"]).await?, "0");
    redis.ask(&["SET", "key", "again"]).await?;
    redis.kill().await?;
    assert!(redis.ask(&["PING"]).await.is_err());
    redis.start_again().await?;
    assert_eq!(redis.ask(&["DBSIZE"]).await?, "0");
    redis.stop().await?;
    redis.start_again().await?;
    assert_eq!(redis.ask(&["PING"]).await?, "PONG");
    Ok(())
}

#[tokio::test]
#[ignore = "needs Redis: cargo xtask test"]
async fn redis_that_refuses_logins_refuses_those_without_the_password() -> Result<()> {
    let mut redis = Redis::start().await?;
    redis.refuse_logins().await?;
    let stranger = ping_of_a_stranger(&redis).await?;
    assert!(stranger.contains("NOAUTH"), "{stranger}");
    redis.accept_logins().await?;
    assert_eq!(ping_of_a_stranger(&redis).await?, "+PONG\r\n");
    Ok(())
}

/// What somebody without a password is answered.
async fn ping_of_a_stranger(redis: &Redis) -> Result<String> {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    let mut stream = tokio::net::TcpStream::connect(redis.address()).await?;
    stream.write_all(b"PING\r\nQUIT\r\n").await?;
    let mut answer = String::new();
    timeout(
        tidings_services::PATIENCE,
        stream.read_to_string(&mut answer),
    )
    .await??;
    Ok(answer.trim_end_matches("+OK\r\n").to_owned())
}

#[tokio::test]
#[ignore = "needs Redis: cargo xtask test"]
async fn a_frozen_redis_answers_after_the_thaw() -> Result<()> {
    let redis = Redis::start().await?;
    redis.freeze()?;
    let mut asking = Box::pin(redis.ask(&["PING"]));
    assert!(timeout(SILENCE, &mut asking).await.is_err());
    redis.thaw()?;
    assert_eq!(asking.await?, "PONG");
    Ok(())
}

#[tokio::test]
#[ignore = "needs Postgres and Redis: cargo xtask test"]
async fn dropped_services_leave_neither_processes_nor_folders() -> Result<()> {
    let postgres = Postgres::start().await?;
    let folder = postgres.sql("SHOW data_directory").await?;
    let main: i32 = {
        let file = std::fs::read_to_string(format!("{folder}/postmaster.pid"))?;
        file.lines().next().unwrap_or_default().parse()?
    };
    let redis = Redis::start().await?;
    let address = redis.address();
    // Frozen processes can be killed too.
    postgres.freeze()?;
    redis.freeze()?;
    drop((postgres, redis));
    assert!(!std::fs::exists(&folder)?, "{folder} is still there");
    assert!(TcpStream::connect(address).is_err());
    // Gone, or dead and waiting for its parent to look.
    let state = std::fs::read_to_string(format!("/proc/{main}/stat")).unwrap_or(") Z".into());
    assert!(state.contains(") Z"), "{state}");
    Ok(())
}
