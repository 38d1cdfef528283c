//! The history of the heartbeat interval as this end sees it: the server decides it and sends it
//! with the bind and with each answer.

use std::time::Duration;
use tidings_shared::Moment;

/// So many answers at one interval mean that the server no longer looks for a longer one: it tries
/// the next after three.
const STEADY: u64 = 8;

/// Why the interval is what it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Trend {
    /// The server has not named one yet.
    Unknown,
    /// The server's first interval, unchanged.
    First,
    /// Lengthened: the last heartbeats were answered.
    Longer,
    /// Shortened: one had no answer.
    Shorter,
    /// Unchanged for long.
    Found,
}

/// The interval and how it changed.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct IntervalHistory {
    first: Option<Duration>,
    interval: Option<Duration>,
    before: Option<Duration>,
    changed_at: Option<Moment>,
    answered: u64,
}

impl IntervalHistory {
    /// The server named an interval.
    pub(super) fn given(&mut self, now: Moment, interval: Duration) {
        self.first.get_or_insert(interval);
        if self.interval == Some(interval) {
            return;
        }
        self.before = self.interval.replace(interval);
        self.changed_at = Some(now);
        self.answered = 0;
    }

    /// A heartbeat was answered.
    pub(super) fn answered(&mut self) {
        self.answered += 1;
    }

    /// The interval in use.
    pub const fn interval(&self) -> Option<Duration> {
        self.interval
    }

    /// The one this page started with.
    pub const fn first(&self) -> Option<Duration> {
        self.first
    }

    /// When the current one came into use.
    pub const fn changed_at(&self) -> Option<Moment> {
        self.changed_at
    }

    /// Heartbeats answered since then.
    pub const fn answers(&self) -> u64 {
        self.answered
    }

    /// Why the interval is what it is.
    pub fn trend(&self) -> Trend {
        match (self.before, self.interval) {
            (_, None) => Trend::Unknown,
            _ if self.answered >= STEADY => Trend::Found,
            (None, _) => Trend::First,
            (Some(before), Some(now)) if before < now => Trend::Longer,
            (Some(_), Some(_)) => Trend::Shorter,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: u64) -> Moment {
        Moment::after_origin(Duration::from_secs(seconds))
    }

    #[test]
    fn trend_is_first_then_longer_shorter_and_found() {
        let seconds = Duration::from_secs;
        let mut interval_history = IntervalHistory::default();
        assert_eq!(interval_history.trend(), Trend::Unknown);
        interval_history.given(at(1), seconds(45));
        assert_eq!(interval_history.trend(), Trend::First);
        interval_history.answered();
        interval_history.given(at(50), seconds(45));
        assert_eq!(
            (interval_history.trend(), interval_history.answers()),
            (Trend::First, 1)
        );
        interval_history.answered();
        interval_history.given(at(100), seconds(67));
        assert_eq!(
            (interval_history.trend(), interval_history.answers()),
            (Trend::Longer, 0)
        );
        assert_eq!(interval_history.changed_at(), Some(at(100)));
        interval_history.given(at(200), seconds(56));
        assert_eq!(interval_history.trend(), Trend::Shorter);
        for _ in 0..STEADY {
            interval_history.answered();
        }
        assert_eq!(interval_history.trend(), Trend::Found);
        assert_eq!(interval_history.first(), Some(seconds(45)));
    }
}
