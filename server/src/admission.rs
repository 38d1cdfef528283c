//! Admission control: limits on connections, binds and requests.
//!
//! `connections` limits connections per node
//! and per address, `binds` limits concurrent binds, `rate_limits` limits the requests of a user.
//! Every refusal names a time to retry after, and no wait is unbounded.

mod binds;
mod connections;
mod rate_limits;

pub use binds::{BindLimiter, BindPermit, TooManyBinds};
pub use connections::{ConnectionLimiter, ConnectionPermit, Full};
pub use rate_limits::UserRateLimits;

use crate::config::Config;

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
