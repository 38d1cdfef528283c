//! `tidings backup` and `tidings restore`, beside a server that is killed.

use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use tidings_tests::TEST_TIMEOUT;
use tidings_tests::server::{LI, Launch, Server, ZHANG, command, start};
use tidings_tests::socket::Socket;
use tokio::fs;
use tokio::time::timeout;

/// Text of 4 KiB, so that a backup takes a while.
const TEXT: &str = "words ";
const COPIES: usize = 700;

async fn alone() -> Result<Server> {
    let folder = tempfile::tempdir()?;
    let launch = Launch::new(folder.path(), &[]);
    Server::alone(folder, launch).await
}

/// Sends so many messages. Returns how many the conversation has then.
async fn write(zhang: &mut Socket, messages: usize) -> Result<i64> {
    let mut last = 0;
    for _ in 0..messages {
        let answer = zhang
            .send_message(ZHANG.0, LI.0, &TEXT.repeat(COPIES))
            .await?;
        last = answer["seq"].as_i64().context("no seq")?;
    }
    Ok(last)
}

/// A connection of this user, and the answer to its bind with the list.
async fn bound(server: &Server, user: (i64, &str)) -> Result<(Socket, Value)> {
    let mut socket = Socket::open(server, Some(&server.login(user.1).await?)).await?;
    socket
        .send(json!({"type": 1, "data": {"uid": user.0, "conversations": true}}))
        .await?;
    let answer = socket.frame(1).await?;
    Ok((socket, answer["data"].clone()))
}

async fn unread(server: &Server) -> Result<i64> {
    let mut li = Socket::open(server, Some(&server.login(LI.1).await?)).await?;
    li.send(json!({"type": 1, "data": {"uid": LI.0, "conversations": true}}))
        .await?;
    let bound = li.frame(1).await?;
    let seq = &bound["data"]["conversations"][0]["lastSeq"];
    seq.as_i64().with_context(|| bound.to_string())
}

/// Whether a copy is being written.
fn has_partial_copy(folder: &Path) -> Result<bool> {
    let mut found = false;
    for entry in folder.read_dir()? {
        let name = entry?.file_name();
        found |= name.to_string_lossy().starts_with(".tidings-new-");
    }
    Ok(found)
}

#[tokio::test]
async fn backup_of_a_killed_server_has_all_answered_messages() -> Result<()> {
    let mut server = alone().await?;
    let mut zhang = Socket::bound(&server, ZHANG).await?;
    let before = write(&mut zhang, 300).await?;
    let mut backup = start(server.folder(), &["backup", "a.db"])?;
    write(&mut zhang, 20).await?;
    server.kill().await?;
    let ended = timeout(TEST_TIMEOUT, backup.wait())
        .await
        .context("no end")??;
    ensure!(ended.success());
    let mode = fs::metadata(server.folder().join("a.db")).await?;
    assert_eq!(mode.permissions().mode() & 0o777, 0o600);

    // The WAL of the killed server is beside the file, and must not be applied to the restored one.
    let restored = command(server.folder(), &["restore", "a.db"], "").await?;
    let aside = restored.lines().nth(1).context("nothing set aside")?;
    server.restart().await?;
    let has = unread(&server).await?;
    assert!((before..=before + 20).contains(&has), "{has} of {before}");
    server.kill().await?;

    // The file that was set aside has all messages.
    let aside = aside.split(' ').nth(4).context("no name")?;
    command(server.folder(), &["restore", aside], "").await?;
    server.restart().await?;
    assert_eq!(unread(&server).await?, before + 20);
    Ok(())
}

#[tokio::test]
async fn killed_backup_leaves_no_target_file() -> Result<()> {
    let server = alone().await?;
    let mut zhang = Socket::bound(&server, ZHANG).await?;
    write(&mut zhang, 300).await?;
    let folder = server.folder().join("backups");
    fs::create_dir(&folder).await?;
    let mut killed = 0;
    for n in 0..10 {
        let name = format!("backups/{n}.db");
        let mut backup = start(server.folder(), &["backup", &name])?;
        while !has_partial_copy(&folder)? && backup.try_wait()?.is_none() {
            tokio::task::yield_now().await;
        }
        backup.kill().await?;
        if fs::try_exists(server.folder().join(&name)).await? {
            // It ended before the kill: then it must be complete.
            let copy = format!("sqlite://{n}.db");
            let restore = ["restore", "--database-url", &copy, &name];
            command(server.folder(), &restore, "").await?;
        } else {
            killed += 1;
        }
        for entry in folder.read_dir()? {
            fs::remove_file(entry?.path()).await?;
        }
    }
    println!("{killed} of 10 were killed before their end");
    Ok(())
}

