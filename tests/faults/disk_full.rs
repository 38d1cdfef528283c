//! The disk of the SQLite file is full: senders get an error, and all works again when there is
//! free space.

use crate::crowd::{Crowd, Person, add_people};
use crate::process::seed;
use crate::traffic::{FLAGS, settle_and_check, write_for};
use anyhow::{Context, Result};
use serde_json::json;
use std::io::Write;
use std::path::PathBuf;
use std::time::Duration;
use tidings_tests::server::{LI, Launch, Server, ZHANG};
use tidings_tests::socket::Socket;

/// The disk, as seen from the server's folder.
const DISK: &str = "disk";
/// Its size, in MiB. SQLite's WAL alone grows to 16 MiB before a checkpoint: on a smaller disk
/// there would be no free space even without the filler.
const DISK_MIB: u32 = 32;

/// A server whose database is on a small disk of its own, in a mount namespace that ends with it;
/// and users that were added before.
async fn on_small_disk(people: usize) -> Result<(Server, Vec<Person>)> {
    let folder = tempfile::tempdir()?;
    let launch = Launch::new(folder.path(), &[]);
    let mut before = Server::alone(folder, launch).await?;
    let people = add_people(&before, people).await?;
    before.terminate().await?;

    let folder = tempfile::tempdir()?;
    let database = before.folder().join("tidings.db");
    let mut launch = Launch::new(folder.path(), &FLAGS);
    launch.environment = vec![("DATABASE_URL", format!("sqlite://{DISK}/tidings.db"))];
    let script = format!(
        "mkdir {DISK} && mount -t tmpfs -o size={DISK_MIB}m tmpfs {DISK} \
         && cp {} {DISK}/ && exec \"$@\"",
        database.display()
    );
    launch.through = ["unshare", "--map-root-user", "--mount", "sh", "-c"]
        .map(str::to_owned)
        .into();
    launch.through.extend([script, "sh".to_owned()]);
    Ok((Server::alone(folder, launch).await?, people))
}

/// The path of the file that fills the disk. The disk is visible only through the server's process.
fn filler(server: &Server) -> Result<PathBuf> {
    let folder = server.folder().strip_prefix("/")?;
    let pid = server.nodes().first().context("a node")?.pid()?;
    let root = PathBuf::from(format!("/proc/{pid}/root"));
    Ok(root.join(folder).join(DISK).join("filler"))
}

fn fill(server: &Server) -> Result<()> {
    let mut file = std::fs::File::create(filler(server)?)?;
    let block = [0; 4096];
    while file.write_all(&block).is_ok() {}
    Ok(())
}

fn free(server: &Server) -> Result<()> {
    Ok(std::fs::remove_file(filler(server)?)?)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn full_disk_refuses_sends_and_keeps_what_was_answered() -> Result<()> {
    let (server, _) = on_small_disk(1).await?;
    let mut sender = Socket::bound(&server, ZHANG).await?;
    let first = sender.send_message(ZHANG.0, LI.0, "before").await?;
    fill(&server)?;
    // The rest of the WAL may have space for some messages.
    let long = "x".repeat(8000);
    let frame = |n: usize| {
        let data = json!({"senderUid": ZHANG.0, "recipientUid": LI.0, "content": long,
                          "clientMsgId": format!("full-{n}")});
        json!({"type": 3, "data": data})
    };
    let mut stored = 1;
    let refused = loop {
        sender.send(frame(stored)).await?;
        let answer = sender.next().await?;
        if answer["type"] == 7 {
            break answer;
        }
        stored += 1;
        anyhow::ensure!(stored < 10_000, "the disk does not fill");
    };
    assert_eq!(refused["data"]["code"], "unavailable");
    assert_eq!(refused["data"]["clientMsgId"], format!("full-{stored}"));
    let query = json!({"ownerUid": ZHANG.0, "otherUid": LI.0, "afterSeq": 0, "limit": 1});
    let page = sender.ask(2, query).await?;
    assert_eq!(page[0]["mid"], first["mid"]);

    free(&server)?;
    sender.send(frame(stored)).await?;
    let answer = sender.data(3).await?;
    assert_eq!(answer["seq"], stored + 1, "stored once, with the next seq");
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn writing_through_a_full_disk_loses_and_duplicates_nothing() -> Result<()> {
    let (server, people) = on_small_disk(6).await?;
    let mut crowd = Crowd::of(&server, people, 3, seed("disk full")).await?;
    for _ in 0..2 {
        write_for(&mut crowd, Duration::from_secs(1)).await?;
        fill(&server)?;
        write_for(&mut crowd, Duration::from_secs(3)).await?;
        free(&server)?;
    }
    settle_and_check(&server, crowd).await
}
