//! Pairs of users: one sends, the other receives.

use super::{Member, Run};
use crate::login::{self, Login};
use crate::options::Common;
use crate::report::Report;
use crate::run_state::{Phase, RunState};
use crate::sender::{Pace, Plan, Sender};
use crate::wire::Recipient;
use anyhow::{Result, ensure};
use clap::Args;
use std::time::{Duration, Instant};
use tokio_util::sync::CancellationToken;

/// In each pair one user writes to the other, at a rate or flat out
#[derive(Debug, Clone, Args)]
pub struct Pairs {
    /// Pairs: twice as many users and connections
    #[arg(long, value_name = "N", default_value_t = 50)]
    pub pairs: u32,
    /// Messages a second, of all pairs together, on a schedule that does not wait for answers;
    /// latencies count from when a message was due. Without it: flat out
    #[arg(long, value_name = "N")]
    pub rate: Option<f64>,
    /// Flat out: messages of a sender that wait for their answer at once
    #[arg(long, value_name = "K", default_value_t = 16, value_parser = clap::value_parser!(u16).range(1..=1024))]
    pub in_flight: u16,
    /// Bytes of a message's content, at least; some 40 are needed
    #[arg(long, value_name = "BYTES", default_value_t = 64, value_parser = clap::value_parser!(u16).range(0..=8192))]
    pub size: u16,
    /// How long to measure, in s
    #[arg(long, value_name = "S", default_value_t = 10)]
    pub seconds: u64,
    /// How long to send before measuring, in s
    #[arg(long, value_name = "S", default_value_t = 2)]
    pub warm_up_s: u64,
}

impl Pairs {
    /// The pace of a sender; the offsets distribute the senders evenly over time.
    fn pace(&self, sender: u32) -> Pace {
        let Some(rate) = self.rate else {
            let in_flight = usize::from(self.in_flight);
            return Pace::Flat { in_flight };
        };
        Pace::Rate {
            period: Duration::from_secs_f64(f64::from(self.pairs) / rate),
            offset: Duration::from_secs_f64(f64::from(sender) / rate),
        }
    }
}

/// Connects the pairs and starts the senders; the caller measures and finishes.
pub(super) async fn start<'a>(
    common: &'a Common,
    logins: &[Login],
    options: &Pairs,
    stop: &'a CancellationToken,
) -> Result<Run<'a>> {
    ensure!(
        options
            .rate
            .is_none_or(|rate| rate.is_finite() && rate > 0.0),
        "--rate is greater than zero"
    );
    let logins = login::first(logins, 2 * options.pairs as usize)?;
    let state = RunState::new(options.pairs, 1);
    let mut run = Run::new(common, stop, logins.len(), state)?;
    let mut members = Vec::with_capacity(logins.len());
    for (index, pair) in (0..options.pairs).zip(logins.chunks_exact(2)) {
        let plan = Plan {
            to: vec![Recipient::User(pair[1].uid)],
            size: usize::from(options.size),
            pace: options.pace(index),
            limit: None,
        };
        members.push(Member {
            login: &pair[0],
            node: 0,
            sender: Some(Sender::new(index, pair[0].uid, plan)),
        });
        members.push(Member {
            login: &pair[1],
            node: 1,
            sender: None,
        });
    }
    run.connect(members).await?;
    run.state.set_phase(Phase::Sending(Instant::now()));
    Ok(run)
}

/// Runs it.
///
/// # Errors
/// When connections cannot be opened.
pub async fn run(
    common: &Common,
    logins: &[Login],
    options: &Pairs,
    stop: &CancellationToken,
) -> Result<Report> {
    let run = start(common, logins, options, stop).await?;
    run.pass(Duration::from_secs(options.warm_up_s)).await;
    let time = run.pass(Duration::from_secs(options.seconds));
    let name = match options.rate {
        Some(rate) => format!("pairs at {rate:.0}/s"),
        None => "pairs flat out".into(),
    };
    let report = run.measure(&name, time).await;
    Ok(run.finish(report).await)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn senders_split_the_rate_with_even_offsets() {
        let options = Pairs {
            pairs: 4,
            rate: Some(100.0),
            in_flight: 1,
            size: 0,
            seconds: 0,
            warm_up_s: 0,
        };
        let ms = Duration::from_millis;
        for (sender, offset) in [(0, 0), (1, 10), (3, 30)] {
            let pace = Pace::Rate {
                period: ms(40),
                offset: ms(offset),
            };
            assert_eq!(options.pace(sender), pace);
        }
    }
}
