//! The smart heartbeat: the longest interval a device's network lets a quiet connection live.
//!
//! NATs, firewalls and proxies forget connections that stay quiet for too long, each after a time
//! of its own. [`Policy`] finds that time for one device on one network by trying: it lengthens the
//! interval after successes, halves the way to what failed, stays a margin below it, and tries
//! higher again ever more rarely. It has no clock; where it is kept and for how long is the
//! driver's business.

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
const STEADY: u32 = 3;
/// Successes before what failed is doubted for the first time; doubles with each failed doubt.
const DOUBT_AFTER: u32 = 32;
/// The bound of that doubling.
const DOUBT_MAX: u32 = 4096;
/// How near to what failed the search goes on, as a part of the interval (1/8).
const NEAR: u32 = 8;
/// Failures in a row at an interval that worked before until the network counts as changed: a
/// single one is more often a lost signal than a NAT.
const CHANGED_AFTER: u32 = 2;

/// What is known of one device's network.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Policy {
    interval: Duration,
    /// The longest interval that worked; zero: none yet.
    good: Duration,
    /// The shortest interval that failed above `good`.
    bad: Option<Duration>,
    /// What failed once and is being tried again.
    doubted: Option<Duration>,
    /// Successes in a row at `interval`.
    streak: u32,
    /// Failures in a row at intervals that worked before.
    lost: u32,
    doubt_after: u32,
}

impl Policy {
    /// Knows nothing: starts at `start`, within the bounds.
    pub fn new(bounds: Bounds, start: Duration) -> Self {
        Self {
            interval: start.clamp(bounds.min, bounds.max),
            good: Duration::ZERO,
            bad: None,
            doubted: None,
            streak: 0,
            lost: 0,
            doubt_after: DOUBT_AFTER,
        }
    }

    /// The interval to use now.
    pub const fn interval(&self) -> Duration {
        self.interval
    }

    /// Whether longer intervals are being tried, for displays: `false` once the search is over.
    pub fn is_searching(&self, bounds: Bounds) -> bool {
        self.step(bounds) > self.interval
    }

    /// A connection lived through `quiet` without any traffic and then answered. Shorter than the
    /// interval it says nothing: traffic kept the connection alive.
    pub fn succeeded(&mut self, bounds: Bounds, quiet: Duration) {
        if quiet < self.interval {
            return;
        }
        self.good = self.good.max(self.interval);
        self.doubted = None;
        self.lost = 0;
        self.streak = self.streak.saturating_add(1);
        if let Some(bad) = self.bad
            && self.streak >= self.doubt_after
        {
            self.doubt_after = self.doubt_after.saturating_mul(2).min(DOUBT_MAX);
            self.bad = None;
            self.doubted = Some(bad);
            self.go(bad.clamp(bounds.min, bounds.max));
        } else if self.streak >= STEADY {
            self.go(self.step(bounds));
        }
    }

    /// A heartbeat after this interval had no answer, while the network seemed to be there.
    pub fn failed(&mut self, bounds: Bounds, interval: Duration) {
        self.streak = 0;
        if interval <= self.good {
            self.lost += 1;
            if self.lost < CHANGED_AFTER {
                return;
            }
            self.good = Duration::ZERO;
            self.lost = 0;
        }
        let bad = self.doubted.take().or(self.bad);
        self.bad = Some(bad.map_or(interval, |bad| bad.min(interval)));
        let back = if self.good.is_zero() {
            interval / 2
        } else {
            self.good
        };
        self.interval = back.clamp(bounds.min, bounds.max);
    }

    const fn go(&mut self, interval: Duration) {
        if interval.as_nanos() != self.interval.as_nanos() {
            self.interval = interval;
            self.streak = 0;
        }
    }

    /// The next longer interval to try; the present one when there is none.
    fn step(&self, bounds: Bounds) -> Duration {
        let next = match self.bad {
            None => self.interval * 3 / 2,
            Some(bad) => {
                let room = bad.saturating_sub(self.interval);
                if room <= self.interval / NEAR {
                    self.interval
                } else {
                    self.interval + room / 2
                }
            }
        };
        next.clamp(self.interval.min(bounds.max), bounds.max)
    }
}

#[cfg(test)]
#[path = "heartbeat_tests.rs"]
mod tests;
