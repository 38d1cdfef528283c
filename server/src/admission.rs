//! Who is let in, and how many at once.
//!
//! `address` tells whom a request is from, `places` bounds the connections of the node and of an
//! address, `binds` the binds in progress, `allowances` what a user asks for. Everything here is refused
//! with a time to come back after, and nothing waits without a limit.

mod address;
mod allowances;
mod binds;
mod places;

pub use address::{ClientAddress, parse_network};
pub(crate) use address::{customer_network, networks};
pub use allowances::Allowances;
pub use binds::{BindTurn, Binds, NoTurn};
pub use places::{Full, Place, Places};

use crate::config::Config;
use std::time::Duration;

/// The limits of a node.
#[derive(Debug)]
pub struct Admission {
    /// Connections.
    pub places: Places,
    /// Binds.
    pub binds: Binds,
    /// Requests.
    pub allowances: Allowances,
}

impl Admission {
    /// Nobody is here yet.
    pub fn new(config: &Config) -> Self {
        Self {
            places: Places::new(config.max_connections, config.max_connections_per_address),
            binds: Binds::new(config.max_binds),
            allowances: Allowances::new(&config.limits),
        }
    }
}

/// A time between `from` and twice that, the same for the same number and spread evenly over
/// consecutive ones (multiplicative hashing: Knuth, The Art of Computer Programming 3, §6.4), so
/// that those who were refused together do not come back together.
pub fn spread(from: Duration, number: u64) -> Duration {
    from + share(from, number)
}

/// A part of `whole`, from nothing to all of it, spread in the same way.
pub fn share(whole: Duration, number: u64) -> Duration {
    let hash = number.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 32;
    let micros = (u128::from(hash) * whole.as_micros()) >> 32;
    Duration::from_micros(u64::try_from(micros).unwrap_or(u64::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn consecutive_numbers_spread_over_the_whole_time() {
        let whole = Duration::from_secs(10);
        let mut seconds = [0; 10];
        for number in 4_711..5_711 {
            let share = share(whole, number);
            assert!(share < whole);
            seconds[usize::try_from(share.as_secs()).expect("small")] += 1;
        }
        assert!(
            seconds.iter().all(|n| (90..=110).contains(n)),
            "{seconds:?}"
        );
        assert_eq!(share(Duration::ZERO, 7), Duration::ZERO);
    }
}
