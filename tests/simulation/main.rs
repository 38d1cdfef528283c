//! Simulation of delivery: thousands of scenarios in virtual time, and proof that the checks detect
//! broken promises.

mod coverage;

use tidings_tests::simulation::{Variant, digest, run};

/// The number of scenarios; `soak` runs ten times as many, `cargo xtask simulate` any number.
const SCENARIOS: u64 = 2_000;

#[test]
fn every_promise_holds_under_simulated_faults() {
    let report = run(0..SCENARIOS, None);
    println!("{report}");
    if let Some(failure) = report.failure {
        panic!("\n{failure}");
    }
    coverage::assert_exercised(&report);
}

#[test]
fn same_seed_gives_the_same_run() {
    for seed in 0..200 {
        assert_eq!(digest(seed), digest(seed), "seed {seed}");
    }
    assert_ne!(digest(1), digest(2));
}

/// The mistake is detected in one of the first `seeds` scenarios.
fn is_detected(variant: Variant, seeds: u64) {
    let report = run(0..seeds, Some(variant));
    let Some(failure) = report.failure else {
        panic!("{variant:?} is not noticed in {seeds} scenarios");
    };
    println!(
        "{variant:?} in scenario {}: {}",
        failure.seed, failure.promise
    );
}

#[test]
fn ignored_acks_are_detected() {
    is_detected(Variant::AcksIgnored, 100);
}

#[test]
fn shown_duplicates_are_detected() {
    is_detected(Variant::DedupeOff, 100);
}

#[test]
fn unfetched_gaps_are_detected() {
    is_detected(Variant::GapNotFetched, 200);
}

#[test]
fn outbox_cleared_by_a_reconnect_is_detected() {
    is_detected(Variant::OutboxCleared, 100);
}

#[test]
fn seqs_reused_after_a_crash_are_detected() {
    is_detected(Variant::SeqReused, 500);
}

#[test]
fn answer_before_the_commit_is_detected() {
    is_detected(Variant::AnswerBeforeCommit, 100);
}

#[test]
fn bind_that_reads_before_subscribing_is_detected() {
    is_detected(Variant::SubscribeLate, 10_000);
}

#[test]
fn delivery_cursor_advanced_at_push_is_detected() {
    is_detected(Variant::DeliveredAtPush, 100);
}

#[test]
fn resend_under_a_new_id_is_detected() {
    is_detected(Variant::NewIdOnResend, 500);
}

#[test]
fn resync_not_passed_to_the_feed_is_detected() {
    is_detected(Variant::GapIgnored, 500);
}

#[test]
fn group_joined_before_its_user_is_added_is_detected() {
    is_detected(Variant::GroupLeak, 500);
}

#[test]
fn restart_without_a_resync_is_detected() {
    is_detected(Variant::SilentRestart, 2_000);
}

#[test]
fn commit_in_doubt_without_a_resync_is_detected() {
    is_detected(Variant::SilentDoubt, 2_000);
}

#[test]
fn resync_sent_only_to_the_cut_off_node_is_detected() {
    is_detected(Variant::LonelyGap, 2_000);
}
