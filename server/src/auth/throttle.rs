//! Slowing down those who guess passwords.

use crate::admission::customer_network;
use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::time::Instant;

/// Failures of one email from one address before it has to wait.
const FAILURES: u32 = 10;
/// How long failures are remembered after the first, and so the longest wait.
const WINDOW: Duration = Duration::from_mins(1);
/// Pairs of email and address remembered; at the bound the expired ones, or else all, are
/// forgotten. To fill them costs a flood a password's hash, or another network, for each.
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
    records: Arc<Mutex<HashMap<Key, Record>>>,
}

type Key = (String, IpAddr);

/// An attempt under way. It counts while it lives, so that many at once count too; dropped, it was
/// not looked at, because the server was busy or nobody waited any more, and does not count.
#[must_use = "dropped, it does not count"]
pub struct Attempt {
    throttle: Throttle,
    key: Key,
    /// Of the record that it counts in; none: it is decided.
    since: Option<Instant>,
}

impl Throttle {
    /// Counts an attempt.
    ///
    /// # Errors
    /// How long to wait, if there were too many.
    pub fn attempt(&self, now: Instant, email: &str, address: IpAddr) -> Result<Attempt, Duration> {
        let mut records = self.records();
        let key = (email.to_owned(), customer_network(address));
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
        let record = records.entry(key.clone()).or_insert(fresh);
        if record.since + WINDOW <= now {
            *record = fresh;
        }
        if record.failures >= FAILURES {
            return Err((record.since + WINDOW).saturating_duration_since(now));
        }
        record.failures += 1;
        Ok(Attempt {
            throttle: self.clone(),
            key,
            since: Some(record.since),
        })
    }

    fn records(&self) -> MutexGuard<'_, HashMap<Key, Record>> {
        self.records.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Attempt {
    /// The password was wrong, or this is to be slowed down whatever becomes of it.
    pub fn counts(mut self) {
        self.since = None;
    }

    /// The password was right: the failures before it are forgotten.
    pub fn succeeded(mut self) {
        self.since = None;
        self.throttle.records().remove(&self.key);
    }
}

impl Drop for Attempt {
    fn drop(&mut self) {
        let Some(since) = self.since else { return };
        let mut records = self.throttle.records();
        if let Some(record) = records.get_mut(&self.key)
            && record.since == since
        {
            record.failures = record.failures.saturating_sub(1);
            if record.failures == 0 {
                records.remove(&self.key);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HERE: IpAddr = IpAddr::V4(std::net::Ipv4Addr::LOCALHOST);
    const THERE: IpAddr = IpAddr::V6(std::net::Ipv6Addr::LOCALHOST);

    impl Throttle {
        /// An attempt with a wrong password.
        fn fail(&self, now: Instant, email: &str, address: IpAddr) -> Result<(), Duration> {
            self.attempt(now, email, address).map(Attempt::counts)
        }
    }

    #[tokio::test(start_paused = true)]
    async fn after_ten_attempts_a_guesser_waits_and_nobody_else_does() {
        let throttle = Throttle::default();
        let start = Instant::now();
        for _ in 0..FAILURES {
            assert_eq!(throttle.fail(start, "a", HERE), Ok(()));
        }
        assert_eq!(throttle.fail(start, "a", HERE), Err(WINDOW));
        assert_eq!(throttle.fail(start, "a", THERE), Ok(()));
        assert_eq!(throttle.fail(start, "b", HERE), Ok(()));
        assert_eq!(throttle.fail(start + WINDOW, "a", HERE), Ok(()));
    }

    #[tokio::test(start_paused = true)]
    async fn what_was_not_looked_at_counts_only_while_it_is_under_way() {
        let throttle = Throttle::default();
        let now = Instant::now();
        for _ in 0..2 {
            let under_way: Vec<Attempt> = (0..FAILURES)
                .map(|_| throttle.attempt(now, "a", HERE).expect("few yet"))
                .collect();
            assert_eq!(throttle.fail(now, "a", HERE), Err(WINDOW));
            drop(under_way);
            assert_eq!(throttle.records().len(), 0, "nothing is remembered of them");
        }

        assert_eq!(throttle.fail(now, "a", HERE), Ok(()));
        let late = throttle.attempt(now, "a", HERE).expect("few yet");
        let then = now + WINDOW;
        for _ in 0..FAILURES {
            assert_eq!(throttle.fail(then, "a", HERE), Ok(()));
        }
        drop(late);
        let wait = throttle.fail(then, "a", HERE);
        assert_eq!(wait, Err(WINDOW), "it takes nothing from a later minute");
    }

    #[tokio::test(start_paused = true)]
    async fn all_addresses_of_an_ipv6_network_count_as_one() {
        let throttle = Throttle::default();
        let now = Instant::now();
        for host in 0..u16::from(u8::MAX) {
            let here = IpAddr::V6([0x2001, 0xdb8, 0, 1, 0, 0, 0, host].into());
            let taken = throttle.fail(now, "a", here);
            assert_eq!(taken.is_ok(), u32::from(host) < FAILURES);
        }
        let there = IpAddr::V6([0x2001, 0xdb8, 0, 2, 0, 0, 0, 0].into());
        assert_eq!(throttle.fail(now, "a", there), Ok(()));
    }

    #[tokio::test(start_paused = true)]
    async fn a_success_forgets_and_memory_is_bounded() {
        let throttle = Throttle::default();
        let now = Instant::now();
        for _ in 0..FAILURES - 1 {
            assert_eq!(throttle.fail(now, "a", HERE), Ok(()));
        }
        throttle
            .attempt(now, "a", HERE)
            .expect("the tenth")
            .succeeded();
        for _ in 0..FAILURES {
            assert_eq!(throttle.fail(now, "a", HERE), Ok(()));
        }
        for n in 0..2 * PAIRS_MAX {
            assert_eq!(throttle.fail(now, &n.to_string(), HERE), Ok(()));
        }
        assert!(throttle.records().len() <= PAIRS_MAX);
    }
}
