//! Many runs, in parallel on all cores.

use super::report::{Failure, Totals};
use super::trace::TraceMode;
use super::variant::Variant;
use super::world::World;
use std::fmt;
use std::num::NonZero;
use std::ops::Range;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

/// The result of many runs.
#[derive(Debug)]
pub struct Report {
    /// The number of runs.
    pub runs: u64,
    /// Counts of what they exercised.
    pub totals: Totals,
    /// The wall-clock time.
    pub took: Duration,
    /// The failure with the smallest seed, of those found before the other threads stopped.
    pub failure: Option<Failure>,
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (runs, took, pace) = (self.runs, self.took.as_secs_f64(), self.pace());
        write!(f, "{}", self.totals)?;
        writeln!(f, "{runs} scenarios in {took:.1} s, {pace:.0} a second")
    }
}

impl Report {
    /// Runs a second.
    pub fn pace(&self) -> f64 {
        let runs = u32::try_from(self.runs).unwrap_or(u32::MAX);
        f64::from(runs) / self.took.as_secs_f64().max(f64::EPSILON)
    }
}

/// Runs every seed, on as many threads as there are cores, until one fails.
pub fn run(seeds: Range<u64>, variant: Option<Variant>) -> Report {
    let started = Instant::now();
    let next = AtomicU64::new(seeds.start);
    let sum = Mutex::new((0, Totals::default(), None::<Failure>));
    let cores = thread::available_parallelism().map_or(1, NonZero::get);
    thread::scope(|scope| {
        for _ in 0..cores {
            scope.spawn(|| {
                let (mut runs, mut totals) = (0, Totals::default());
                let mut failure = None;
                while failure.is_none() {
                    let seed = next.fetch_add(1, Ordering::Relaxed);
                    if seed >= seeds.end {
                        break;
                    }
                    let (of_run, failed) = one(seed, variant, TraceMode::Off);
                    runs += 1;
                    totals.merge(&of_run);
                    failure = failed;
                }
                if failure.is_some() {
                    next.store(seeds.end, Ordering::Relaxed);
                }
                let mut sum = sum.lock().unwrap_or_else(PoisonError::into_inner);
                sum.0 += runs;
                sum.1.merge(&totals);
                let earlier = sum.2.take();
                sum.2 = failure
                    .into_iter()
                    .chain(earlier)
                    .min_by_key(|failure| failure.seed);
            });
        }
    });
    let (runs, totals, failure) = sum.into_inner().unwrap_or_else(PoisonError::into_inner);
    let took = started.elapsed();
    // The run is repeated with its trace.
    let failure = failure.map(|failure| {
        one(failure.seed, variant, TraceMode::Kept)
            .1
            .unwrap_or(failure)
    });
    Report {
        runs,
        totals,
        took,
        failure,
    }
}

/// Runs one seed and prints all that happens.
pub fn print(seed: u64, variant: Option<Variant>) -> (Totals, Option<Failure>) {
    one(seed, variant, TraceMode::Printed)
}

/// A fingerprint of everything that happens in a run, in order.
pub fn digest(seed: u64) -> u64 {
    World::new(seed, None, TraceMode::Off).run().digest
}

/// Runs one seed. A panic of a state machine counts as a failure.
fn one(seed: u64, variant: Option<Variant>, mode: TraceMode) -> (Totals, Option<Failure>) {
    let run = || World::new(seed, variant, mode).run();
    if let Ok(outcome) = catch_unwind(AssertUnwindSafe(run)) {
        return (outcome.totals, outcome.failure);
    }
    let failure = Failure {
        seed,
        variant,
        promise: "it panicked; see above".to_owned(),
        trace: Vec::new(),
    };
    (Totals::default(), Some(failure))
}
