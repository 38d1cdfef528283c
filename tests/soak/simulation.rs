//! The simulation, ten times as long as in `simulation`.

#[path = "../simulation/least.rs"]
mod least;

use tidings_tests::simulation::run;

const SCENARIOS: u64 = 20_000;

#[test]
fn every_promise_holds_in_twenty_thousand_scenarios() {
    let report = run(0..SCENARIOS, None);
    println!("{report}");
    if let Some(failure) = report.failure {
        panic!("\n{failure}");
    }
    least::assert_exercised(&report);
}
