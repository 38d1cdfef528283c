//! Request rates of a user on this node, over all their connections and HTTP requests.
//!
//! Three rates per user (GCRA, by the crate `governor`), so that a flooding user is delayed and
//! nobody else is. The limits are per node: a user on two nodes has twice as much.

use crate::config::Limits;
use governor::clock::{Clock, DefaultClock};
use governor::{DefaultKeyedRateLimiter, Quota, RateLimiter};
use std::num::NonZeroU32;
use std::time::Duration;
use tidings_shared::UserId;
use tidings_shared::session::Cost;

/// Burst of requests, in seconds of the rate.
const REQUEST_BURST_SECONDS: u32 = 10;
/// Burst of bytes, in seconds of the rate.
const BYTE_BURST_SECONDS: u32 = 30;
/// How often users whose rates are fully replenished are evicted.
const EVICT_INTERVAL: Duration = Duration::from_mins(1);

/// The rates of recently active users. Memory: some 100 bytes per rate, for users who were active
/// within the time in which the rate replenishes.
#[derive(Debug)]
pub struct UserRateLimits {
    requests: RateLimit,
    bytes: RateLimit,
    additions: RateLimit,
}

impl UserRateLimits {
    /// All rates fully replenished.
    pub fn new(limits: &Limits) -> Self {
        let second = Duration::from_secs(1);
        let hour = Duration::from_hours(1);
        Self {
            requests: RateLimit::new(limits.user_requests, second, REQUEST_BURST_SECONDS),
            bytes: RateLimit::new(limits.user_bytes, second, BYTE_BURST_SECONDS),
            additions: RateLimit::new(limits.user_additions, hour, 1),
        }
    }

    /// Charges the cost of a frame.
    ///
    /// # Errors
    /// How long to wait until there is enough.
    pub fn charge(&self, uid: UserId, cost: Cost) -> Result<(), Duration> {
        self.charge_request(uid, cost.requests)?;
        self.charge_bytes(uid, cost.bytes)
    }

    /// Charges the cost of a request; a send costs 1.
    ///
    /// # Errors
    /// How long to wait until there is enough; nothing is charged.
    pub fn charge_request(&self, uid: UserId, cost: u32) -> Result<(), Duration> {
        self.requests.charge(uid, cost)
    }

    /// Charges the bytes of a text to be stored.
    ///
    /// # Errors
    /// As [`Self::charge_request`].
    pub fn charge_bytes(&self, uid: UserId, length: usize) -> Result<(), Duration> {
        self.bytes
            .charge(uid, u32::try_from(length).unwrap_or(u32::MAX))
    }

    /// Charges a number of members that the user adds to a group.
    ///
    /// # Errors
    /// As [`Self::charge_request`].
    pub fn charge_additions(&self, uid: UserId, members: usize) -> Result<(), Duration> {
        self.additions
            .charge(uid, u32::try_from(members).unwrap_or(u32::MAX))
    }

    /// Evicts users whose rates are replenished, periodically. Cancel safe.
    pub async fn evict_idle(&self) {
        loop {
            tokio::time::sleep(EVICT_INTERVAL).await;
            for limit in [&self.requests, &self.bytes, &self.additions] {
                if let Some(limiter) = &limit.limiter {
                    limiter.retain_recent();
                    limiter.shrink_to_fit();
                }
            }
        }
    }
}

#[derive(Debug)]
struct RateLimit {
    /// `None`: no limit.
    limiter: Option<DefaultKeyedRateLimiter<UserId>>,
    /// The burst, and so the largest cost that is ever charged.
    burst: u32,
}

impl RateLimit {
    /// `count` per `period`, with a burst of `burst_periods` periods. A count of 0 means no limit.
    fn new(count: u32, period: Duration, burst_periods: u32) -> Self {
        let burst = count.saturating_mul(burst_periods);
        let quota = NonZeroU32::new(count)
            .and_then(|count| Quota::with_period(period / count.get()))
            .zip(NonZeroU32::new(burst))
            .map(|(quota, burst)| quota.allow_burst(burst));
        Self {
            limiter: quota.map(RateLimiter::keyed),
            burst,
        }
    }

    /// A cost above the burst is charged as the burst.
    fn charge(&self, uid: UserId, cost: u32) -> Result<(), Duration> {
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
    fn exhausted_limit_delays_only_its_user() {
        // Replenishes one an hour: none during the test.
        let limit = RateLimit::new(1, Duration::from_hours(1), 3);
        assert_eq!(limit.charge(ME, 2), Ok(()));
        let wait = limit.charge(ME, 2).expect_err("one is left");
        assert!(wait > Duration::from_mins(59) && wait <= Duration::from_hours(1));
        assert_eq!(limit.charge(ME, 1), Ok(()), "a refusal takes nothing");
        assert!(limit.charge(ME, 1).is_err());
        assert_eq!(limit.charge(UserId(2), 3), Ok(()));
    }

    #[test]
    fn cost_above_the_burst_is_charged_as_the_burst() {
        let limit = RateLimit::new(1, Duration::from_hours(1), 3);
        assert_eq!(limit.charge(ME, 1_000), Ok(()));
        assert!(limit.charge(ME, 1).is_err());
    }

    #[test]
    fn zero_means_no_limit() {
        let limit = RateLimit::new(0, Duration::from_secs(1), 10);
        assert!((0..1_000).all(|_| limit.charge(ME, u32::MAX).is_ok()));
    }
}
