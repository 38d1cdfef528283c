//! `simulate`: the delivery simulator of the tests, for as long as one likes.

use anyhow::Result;

use crate::command::run;
use crate::workspace::Workspace;

/// What to simulate.
#[derive(Debug, clap::Args)]
pub(crate) struct Options {
    /// How many scenarios [default: 100000, unless --seed is given].
    #[arg(long)]
    seeds: Option<u64>,
    /// The scenario, or the first of many [default: 0].
    #[arg(long)]
    seed: Option<u64>,
    /// A deliberate mistake to make, by its name; to see the checks fail.
    #[arg(long)]
    variant: Option<String>,
}

/// Runs the simulator in the profile of the tests, which optimises it and keeps the checks of
/// overflow: a release profile would build all that the tests depend on once more.
pub(crate) fn simulate(workspace: &Workspace, options: &Options) -> Result<()> {
    let mut command = workspace.cargo();
    command.args(["run", "--quiet", "--package", "tidings-tests"]);
    command.args(["--bin", "simulate", "--"]);
    command.args(arguments(options));
    run(&mut command, "see the promise that was broken above")
}

fn arguments(options: &Options) -> Vec<String> {
    let seeds = options.seeds.map(|n| ["--seeds".into(), n.to_string()]);
    let seed = options.seed.map(|n| ["--seed".into(), n.to_string()]);
    let variant = options.variant.clone();
    let variant = variant.map(|name| ["--variant".into(), name]);
    [seeds, seed, variant]
        .into_iter()
        .flatten()
        .flatten()
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_asked_for_is_passed_on() {
        let options = |seeds, seed| Options {
            seeds,
            seed,
            variant: None,
        };
        assert_eq!(arguments(&options(None, None)), [""; 0]);
        assert_eq!(arguments(&options(None, Some(7))), ["--seed", "7"]);
        assert_eq!(
            arguments(&options(Some(9), Some(7))),
            ["--seeds", "9", "--seed", "7"]
        );
    }
}