#[tokio::test]
async fn restore_refuses_a_used_database_and_foreign_files() -> Result<()> {
    let mut server = alone().await?;
    let folder = server.folder().to_owned();
    command(&folder, &["backup", "a.db"], "").await?;
    let refused = async |arguments: &[&str], message: &str| {
        let error = command(&folder, arguments, "").await.err();
        let error = error.with_context(|| format!("{arguments:?} succeeded"))?;
        ensure!(error.to_string().contains(message), "{error}");
        anyhow::Ok(())
    };
    refused(&["restore", "a.db"], "tidings.db is in use").await?;
    refused(&["backup", "a.db"], "a.db exists already").await?;
    server.kill().await?;

    fs::write(
        folder.join("text"),
        "not a database, however long it may be",
    )
    .await?;
    refused(&["restore", "text"], "no database of Tidings").await?;
    refused(&["restore", "absent.db"], "No such file").await?;
    let postgres = ["backup", "--database-url", "postgres://x/y", "b.db"];
    refused(&postgres, "pg_dump").await?;
    let mut bytes = fs::read(folder.join("a.db")).await?;
    let middle = bytes.len() / 2;
    bytes[middle..].fill(0x55);
    fs::write(folder.join("broken.db"), bytes).await?;
    refused(&["restore", "broken.db"], "cannot restore broken.db").await?;
    server.restart().await
}

#[tokio::test]
async fn start_refuses_a_backup_copied_beside_an_old_wal() -> Result<()> {
    let mut server = alone().await?;
    let mut zhang = Socket::bound(&server, ZHANG).await?;
    let folder = server.folder().to_owned();
    command(&folder, &["backup", "a.db"], "").await?;
    let written = write(&mut zhang, 3).await?;
    server.kill().await?;
    let database = folder.join("tidings.db");
    let kept = fs::read(&database).await?;

    fs::copy(folder.join("a.db"), &database).await?;
    let refused = command(&folder, &["serve"], "").await;
    let error = refused.err().context("it started")?.to_string();
    ensure!(
        error.contains("tidings.db-wal is not this database's"),
        "{error}"
    );
    fs::remove_file(&database).await?;
    ensure!(command(&folder, &["migrate"], "").await.is_err(), "no file");
    fs::write(&database, kept).await?;
    server.restart().await?;
    assert_eq!(unread(&server).await?, written);
    Ok(())
}

#[tokio::test]
async fn bind_and_list_after_a_restore_name_another_epoch() -> Result<()> {
    let mut server = alone().await?;
    let mut zhang = Socket::bound(&server, ZHANG).await?;
    write(&mut zhang, 2).await?;
    command(server.folder(), &["backup", "a.db"], "").await?;
    write(&mut zhang, 2).await?;
    let (mut li, before) = bound(&server, LI).await?;
    ensure!(
        before["epoch"]
            .as_str()
            .is_some_and(|epoch| epoch.len() == 32)
    );
    li.send(json!({"type": 8, "data": {}})).await?;
    assert_eq!(li.data(8).await?["epoch"], before["epoch"]);
    server.kill().await?;
    server.restart().await?;
    assert_eq!(bound(&server, LI).await?.1["epoch"], before["epoch"]);

    server.kill().await?;
    command(server.folder(), &["restore", "a.db"], "").await?;
    server.restart().await?;
    let (_, after) = bound(&server, LI).await?;
    ensure!(after["epoch"] != before["epoch"], "{after}");
    assert_eq!(
        after["conversations"][0]["lastSeq"],
        before["conversations"][0]["lastSeq"]
            .as_i64()
            .context("no seq")?
            - 2
    );
    Ok(())
}

#[tokio::test]
async fn renewed_epoch_closes_connections_for_a_new_start() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let launch = Launch::new(folder.path(), &["--drain-ms", "100"]);
    let server = Server::alone(folder, launch).await?;
    let (mut li, before) = bound(&server, LI).await?;
    let renewed = command(server.folder(), &["epoch", "renew"], "").await?;
    assert_eq!(li.closed().await?.1, 1001);
    let (_, after) = bound(&server, LI).await?;
    assert_eq!(after["epoch"], renewed.trim());
    ensure!(after["epoch"] != before["epoch"]);
    Ok(())
}
