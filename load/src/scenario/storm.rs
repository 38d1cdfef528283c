//! Everybody is cut off at once and comes back.

use super::{Member, Run};
use crate::board::{Board, Phase};
use crate::login::{self, Login};
use crate::options::Common;
use crate::report::Report;
use crate::sender::{Pace, Plan, Sender};
use crate::user::User;
use crate::wire::Recipient;
use anyhow::Result;
use clap::Args;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio_util::sync::CancellationToken;

/// Messages of the writer that wait for their answer at once.
const IN_FLIGHT: usize = 64;

/// Connections that are all cut off at once, come back with the protocol's backoff, and get what
/// was written to them meanwhile; needs one user more, who writes
#[derive(Debug, Clone, Args)]
pub struct Storm {
    /// Connections that are cut off, each of a user of its own
    #[arg(long, value_name = "N", default_value_t = 1000)]
    pub connections: usize,
    /// How long they are connected before, in s
    #[arg(long, value_name = "S", default_value_t = 2)]
    pub steady_s: u64,
    /// Write nothing to them while they are away: in step means bound
    #[arg(long)]
    pub no_messages: bool,
}

/// Runs it. `in_step_s` is from the cut until all are bound again and have the message that was
/// written to each after it; `all_bound_s` until all were bound.
///
/// # Errors
/// When connections cannot be opened.
pub async fn run(
    common: &Common,
    logins: &[Login],
    options: &Storm,
    stop: &CancellationToken,
) -> Result<Report> {
    let all = login::first(logins, options.connections + 1)?;
    let (writer, crowd) = (&all[0], &all[1..]);
    let mut run = Run::new(common, stop, all.len(), Board::new(1, 1))?;
    let members = crowd.iter().enumerate().map(|(node, login)| Member {
        login,
        node,
        sender: None,
    });
    run.connect(members.collect()).await?;
    run.pass(Duration::from_secs(options.steady_s)).await;

    let mut in_step = (None, None);
    let storm = async {
        let cut = Instant::now();
        run.board.measure(true);
        run.board.go(Phase::Cut(cut));
        let writing = (!options.no_messages && !crowd.is_empty())
            .then(|| tokio::spawn(writer_of(&run, writer, crowd).run()));
        // The cut itself takes a moment.
        run.until(common.patience(), || run.board.cut() >= crowd.len())
            .await;
        run.board.go(Phase::Sending(cut));
        let wanted = crowd.len() + usize::from(writing.is_some());
        if run
            .until(common.patience(), || run.board.bound() >= wanted)
            .await
        {
            in_step.0 = Some(cut.elapsed());
        }
        let messages = if writing.is_some() {
            crowd.len() as u64
        } else {
            0
        };
        let got = || {
            let (tally, open) = (run.board.tally().answered, run.board.open());
            tally >= messages && open.missing == 0 && open.unanswered == 0
        };
        let left = common.patience().saturating_sub(cut.elapsed());
        if run.until(left, got).await && in_step.0.is_some() {
            in_step.1 = Some(cut.elapsed());
        }
    };
    let mut report = run.measure("storm", storm).await;
    for (name, time) in [("all_bound_s", in_step.0), ("in_step_s", in_step.1)] {
        if let Some(time) = time {
            report.figures.insert(name.into(), time.as_secs_f64());
        }
    }
    Ok(run.finish(report).await)
}

/// One who was not cut off and writes a message to each of the others.
fn writer_of(run: &Run<'_>, writer: &Login, crowd: &[Login]) -> User {
    let plan = Plan {
        to: crowd
            .iter()
            .map(|login| Recipient::User(login.uid))
            .collect(),
        size: 64,
        pace: Pace::Flat {
            in_flight: IN_FLIGHT,
        },
        limit: Some(crowd.len() as u64),
    };
    let sender = Sender::new(0, writer.uid, plan);
    let route = run.route(crowd.len(), 0);
    User::new(
        Arc::clone(&run.board),
        route,
        writer.clone(),
        Some(sender),
        None,
    )
}
