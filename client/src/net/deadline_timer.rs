//! One timer for the earliest of several deadlines.

use crate::clock;
use gloo_timers::callback::Timeout;
use std::cell::RefCell;
use std::time::Duration;
use tidings_shared::Moment;

/// The longest a timer is set for. Browsers throttle timers of hidden pages and stop them while the
/// machine sleeps, so the callback checks the clock and sets the timer again.
const LONGEST: Duration = Duration::from_mins(1);

/// A timer, set or not.
#[derive(Debug, Default)]
pub(super) struct DeadlineTimer {
    set: RefCell<Option<(Moment, Timeout)>>,
}

impl DeadlineTimer {
    /// Calls `wake` at `deadline` or earlier; `None` cancels the timer.
    ///
    /// A deadline that moved later keeps the timer: it then fires early, which is harmless, and a
    /// frame costs no new timer.
    pub(super) fn set(&self, deadline: Option<Moment>, wake: impl FnOnce() + 'static) {
        let Some(deadline) = deadline else {
            self.set.take();
            return;
        };
        let set = self.set.borrow().as_ref().map(|(at, _)| *at);
        if set.is_some_and(|at| at <= deadline) {
            return;
        }
        let now = clock::now();
        let wait = deadline.since(now).min(LONGEST);
        // Rounded up: a timer that fires a fraction too early would only be set again.
        let wait_ms = (wait + Duration::from_micros(999)).as_millis();
        let wait_ms = u32::try_from(wait_ms).unwrap_or(u32::MAX);
        self.set
            .replace(Some((now + wait, Timeout::new(wait_ms, wake))));
    }

    /// The timer fired and is no longer set.
    pub(super) fn fired(&self) {
        self.set.take();
    }
}
