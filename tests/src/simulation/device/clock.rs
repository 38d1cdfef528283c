//! The clock and timer of a device. The clock has an origin of its own and may stop during sleep;
//! the timer fires late.

use std::time::Duration;
use tidings_shared::Moment;

/// A hidden page runs its timers once a minute.
const THROTTLE: Duration = Duration::from_mins(1);
/// How late a timer fires.
const LATE: Duration = Duration::from_millis(1);

#[derive(Debug)]
pub(super) struct Clock {
    origin: Duration,
    suspended: Duration,
    asleep_since: Option<Moment>,
    throttled: bool,
}

impl Clock {
    pub(super) const fn new(origin: Duration) -> Self {
        Self {
            origin,
            suspended: Duration::ZERO,
            asleep_since: None,
            throttled: false,
        }
    }

    pub(super) fn now(&self, outside: Moment) -> Moment {
        outside + self.origin - self.suspended
    }

    /// When a timer fires that is set now for `moment` of this clock.
    pub(super) fn timer(&self, now: Moment, moment: Moment) -> Moment {
        let mut at = moment + self.suspended - self.origin;
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

    pub(super) fn wake(&mut self, now: Moment, suspended: bool) {
        if let Some(since) = self.asleep_since.take()
            && suspended
        {
            self.suspended += now.since(since);
        }
    }
}
