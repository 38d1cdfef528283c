//! The simulation, with ten times as many scenarios as in `simulation`.

#[path = "../simulation/coverage.rs"]
mod coverage;

use tidings_tests::simulation::run;

const SCENARIOS: u64 = 20_000;

#[test]
fn every_promise_holds_in_20_000_scenarios() {
    let report = run(0..SCENARIOS, None);
    println!("{report}");
    if let Some(failure) = report.failure {
        panic!("\n{failure}");
    }
    coverage::assert_exercised(&report);
}
