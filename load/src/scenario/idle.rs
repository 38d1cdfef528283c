//! Connections that send only heartbeats.

use super::{Member, Run};
use crate::login::{self, Login};
use crate::options::Common;
use crate::report::Report;
use crate::run_state::RunState;
use anyhow::Result;
use clap::Args;
use std::time::Duration;
use tokio_util::sync::CancellationToken;

/// How long the servers' memory is sampled before the first connection.
const BASELINE_TIME: Duration = Duration::from_secs(1);
/// The number of samples in that time.
const SAMPLES: u32 = 20;

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

/// Runs it. `bytes_each` is the growth of the servers' memory per connection.
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
    let mut run = Run::new(common, stop, logins.len(), RunState::new(0, 1))?;
    let before = baseline_memory(&run).await;
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
        report.figures.insert("bytes_each".into(), each);
    }
    Ok(run.finish(report).await)
}

/// The servers' memory before the first connection, in bytes: the minimum over a second, as a
/// server that has just started may still hold memory of its start-up.
async fn baseline_memory(run: &Run<'_>) -> u64 {
    let mut least = run.progress.memory();
    for _ in 0..SAMPLES {
        run.pass(BASELINE_TIME / SAMPLES).await;
        least = least.min(run.progress.memory());
    }
    least
}
