//! What a user may ask of this node, over all their connections and requests.
//!
//! Three rates each (GCRA, as the crate `governor` has it), so that one who floods waits and nobody
//! else does. They are the node's own: a user on two nodes has twice as much.

use crate::config::Limits;
use governor::clock::{Clock, DefaultClock};
use governor::{DefaultKeyedRateLimiter, Quota, RateLimiter};
use std::num::NonZeroU32;
use std::time::Duration;
use tidings_shared::UserId;

/// Seconds' worth of requests at once.
const REQUESTS_AT_ONCE: u32 = 10;
/// Seconds' worth of bytes at once.
const BYTES_AT_ONCE: u32 = 30;
/// How often those whose rates are whole again are forgotten.
const FORGET_EVERY: Duration = Duration::from_mins(1);

/// The rates of every user who has asked for something of late. Memory: some 100 bytes a rate, of users
/// who asked for something within the time in which it becomes whole.
#[derive(Debug)]
pub struct Allowances {
    requests: Rate,
    bytes: Rate,
    additions: Rate,
}

impl Allowances {
    /// All are whole.
    pub fn new(limits: &Limits) -> Self {
        let second = Duration::from_secs(1);
        let hour = Duration::from_hours(1);
        Self {
            requests: Rate::new(limits.user_requests, second, REQUESTS_AT_ONCE),
            bytes: Rate::new(limits.user_bytes, second, BYTES_AT_ONCE),
            additions: Rate::new(limits.user_additions, hour, 1),
        }
    }

    /// Takes the cost of a request; a send costs 1.
    ///
    /// # Errors
    /// How long to wait until there is enough; nothing is taken.
    pub fn request(&self, uid: UserId, cost: u32) -> Result<(), Duration> {
        self.requests.take(uid, cost)
    }

    /// Takes the bytes of a text to be stored.
    ///
    /// # Errors
    /// As [`Self::request`].
    pub fn bytes(&self, uid: UserId, length: usize) -> Result<(), Duration> {
        self.bytes
            .take(uid, u32::try_from(length).unwrap_or(u32::MAX))
    }

    /// Takes a number of members that the user adds to a group.
    ///
    /// # Errors
    /// As [`Self::request`].
    pub fn additions(&self, uid: UserId, members: usize) -> Result<(), Duration> {
        self.additions
            .take(uid, u32::try_from(members).unwrap_or(u32::MAX))
    }

    /// Forgets whose rates are whole, again and again. Cancel safe.
    pub async fn forget(&self) {
        loop {
            tokio::time::sleep(FORGET_EVERY).await;
            for rate in [&self.requests, &self.bytes, &self.additions] {
                if let Some(limiter) = &rate.limiter {
                    limiter.retain_recent();
                    limiter.shrink_to_fit();
                }
            }
        }
    }
}

#[derive(Debug)]
struct Rate {
    /// None: no limit.
    limiter: Option<DefaultKeyedRateLimiter<UserId>>,
    /// What there is at most.
    burst: u32,
}

impl Rate {
    /// `count` each `period`, and so many periods' worth at once. 0: no limit.
    fn new(count: u32, period: Duration, at_once: u32) -> Self {
        let burst = count.saturating_mul(at_once);
        let quota = NonZeroU32::new(count)
            .and_then(|count| Quota::with_period(period / count.get()))
            .zip(NonZeroU32::new(burst))
            .map(|(quota, burst)| quota.allow_burst(burst));
        Self {
            limiter: quota.map(RateLimiter::keyed),
            burst,
        }
    }

    /// What costs more than there can be costs all there can be.
    fn take(&self, uid: UserId, cost: u32) -> Result<(), Duration> {
        let (Some(limiter), Some(cost)) = (&self.limiter, NonZeroU32::new(cost.min(self.burst)))
        else {
            return Ok(());
        };
        match limiter.check_key_n(&uid, cost) {
            Ok(Err(not_yet)) => Err(not_yet.wait_time_from(DefaultClock::default().now())),
            Ok(Ok(())) | Err(_) => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ME: UserId = UserId(1);

    #[test]
    fn who_has_taken_all_waits_and_nobody_else_does() {
        // One an hour comes back: none during the test.
        let rate = Rate::new(1, Duration::from_hours(1), 3);
        assert_eq!(rate.take(ME, 2), Ok(()));
        let wait = rate.take(ME, 2).expect_err("one is left");
        assert!(wait > Duration::from_mins(59) && wait <= Duration::from_hours(1));
        assert_eq!(rate.take(ME, 1), Ok(()), "a refusal takes nothing");
        assert!(rate.take(ME, 1).is_err());
        assert_eq!(rate.take(UserId(2), 3), Ok(()));
    }

    #[test]
    fn what_costs_more_than_there_can_be_is_possible_now_and_then() {
        let rate = Rate::new(1, Duration::from_hours(1), 3);
        assert_eq!(rate.take(ME, 1_000), Ok(()));
        assert!(rate.take(ME, 1).is_err());
    }

    #[test]
    fn zero_is_no_limit() {
        let rate = Rate::new(0, Duration::from_secs(1), 10);
        assert!((0..1_000).all(|_| rate.take(ME, u32::MAX).is_ok()));
    }
}
