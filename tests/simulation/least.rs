//! How often things must happen in a run for it to prove something.

use tidings_tests::simulation::{Count, Report};

/// A scenario proves nothing about what does not happen in it: how often each thing must happen
/// in 20,000 of them.
const LEAST: &[(u64, &[Count])] = &[
    (10_000_000, &[Count::Steps]),
    (1_000_000, &[Count::Pushes]),
    (300_000, &[Count::Messages, Count::Answers, Count::Fetches]),
    (
        50_000,
        &[
            Count::Binds,
            Count::BusRepeats,
            Count::FeedReads,
            Count::FullWindows,
            Count::LostFrames,
            Count::Reloads,
            Count::Repushes,
            Count::SeenBefore,
        ],
    ),
    (
        5_000,
        &[
            Count::AckMissing,
            Count::BusLosses,
            Count::Crashes,
            Count::Cuts,
            Count::Drains,
            Count::Freezes,
            Count::HalfOpens,
            Count::Missed,
            Count::Offlines,
            Count::Outages,
            Count::Partitions,
            Count::Reboots,
            Count::Sleeps,
            Count::Throttles,
        ],
    ),
    (1_000, &[Count::Doubts, Count::Lagged, Count::Repeats]),
    (1_000, &[Count::Refused, Count::Unannounced]),
    (500, &[Count::Idle]),
    (5, &[Count::TooSlow]),
];

/// The scenarios that [`LEAST`] is for.
const OF: u64 = 20_000;

/// Everything happened as often as it must in so many scenarios; what happens less than once in a run
/// of this length is left to longer ones.
pub(crate) fn assert_exercised(report: &Report) {
    let mut unproven = Count::ALL.to_vec();
    for (least, counts) in LEAST {
        let least = least * report.runs / OF;
        for count in *counts {
            let seen = report.totals.get(*count);
            assert!(seen >= least, "only {seen} {}, not {least}", count.name());
            unproven.retain(|other| other != count);
        }
    }
    assert_eq!(unproven, [], "no least is named for these");
}
