//! Runs scenarios of the delivery simulator: `cargo xtask simulate` calls it.
//!
//! `--seeds N` runs N scenarios, from `--seed S` or 0 on; `--seed S` alone runs that one and prints
//! its trace; `--variant NAME` makes a deliberate mistake.

use std::env;
use std::process::ExitCode;
use tidings_tests::simulation::{Variant, print, run};

/// The default number of scenarios.
const SEEDS: u64 = 100_000;

#[derive(Default)]
struct Options {
    seeds: Option<u64>,
    seed: Option<u64>,
    variant: Option<Variant>,
}

impl Options {
    fn parse(mut arguments: impl Iterator<Item = String>) -> Option<Self> {
        let mut options = Self::default();
        while let Some(name) = arguments.next() {
            let value = arguments.next()?;
            match name.as_str() {
                "--seeds" => options.seeds = Some(value.parse().ok()?),
                "--seed" => options.seed = Some(value.parse().ok()?),
                "--variant" => options.variant = Some(Variant::named(&value)?),
                _ => return None,
            }
        }
        Some(options)
    }
}

fn main() -> ExitCode {
    let Some(options) = Options::parse(env::args().skip(1)) else {
        eprintln!("usage: simulate [--seeds N] [--seed S] [--variant NAME], where NAME is one of");
        for variant in Variant::ALL {
            eprintln!("    {variant:?}");
        }
        return ExitCode::FAILURE;
    };
    let failure = match (options.seed, options.seeds) {
        (Some(seed), None) => {
            let (totals, failure) = print(seed, options.variant);
            println!("{totals}");
            failure
        }
        (seed, seeds) => {
            let first = seed.unwrap_or(0);
            let last = first.saturating_add(seeds.unwrap_or(SEEDS));
            let report = run(first..last, options.variant);
            println!("{report}");
            report.failure
        }
    };
    match failure {
        Some(failure) => {
            eprintln!("{failure}");
            ExitCode::FAILURE
        }
        None => ExitCode::SUCCESS,
    }
}
