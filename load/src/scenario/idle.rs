//! Connections that do nothing but beat.

use super::{Member, Run};
use crate::board::Board;
use crate::login::{self, Login};
use crate::options::Common;
use crate::report::Report;
use anyhow::Result;
use clap::Args;
use std::time::Duration;
use tokio_util::sync::CancellationToken;

/// Open connections, bind them, and keep them with heartbeats
#[derive(Debug, Clone, Args)]
pub struct Idle {
    /// Connections, each of a user of its own
    #[arg(long, value_name = "N", default_value_t = 1000)]
    pub connections: usize,
    /// How long to keep them, in s, once all are bound
    #[arg(long, value_name = "S", default_value_t = 60)]
    pub seconds: u64,
    /// How long to wait before measuring, in s, once all are bound
    #[arg(long, value_name = "S", default_value_t = 2)]
    pub warm_up_s: u64,
}

/// Runs it. `server_bytes_each` is how much the servers' memory grew, a connection.
///
/// # Errors
/// When connections cannot be opened.
pub async fn run(
    common: &Common,
    logins: &[Login],
    options: &Idle,
    stop: &CancellationToken,
) -> Result<Report> {
    let logins = login::first(logins, options.connections)?;
    let mut run = Run::new(common, stop, logins.len(), Board::new(0, 1))?;
    let before = run.progress.memory();
    let members = logins.iter().enumerate().map(|(node, login)| Member {
        login,
        node,
        sender: None,
    });
    run.connect(members.collect()).await?;
    run.pass(Duration::from_secs(options.warm_up_s)).await;
    let time = run.pass(Duration::from_secs(options.seconds));
    let mut report = run.measure("idle", time).await;
    let grown = run.progress.memory().saturating_sub(before);
    #[expect(clippy::cast_precision_loss, reason = "bytes far below 2^52")]
    let each = grown as f64 / options.connections.max(1) as f64;
    if !common.server_pids.is_empty() {
        report.figures.insert("server_bytes_each".into(), each);
    }
    Ok(run.finish(report).await)
}
