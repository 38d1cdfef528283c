//! The adaptive heartbeat: finds the longest interval for which a device's network keeps a quiet
//! connection alive.
//!
//! NATs, firewalls and proxies drop connections that stay quiet for too long, each with a limit of
//! its own. [`Policy`] searches for that limit for one device on one network: it lengthens the
//! interval after successes, bisects towards the interval that failed, stays a margin below it, and
//! retries the failed interval ever more rarely. It has no clock; the driver decides where it is
//! kept and for how long.

use std::time::Duration;

/// The bounds an operator sets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bounds {
    /// The shortest interval.
    pub min: Duration,
    /// The longest interval; at least `min`.
    pub max: Duration,
}

/// Successes at an interval before a longer one is tried.
const GROW_AFTER: u32 = 3;
/// Successes before the failed interval is retried for the first time; doubles with each retry.
const RETRY_FAILED_AFTER: u32 = 32;
/// The upper bound of that doubling.
const RETRY_FAILED_AFTER_MAX: u32 = 4096;
/// The search ends when the failed interval is at most this fraction (1/8) above the current one.
const SEARCH_PRECISION: u32 = 8;
/// Failures in a row at an interval that worked before, after which the network counts as changed:
/// a single one is more often a lost signal than a NAT.
const CHANGED_AFTER: u32 = 2;

/// The state of the search for one device's network.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Policy {
    interval: Duration,
    /// The longest interval that worked; zero: none yet.
    longest_good: Duration,
    /// The shortest interval that failed above `longest_good`.
    shortest_bad: Option<Duration>,
    /// The interval that failed before and is being retried.
    retrying: Option<Duration>,
    /// Successes in a row at `interval`.
    successes: u32,
    /// Failures in a row at intervals that worked before.
    failures_at_good: u32,
    /// Successes before the failed interval is retried.
    retry_failed_after: u32,
}

impl Policy {
    /// A search that starts at `start`, clamped to the bounds.
    pub fn new(bounds: Bounds, start: Duration) -> Self {
        Self {
            interval: start.clamp(bounds.min, bounds.max),
            longest_good: Duration::ZERO,
            shortest_bad: None,
            retrying: None,
            successes: 0,
            failures_at_good: 0,
            retry_failed_after: RETRY_FAILED_AFTER,
        }
    }

    /// The interval to use now.
    pub const fn interval(&self) -> Duration {
        self.interval
    }

    /// Whether longer intervals are still tried, for the display; `false` once the search is over.
    pub fn is_searching(&self, bounds: Bounds) -> bool {
        self.next_interval(bounds) > self.interval
    }

    /// A connection answered a heartbeat after `quiet` without traffic. A time shorter than the
    /// interval is ignored, because then traffic kept the connection alive.
    pub fn handle_success(&mut self, bounds: Bounds, quiet: Duration) {
        if quiet < self.interval {
            return;
        }
        self.longest_good = self.longest_good.max(self.interval);
        self.retrying = None;
        self.failures_at_good = 0;
        self.successes = self.successes.saturating_add(1);
        if let Some(shortest_bad) = self.shortest_bad
            && self.successes >= self.retry_failed_after
        {
            self.retry_failed_after = self
                .retry_failed_after
                .saturating_mul(2)
                .min(RETRY_FAILED_AFTER_MAX);
            self.shortest_bad = None;
            self.retrying = Some(shortest_bad);
            self.set_interval(shortest_bad.clamp(bounds.min, bounds.max));
        } else if self.successes >= GROW_AFTER {
            self.set_interval(self.next_interval(bounds));
        }
    }

    /// A heartbeat after this interval had no answer, although there was a network.
    pub fn handle_failure(&mut self, bounds: Bounds, interval: Duration) {
        self.successes = 0;
        if interval <= self.longest_good {
            self.failures_at_good += 1;
            if self.failures_at_good < CHANGED_AFTER {
                return;
            }
            self.longest_good = Duration::ZERO;
            self.failures_at_good = 0;
        }
        let shortest_bad = self.retrying.take().or(self.shortest_bad);
        self.shortest_bad = Some(shortest_bad.map_or(interval, |bad| bad.min(interval)));
        let back = if self.longest_good.is_zero() {
            interval / 2
        } else {
            self.longest_good
        };
        self.interval = back.clamp(bounds.min, bounds.max);
    }

    const fn set_interval(&mut self, interval: Duration) {
        if interval.as_nanos() != self.interval.as_nanos() {
            self.interval = interval;
            self.successes = 0;
        }
    }

    /// The next longer interval to try; the current one if there is none.
    fn next_interval(&self, bounds: Bounds) -> Duration {
        let next = match self.shortest_bad {
            None => self.interval * 3 / 2,
            Some(shortest_bad) => {
                let margin = shortest_bad.saturating_sub(self.interval);
                if margin <= self.interval / SEARCH_PRECISION {
                    self.interval
                } else {
                    self.interval + margin / 2
                }
            }
        };
        next.clamp(self.interval.min(bounds.max), bounds.max)
    }
}

#[cfg(test)]
#[path = "heartbeat_tests.rs"]
mod tests;
