//! All connections are cut at once and reconnect.

use super::{Member, Run};
use crate::login::{self, Login};
use crate::options::Common;
use crate::report::Report;
use crate::run_state::{Phase, RunState};
use crate::sender::{Pace, Plan, Sender};
use crate::user::User;
use crate::wire::Recipient;
use anyhow::Result;
use clap::Args;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio_util::sync::CancellationToken;

/// Messages of the writer in flight.
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

/// Runs it. `all_bound_s` is from the cut until all are bound again; `in_step_s` until each also
/// has the message that was sent to it after the cut.
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
    let (writer, receivers) = (&all[0], &all[1..]);
    let mut run = Run::new(common, stop, all.len(), RunState::new(1, 1))?;
    let members = receivers.iter().enumerate().map(|(node, login)| Member {
        login,
        node,
        sender: None,
    });
    run.connect(members.collect()).await?;
    run.pass(Duration::from_secs(options.steady_s)).await;

    let mut recovered = (None, None);
    let storm = async {
        let cut = Instant::now();
        run.state.measure(true);
        run.state.set_phase(Phase::Cut(cut));
        let writing = (!options.no_messages && !receivers.is_empty())
            .then(|| tokio::spawn(writer_of(&run, writer, receivers).run()));
        // Wait until all connections are closed.
        run.until(common.wait_limit(), || run.state.cut() >= receivers.len())
            .await;
        run.state.set_phase(Phase::Sending(cut));
        let wanted = receivers.len() + usize::from(writing.is_some());
        if run
            .until(common.wait_limit(), || run.state.bound() >= wanted)
            .await
        {
            recovered.0 = Some(cut.elapsed());
        }
        let messages = if writing.is_some() {
            receivers.len() as u64
        } else {
            0
        };
        let all_received = || {
            let (tally, outstanding) = (run.state.tally().answered, run.state.outstanding());
            tally >= messages && outstanding.missing == 0 && outstanding.unanswered == 0
        };
        let left = common.wait_limit().saturating_sub(cut.elapsed());
        if run.until(left, all_received).await && recovered.0.is_some() {
            recovered.1 = Some(cut.elapsed());
        }
    };
    let mut report = run.measure("storm", storm).await;
    for (name, time) in [("all_bound_s", recovered.0), ("in_step_s", recovered.1)] {
        if let Some(time) = time {
            report.figures.insert(name.into(), time.as_secs_f64());
        }
    }
    Ok(run.finish(report).await)
}

/// A user who connects after the cut and sends a message to each of the others.
fn writer_of(run: &Run<'_>, writer: &Login, receivers: &[Login]) -> User {
    let plan = Plan {
        to: receivers
            .iter()
            .map(|login| Recipient::User(login.uid))
            .collect(),
        size: 64,
        pace: Pace::Flat {
            in_flight: IN_FLIGHT,
        },
        limit: Some(receivers.len() as u64),
    };
    let sender = Sender::new(0, writer.uid, plan);
    let route = run.route(receivers.len(), 0);
    User::new(
        Arc::clone(&run.state),
        route,
        writer.clone(),
        Some(sender),
        None,
    )
}
