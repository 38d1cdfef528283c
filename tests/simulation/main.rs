//! Delivery, simulated: thousands of scenarios in virtual time, and proof that the checks would notice
//! if a promise did not hold.

mod least;

use tidings_tests::simulation::{Variant, digest, run};

/// Scenarios here; `soak` has ten times as many, and `cargo xtask simulate` as many as one likes.
const SCENARIOS: u64 = 2_000;

#[test]
fn every_promise_holds_whatever_networks_processes_stores_and_buses_do() {
    let report = run(0..SCENARIOS, None);
    println!("{report}");
    if let Some(failure) = report.failure {
        panic!("\n{failure}");
    }
    least::assert_exercised(&report);
}

#[test]
fn a_seed_makes_the_same_run_again() {
    for seed in 0..200 {
        assert_eq!(digest(seed), digest(seed), "seed {seed}");
    }
    assert_ne!(digest(1), digest(2));
}

/// The mistake is noticed in one of the first `seeds` scenarios.
fn is_caught(variant: Variant, seeds: u64) {
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
fn acks_that_are_ignored_are_noticed() {
    is_caught(Variant::AcksIgnored, 100);
}

#[test]
fn repeats_that_are_shown_are_noticed() {
    is_caught(Variant::DedupeOff, 100);
}

#[test]
fn gaps_that_are_not_fetched_are_noticed() {
    is_caught(Variant::GapNotFetched, 200);
}

#[test]
fn an_outbox_cleared_by_a_reconnect_is_noticed() {
    is_caught(Variant::OutboxCleared, 100);
}

#[test]
fn places_given_again_after_a_crash_are_noticed() {
    is_caught(Variant::SeqReused, 500);
}

#[test]
fn an_answer_before_the_commit_is_noticed() {
    is_caught(Variant::AnswerBeforeCommit, 100);
}

#[test]
fn a_bind_that_reads_before_it_subscribes_is_noticed() {
    is_caught(Variant::SubscribeLate, 10_000);
}

#[test]
fn positions_that_move_with_the_push_are_noticed() {
    is_caught(Variant::DeliveredAtPush, 100);
}

#[test]
fn a_resend_under_a_new_id_is_noticed() {
    is_caught(Variant::NewIdOnResend, 500);
}

#[test]
fn a_gap_that_a_feed_is_not_told_of_is_noticed() {
    is_caught(Variant::GapIgnored, 500);
}

#[test]
fn a_node_that_comes_back_without_a_word_is_noticed() {
    is_caught(Variant::SilentRestart, 2_000);
}

#[test]
fn a_commit_in_doubt_without_a_hint_is_noticed() {
    is_caught(Variant::SilentDoubt, 2_000);
}

#[test]
fn a_gap_told_only_to_the_node_that_was_cut_off_is_noticed() {
    is_caught(Variant::LonelyGap, 2_000);
}
