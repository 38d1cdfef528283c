//! How often each event must happen in a run for it to prove something.

use tidings_tests::simulation::{Count, Report};

/// How often each event must happen in [`SCENARIOS`] scenarios. A scenario proves nothing about
/// events that do not happen in it.
const MINIMUM: &[(u64, &[Count])] = &[
    (10_000_000, &[Count::Steps]),
    (1_000_000, &[Count::Pushes]),
    (300_000, &[Count::Messages, Count::Answers, Count::Fetches]),
    (
        50_000,
        &[
            Count::Binds,
            Count::BusDuplicates,
            Count::Devices,
            Count::FeedReads,
            Count::FullWindows,
            Count::GroupMessages,
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
            Count::BindsRefused,
            Count::BusLosses,
            Count::Crashes,
            Count::Cuts,
            Count::Drains,
            Count::Freezes,
            Count::Groups,
            Count::HalfOpens,
            Count::MembersAdded,
            Count::Missed,
            Count::Offlines,
            Count::Outages,
            Count::Partitions,
            Count::Reboots,
            Count::Sleeps,
            Count::Throttles,
        ],
    ),
    (
        1_000,
        &[Count::Doubts, Count::Lagged, Count::DuplicateSends],
    ),
    (
        1_000,
        &[Count::Deferred, Count::Refused, Count::Unannounced],
    ),
    (500, &[Count::Idle]),
    (5, &[Count::TooSlow]),
];

/// The number of scenarios that [`MINIMUM`] refers to.
const SCENARIOS: u64 = 20_000;

/// Checks that every event happened often enough for the number of scenarios. Events that are
/// expected less than once in a run of this length are not checked.
pub(crate) fn assert_exercised(report: &Report) {
    let mut unproven = Count::ALL.to_vec();
    for (minimum, counts) in MINIMUM {
        let minimum = minimum * report.runs / SCENARIOS;
        for count in *counts {
            let seen = report.totals.get(*count);
            assert!(
                seen >= minimum,
                "only {seen} {}, not {minimum}",
                count.name()
            );
            unproven.retain(|other| other != count);
        }
    }
    assert_eq!(unproven, [], "no minimum is named for these");
}
