//! Slowing down those who guess passwords.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::time::Instant;

/// Failures of one email from one address before it has to wait.
const FAILURES: u32 = 10;
/// How long failures are remembered after the first, and so the longest wait.
const WINDOW: Duration = Duration::from_mins(1);
/// Pairs of email and address remembered; at the bound the expired ones, or else all, are
/// forgotten, so that a flood costs memory for none but itself.
const PAIRS_MAX: usize = 10_000;

#[derive(Clone, Copy)]
struct Record {
    since: Instant,
    failures: u32,
}

/// Failed logins of the last minute, and what else is to be slowed down; cheap to clone. By email (or
/// a key of their own) *and* address, so that a guesser does not lock out who comes from elsewhere;
/// behind a proxy all come from the proxy's.
#[derive(Clone, Default)]
pub struct Throttle {
    records: Arc<Mutex<HashMap<(String, IpAddr), Record>>>,
}

impl Throttle {
    /// Counts an attempt as failed until [`Self::succeeded`], so that many at once count too.
    ///
    /// # Errors
    /// How long to wait, if there were too many.
    pub fn attempt(&self, now: Instant, email: &str, address: IpAddr) -> Result<(), Duration> {
        let mut records = self.records.lock().unwrap_or_else(PoisonError::into_inner);
        let key = (email.to_owned(), network(address));
        if records.len() >= PAIRS_MAX && !records.contains_key(&key) {
            records.retain(|_, record| record.since + WINDOW > now);
            if records.len() >= PAIRS_MAX {
                records.clear();
            }
        }
        let fresh = Record {
            since: now,
            failures: 0,
        };
        let record = records.entry(key).or_insert(fresh);
        if record.since + WINDOW <= now {
            *record = fresh;
        }
        if record.failures >= FAILURES {
            return Err((record.since + WINDOW).saturating_duration_since(now));
        }
        record.failures += 1;
        Ok(())
    }

    /// The password was right.
    pub fn succeeded(&self, email: &str, address: IpAddr) {
        let mut records = self.records.lock().unwrap_or_else(PoisonError::into_inner);
        records.remove(&(email.to_owned(), network(address)));
    }
}

/// Of an IPv6 address the network of 64 bits, which is what one customer has at least (RFC 6177 §2).
fn network(address: IpAddr) -> IpAddr {
    match address {
        IpAddr::V4(_) => address,
        IpAddr::V6(address) => IpAddr::V6((address.to_bits() & !u128::from(u64::MAX)).into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HERE: IpAddr = IpAddr::V4(std::net::Ipv4Addr::LOCALHOST);
    const THERE: IpAddr = IpAddr::V6(std::net::Ipv6Addr::LOCALHOST);

    #[tokio::test(start_paused = true)]
    async fn after_ten_attempts_a_guesser_waits_and_nobody_else_does() {
        let throttle = Throttle::default();
        let start = Instant::now();
        for _ in 0..FAILURES {
            assert_eq!(throttle.attempt(start, "a", HERE), Ok(()));
        }
        assert_eq!(throttle.attempt(start, "a", HERE), Err(WINDOW));
        assert_eq!(throttle.attempt(start, "a", THERE), Ok(()));
        assert_eq!(throttle.attempt(start, "b", HERE), Ok(()));
        assert_eq!(throttle.attempt(start + WINDOW, "a", HERE), Ok(()));
    }

    #[tokio::test(start_paused = true)]
    async fn all_addresses_of_an_ipv6_network_count_as_one() {
        let throttle = Throttle::default();
        let now = Instant::now();
        for host in 0..u16::from(u8::MAX) {
            let here = IpAddr::V6([0x2001, 0xdb8, 0, 1, 0, 0, 0, host].into());
            let taken = throttle.attempt(now, "a", here);
            assert_eq!(taken.is_ok(), u32::from(host) < FAILURES);
        }
        let there = IpAddr::V6([0x2001, 0xdb8, 0, 2, 0, 0, 0, 0].into());
        assert_eq!(throttle.attempt(now, "a", there), Ok(()));
    }

    #[tokio::test(start_paused = true)]
    async fn a_success_forgets_and_memory_is_bounded() {
        let throttle = Throttle::default();
        let now = Instant::now();
        for _ in 0..3 * FAILURES {
            assert_eq!(throttle.attempt(now, "a", HERE), Ok(()));
            throttle.succeeded("a", HERE);
        }
        for n in 0..2 * PAIRS_MAX {
            assert_eq!(throttle.attempt(now, &n.to_string(), HERE), Ok(()));
        }
        assert!(throttle.records.lock().expect("sound").len() <= PAIRS_MAX);
    }
}
