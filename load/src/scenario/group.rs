//! One user writes to a group whose members are all connected.

use super::{Member, Run};
use crate::login::{self, Login};
use crate::options::Common;
use crate::report::Report;
use crate::run_state::{Phase, RunState};
use crate::sender::{Pace, Plan, Sender};
use crate::wire::Recipient;
use anyhow::Result;
use clap::Args;
use std::time::{Duration, Instant};
use tokio_util::sync::CancellationToken;

/// One user writes to a group and all its other members are pushed to; the first user of the file
/// writes
#[derive(Debug, Clone, Args)]
pub struct Group {
    /// The group's id; the users of the file are its members
    #[arg(long, value_name = "ID")]
    pub group: i64,
    /// Members, with the writer [default: all of the file]
    #[arg(long, value_name = "N")]
    pub members: Option<usize>,
    /// Messages
    #[arg(long, value_name = "N", default_value_t = 20)]
    pub messages: u32,
    /// From one message to the next, in ms; 0: all in one burst
    #[arg(long, value_name = "MS", default_value_t = 1000)]
    pub every_ms: u64,
    /// Bytes of a message's content, at least
    #[arg(long, value_name = "BYTES", default_value_t = 64, value_parser = clap::value_parser!(u16).range(0..=8192))]
    pub size: u16,
}

/// Runs it. `reached_ms` is from each message's answer to the last member's push.
///
/// # Errors
/// When connections cannot be opened.
pub async fn run(
    common: &Common,
    logins: &[Login],
    options: &Group,
    stop: &CancellationToken,
) -> Result<Report> {
    let logins = login::first(logins, options.members.unwrap_or(logins.len()))?;
    anyhow::ensure!(logins.len() >= 2, "a group has at least two members");
    let readers = u32::try_from(logins.len() - 1)?;
    let mut run = Run::new(common, stop, logins.len(), RunState::new(1, readers))?;
    let messages = u64::from(options.messages);
    let pace = if options.every_ms == 0 {
        let in_flight = usize::try_from(options.messages)?.max(1);
        Pace::Flat { in_flight }
    } else {
        Pace::Rate {
            period: Duration::from_millis(options.every_ms),
            offset: Duration::ZERO,
        }
    };
    let plan = Plan {
        to: vec![Recipient::Group(options.group)],
        size: usize::from(options.size),
        pace,
        limit: Some(messages),
    };
    let mut sender = Some(Sender::new(0, logins[0].uid, plan));
    let members = logins.iter().enumerate().map(|(node, login)| Member {
        login,
        node,
        sender: sender.take(),
    });
    run.connect(members.collect()).await?;
    // Undelivered messages of earlier runs are pushed right after the bind.
    drain_foreign_pushes(&run).await;
    let name = if options.every_ms == 0 {
        "group, a burst"
    } else {
        "group, one by one"
    };
    let limit = common.wait_limit() + Duration::from_millis(options.every_ms) * options.messages;
    let sending = async {
        run.state.set_phase(Phase::Sending(Instant::now()));
        let all = || {
            run.state.tally().sent >= messages && {
                let outstanding = run.state.outstanding();
                outstanding.missing == 0 && outstanding.unanswered == 0
            }
        };
        run.until(limit, all).await;
    };
    let report = run.measure(name, sending).await;
    Ok(run.finish(report).await)
}

/// Waits until no push of another run arrives for half a second.
async fn drain_foreign_pushes(run: &Run<'_>) {
    let mut foreign = None;
    loop {
        let now = Some(run.state.tally().foreign);
        if now == foreign {
            return;
        }
        foreign = now;
        run.pass(Duration::from_millis(500)).await;
    }
}
