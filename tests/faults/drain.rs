//! One node of two drains under load: its clients move to the other, and nothing is lost.

use crate::crowd::Crowd;
use crate::process::seed;
use crate::traffic::{FLAGS, settle_and_check, write_for};
use anyhow::Result;
use std::time::Duration;
use tidings_shared::close::CloseCode;
use tidings_shared::link::Cause;
use tidings_tests::server::Server;

const PEOPLE: usize = 10;
const DEVICES_EACH: usize = 5;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs Postgres and Redis: cargo xtask test"]
async fn node_drained_under_load_answers_closes_and_exits_cleanly() -> Result<()> {
    let flags = [&FLAGS[..], &["--drain-ms", "3000"]].concat();
    let mut server = Server::fleet(&flags).await?;
    let mut crowd = Crowd::new(&server, PEOPLE, DEVICES_EACH, seed("drain")).await?;
    write_for(&mut crowd, Duration::from_secs(1)).await?;
    let node = &mut server.parts()?.nodes[0];
    let (status, ()) = tokio::try_join!(
        node.terminate(),
        write_for(&mut crowd, Duration::from_secs(5))
    )?;
    assert!(status.success(), "{status}");
    let going_away = Cause::Closed(CloseCode::GoingAway.code());
    let moved = crowd
        .clients
        .iter()
        .filter(|client| client.status().last_cause == Some(going_away))
        .count();
    println!("{moved} devices were told to go");
    assert!(moved > 0);
    server.parts()?.nodes[0].restart().await?;
    settle_and_check(&server, crowd).await
}
