//! The time that the state machines are given.

use std::ops::{Add, Sub};
use std::time::Duration;

/// A moment on a driver's monotonic clock, relative to an origin that only the driver knows.
///
/// Used instead of `std::time::Instant`, which a simulation cannot construct and which does not
/// exist in a browser.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Moment(Duration);

impl Moment {
    /// The moment `elapsed` after the origin of the driver's clock.
    pub const fn after_origin(elapsed: Duration) -> Self {
        Self(elapsed)
    }

    /// Time passed since `earlier`; zero if `earlier` is in the future.
    pub const fn since(self, earlier: Self) -> Duration {
        self.0.saturating_sub(earlier.0)
    }
}

impl Add<Duration> for Moment {
    type Output = Self;

    fn add(self, rhs: Duration) -> Self {
        Self(self.0.saturating_add(rhs))
    }
}

impl Sub<Duration> for Moment {
    type Output = Self;

    fn sub(self, rhs: Duration) -> Self {
        Self(self.0.saturating_sub(rhs))
    }
}
