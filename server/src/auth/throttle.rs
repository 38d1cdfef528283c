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

/// Failed logins of the last minute; cheap to clone. By email *and* address, so that nobody can
/// lock somebody else out.
#[derive(Clone, Default)]
pub struct Throttle {
    records: Arc<Mutex<HashMap<(String, IpAddr), Record>>>,
}

impl Throttle {
    /// Whether another attempt may be made now.
    ///
    /// # Errors
    /// How long to wait.
    pub fn check(&self, now: Instant, email: &str, address: IpAddr) -> Result<(), Duration> {
        let records = self.records.lock().unwrap_or_else(PoisonError::into_inner);
        match records.get(&(email.to_owned(), address)) {
            Some(record) if record.failures >= FAILURES => {
                let left = (record.since + WINDOW).saturating_duration_since(now);
                if left.is_zero() { Ok(()) } else { Err(left) }
            }
            _ => Ok(()),
        }
    }

    /// Notes how an attempt ended.
    pub fn note(&self, now: Instant, email: &str, address: IpAddr, success: bool) {
        let mut records = self.records.lock().unwrap_or_else(PoisonError::into_inner);
        let key = (email.to_owned(), address);
        if success {
            records.remove(&key);
            return;
        }
        if records.len() >= PAIRS_MAX && !records.contains_key(&key) {
            records.retain(|_, record| record.since + WINDOW > now);
            if records.len() >= PAIRS_MAX {
                records.clear();
            }
        }
        let record = records.entry(key).or_insert(Record {
            since: now,
            failures: 0,
        });
        if record.since + WINDOW <= now {
            *record = Record {
                since: now,
                failures: 0,
            };
        }
        record.failures += 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HERE: IpAddr = IpAddr::V4(std::net::Ipv4Addr::LOCALHOST);
    const THERE: IpAddr = IpAddr::V6(std::net::Ipv6Addr::LOCALHOST);

    #[tokio::test(start_paused = true)]
    async fn after_ten_failures_a_guesser_waits_and_nobody_else_does() {
        let throttle = Throttle::default();
        let start = Instant::now();
        for _ in 0..FAILURES {
            assert_eq!(throttle.check(start, "a", HERE), Ok(()));
            throttle.note(start, "a", HERE, false);
        }
        assert_eq!(throttle.check(start, "a", HERE), Err(WINDOW));
        assert_eq!(throttle.check(start, "a", THERE), Ok(()));
        assert_eq!(throttle.check(start, "b", HERE), Ok(()));
        assert_eq!(throttle.check(start + WINDOW, "a", HERE), Ok(()));
    }

    #[tokio::test(start_paused = true)]
    async fn a_success_forgets_and_memory_is_bounded() {
        let throttle = Throttle::default();
        let now = Instant::now();
        for _ in 1..FAILURES {
            throttle.note(now, "a", HERE, false);
        }
        throttle.note(now, "a", HERE, true);
        throttle.note(now, "a", HERE, false);
        assert_eq!(throttle.check(now, "a", HERE), Ok(()));
        for n in 0..2 * PAIRS_MAX {
            throttle.note(now, &n.to_string(), HERE, false);
        }
        assert!(throttle.records.lock().expect("sound").len() <= PAIRS_MAX);
    }
}
