//! Admission control: limits on connections, binds and requests.
//!
//! `address` determines the client address of a request, `connections` limits connections per node
//! and per address, `binds` limits concurrent binds, `rate_limits` limits the requests of a user.
//! Every refusal names a time to retry after, and no wait is unbounded.

mod address;
mod binds;
mod connections;
mod rate_limits;

pub use address::{ClientAddress, parse_network};
pub(crate) use address::{customer_network, networks};
pub use binds::{BindLimiter, BindPermit, TooManyBinds};
pub use connections::{ConnectionLimiter, ConnectionPermit, Full};
pub use rate_limits::UserRateLimits;

use crate::config::Config;
use std::time::Duration;

/// The limits of a node.
#[derive(Debug)]
pub struct Admission {
    /// Concurrent connections.
    pub connections: ConnectionLimiter,
    /// Concurrent binds.
    pub binds: BindLimiter,
    /// Request rates per user.
    pub rate_limits: UserRateLimits,
}

impl Admission {
    /// All limits unused.
    pub fn new(config: &Config) -> Self {
        Self {
            connections: ConnectionLimiter::new(
                config.max_connections,
                config.max_connections_per_address,
            ),
            binds: BindLimiter::new(config.max_binds),
            rate_limits: UserRateLimits::new(&config.limits),
        }
    }
}

/// A delay between `from` and twice `from`, deterministic in `number` and uniform over consecutive
/// numbers (multiplicative hashing: Knuth, The Art of Computer Programming 3, §6.4), so that
/// clients that were refused together do not retry together.
pub fn with_jitter(from: Duration, number: u64) -> Duration {
    from + jitter(from, number)
}

/// A delay from zero up to `whole`, distributed in the same way.
pub fn jitter(whole: Duration, number: u64) -> Duration {
    let hash = number.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 32;
    let micros = (u128::from(hash) * whole.as_micros()) >> 32;
    Duration::from_micros(u64::try_from(micros).unwrap_or(u64::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn jitter_of_consecutive_numbers_is_uniform() {
        let whole = Duration::from_secs(10);
        let mut seconds = [0; 10];
        for number in 4_711..5_711 {
            let delay = jitter(whole, number);
            assert!(delay < whole);
            seconds[usize::try_from(delay.as_secs()).expect("small")] += 1;
        }
        assert!(
            seconds.iter().all(|n| (90..=110).contains(n)),
            "{seconds:?}"
        );
        assert_eq!(jitter(Duration::ZERO, 7), Duration::ZERO);
    }
}
