use super::*;
use crate::limits::HEARTBEAT_START;

const BOUNDS: Bounds = Bounds {
    min: Duration::from_secs(15),
    max: Duration::from_mins(4),
};
/// How long a client waits for an answer before it counts a heartbeat as failed.
const ANSWER: Duration = Duration::from_secs(10);

fn seconds(n: u64) -> Duration {
    Duration::from_secs(n)
}

/// The result of [`run`].
struct Run {
    policy: Policy,
    heartbeats: u32,
    failures: u32,
    /// When the interval last changed, from the start.
    settled_at: Duration,
    longest_detection: Duration,
}

/// Simulates a quiet connection for `span` behind a NAT that drops it after `limit`.
fn run(limit: Duration, span: Duration) -> Run {
    let mut run = Run {
        policy: Policy::new(BOUNDS, HEARTBEAT_START),
        heartbeats: 0,
        failures: 0,
        settled_at: Duration::ZERO,
        longest_detection: Duration::ZERO,
    };
    let mut now = Duration::ZERO;
    while now < span {
        let interval = run.policy.interval();
        now += interval;
        run.heartbeats += 1;
        if interval < limit {
            run.policy.handle_success(BOUNDS, interval);
        } else {
            now += ANSWER;
            run.failures += 1;
            // The connection was dead from `limit` on.
            run.longest_detection = run
                .longest_detection
                .max((interval + ANSWER).saturating_sub(limit));
            run.policy.handle_failure(BOUNDS, interval);
        }
        if run.policy.interval() != interval {
            run.settled_at = now;
        }
    }
    run
}

#[test]
fn the_interval_converges_just_below_the_network_limit() {
    let day = seconds(24 * 3600);
    println!(
        "| network forgets after | interval found | heartbeats a day | of a fixed 45 s | failed tries in a day | longest unnoticed |"
    );
    println!("|---|---|---|---|---|---|");
    for limit in [30, 45, 60, 75, 90, 120, 180, 240, 300, 600, 900, 1800].map(seconds) {
        let day = run(limit, day);
        let found = day.policy.interval();
        let fixed = 24 * 3600 / 45;
        println!(
            "| {} s | {:.0} s | {} | {} % | {} | {:.0} s |",
            limit.as_secs(),
            found.as_secs_f64(),
            day.heartbeats,
            day.heartbeats * 100 / fixed,
            day.failures,
            day.longest_detection.as_secs_f64(),
        );
        let best = limit.min(BOUNDS.max);
        assert!(found < limit, "{limit:?}: {found:?}");
        assert!(found >= best * 3 / 4, "{limit:?}: only {found:?}");
        assert!(
            day.failures <= 12,
            "{limit:?}: {} failures in a day",
            day.failures
        );
        assert!(day.longest_detection <= BOUNDS.max + ANSWER);
    }
}

#[test]
fn the_interval_stays_within_the_bounds() {
    let mut policy = Policy::new(BOUNDS, seconds(1));
    assert_eq!(policy.interval(), BOUNDS.min);
    for _ in 0..50 {
        policy.handle_failure(BOUNDS, policy.interval());
        assert!(policy.interval() >= BOUNDS.min);
    }
    let mut policy = Policy::new(BOUNDS, HEARTBEAT_START);
    for _ in 0..50 {
        policy.handle_success(BOUNDS, policy.interval());
        assert!(policy.interval() <= BOUNDS.max);
    }
    assert_eq!(policy.interval(), BOUNDS.max);
    assert!(!policy.is_searching(BOUNDS));
}

#[test]
fn two_failures_in_a_row_shorten_a_good_interval_one_does_not() {
    let mut policy = Policy::new(BOUNDS, HEARTBEAT_START);
    for _ in 0..GROW_AFTER {
        policy.handle_success(BOUNDS, policy.interval());
    }
    let longer = policy.interval();
    policy.handle_success(BOUNDS, longer);
    policy.handle_failure(BOUNDS, longer);
    assert_eq!(policy.interval(), longer);
    policy.handle_failure(BOUNDS, longer);
    assert!(policy.interval() < longer);
}

#[test]
fn a_shorter_network_limit_shortens_the_interval() {
    let mut policy = run(seconds(240), seconds(24 * 3600)).policy;
    let limit = seconds(60);
    for _ in 0..40 {
        let interval = policy.interval();
        if interval < limit {
            policy.handle_success(BOUNDS, interval);
        } else {
            policy.handle_failure(BOUNDS, interval);
        }
    }
    assert!(
        (seconds(40)..limit).contains(&policy.interval()),
        "{:?}",
        policy.interval()
    );
}

#[test]
fn traffic_within_the_interval_is_no_success() {
    let mut policy = Policy::new(BOUNDS, HEARTBEAT_START);
    for _ in 0..100 {
        policy.handle_success(BOUNDS, seconds(5));
    }
    assert_eq!(policy.interval(), HEARTBEAT_START);
}
