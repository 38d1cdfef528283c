//! A device's own clock and timer: it counts from an origin of its own, may stand still in sleep,
//! and runs timers late.

use std::time::Duration;
use tidings_shared::Moment;

/// A hidden page runs its timers at whole minutes.
const THROTTLE: Duration = Duration::from_mins(1);
/// A timer fires some time after it was asked to.
const LATE: Duration = Duration::from_millis(1);

#[derive(Debug)]
pub(super) struct Clock {
    origin: Duration,
    stood_still: Duration,
    asleep_since: Option<Moment>,
    throttled: bool,
}

impl Clock {
    pub(super) const fn new(origin: Duration) -> Self {
        Self {
            origin,
            stood_still: Duration::ZERO,
            asleep_since: None,
            throttled: false,
        }
    }

    pub(super) fn now(&self, outside: Moment) -> Moment {
        outside + self.origin - self.stood_still
    }

    /// When a timer fires that is set now for `moment` of this clock.
    pub(super) fn timer(&self, now: Moment, moment: Moment) -> Moment {
        let mut at = moment + self.stood_still - self.origin;
        if self.throttled && at > now {
            let minutes = at.since(Moment::default()).as_secs() / THROTTLE.as_secs() + 1;
            at = Moment::after_origin(Duration::from_mins(minutes));
        }
        at.max(now) + LATE
    }

    pub(super) const fn throttle(&mut self) {
        self.throttled = true;
    }

    pub(super) const fn is_throttled(&self) -> bool {
        self.throttled
    }

    pub(super) const fn is_asleep(&self) -> bool {
        self.asleep_since.is_some()
    }

    pub(super) const fn sleep(&mut self, now: Moment) {
        self.asleep_since = Some(now);
    }

    pub(super) fn wake(&mut self, now: Moment, stood_still: bool) {
        if let Some(since) = self.asleep_since.take()
            && stood_still
        {
            self.stood_still += now.since(since);
        }
    }
}
