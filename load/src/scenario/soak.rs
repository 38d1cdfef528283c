//! Pairs at a rate for hours.

use super::pairs::{self, Pairs};
use crate::login::Login;
use crate::options::Common;
use crate::report::Report;
use anyhow::Result;
use clap::Args;
use std::time::{Duration, Instant};
use tokio_util::sync::CancellationToken;

/// Samples of the servers' memory over the run.
const SAMPLES: u32 = 100;

/// Pairs at a rate for hours, with a check that the servers' memory does not grow
#[derive(Debug, Clone, Args)]
pub struct Soak {
    /// Pairs: twice as many users and connections
    #[arg(long, value_name = "N", default_value_t = 100)]
    pub pairs: u32,
    /// Messages a second, of all pairs together
    #[arg(long, value_name = "N", default_value_t = 500.0)]
    pub rate: f64,
    /// Bytes of a message's content, at least
    #[arg(long, value_name = "BYTES", default_value_t = 64, value_parser = clap::value_parser!(u16).range(0..=8192))]
    pub size: u16,
    /// How long, in minutes
    #[arg(long, value_name = "MIN", default_value_t = 240)]
    pub minutes: u64,
}

/// Runs it. `growth_mib_per_hour` is the slope of the servers' memory after the first tenth.
///
/// # Errors
/// When connections cannot be opened.
pub async fn run(
    common: &Common,
    logins: &[Login],
    options: &Soak,
    stop: &CancellationToken,
) -> Result<Report> {
    let pairs = Pairs {
        pairs: options.pairs,
        rate: Some(options.rate),
        in_flight: 1,
        size: options.size,
        seconds: 0,
        warm_up_s: 0,
    };
    let run = pairs::start(common, logins, &pairs, stop).await?;
    let begin = Instant::now();
    let between = Duration::from_mins(options.minutes) / SAMPLES;
    let mut samples = Vec::new();
    let time = async {
        for sample in 0..SAMPLES {
            run.pass(between).await;
            if stop.is_cancelled() {
                break;
            }
            if sample >= SAMPLES / 10 {
                samples.push((begin.elapsed(), run.progress.memory()));
            }
        }
    };
    let mut report = run.measure("soak", time).await;
    if let Some(slope) = slope(&samples)
        && !common.server_pids.is_empty()
    {
        report.figures.insert("growth_mib_per_hour".into(), slope);
    }
    Ok(run.finish(report).await)
}

/// The slope in MiB per hour, by least squares; `None` for fewer than two samples.
#[expect(clippy::cast_precision_loss, reason = "bytes far below 2^52")]
fn slope(samples: &[(Duration, u64)]) -> Option<f64> {
    let count = samples.len() as f64;
    let points = || {
        samples.iter().map(|(time, bytes)| {
            let mib = *bytes as f64 / f64::from(1 << 20);
            (time.as_secs_f64() / 3600.0, mib)
        })
    };
    let mean_x = points().map(|(x, _)| x).sum::<f64>() / count;
    let mean_y = points().map(|(_, y)| y).sum::<f64>() / count;
    let variance: f64 = points().map(|(x, _)| (x - mean_x).powi(2)).sum();
    let covariance: f64 = points().map(|(x, y)| (x - mean_x) * (y - mean_y)).sum();
    (variance > 0.0).then(|| covariance / variance)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn growth_is_in_mib_per_hour() {
        let steady = [
            (Duration::from_secs(0), 5 << 20),
            (Duration::from_mins(1), 5 << 20),
        ];
        assert_eq!(slope(&steady), Some(0.0));
        let growing: Vec<(Duration, u64)> = (0..10)
            .map(|minute| (Duration::from_secs(60 * minute), (100 + minute) << 20))
            .collect();
        let growth = slope(&growing).expect("samples");
        assert!((growth - 60.0).abs() < 0.001, "{growth}");
        assert_eq!(slope(&growing[..1]), None);
    }
}
