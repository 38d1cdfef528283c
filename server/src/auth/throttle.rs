//! Throttling of password guessing and of other frequent actions.

use crate::network::{customer_network, networks};
use std::collections::HashMap;
use std::hash::{BuildHasher, RandomState};
use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tidings_shared::UserId;
use tokio::time::Instant;

/// At most `max` attempts per window, which begins with the first of them.
#[derive(Debug, Clone, Copy)]
struct Rule {
    max: u32,
    window: Duration,
    /// Whether further attempts are refused.
    refuses: bool,
}

/// Failures with one email from one address.
const EMAIL_AND_ADDRESS: Rule = Rule {
    max: 10,
    window: Duration::from_mins(1),
    refuses: true,
};
/// The same while the account is under attack: a user who knows the password needs no second try.
const EMAIL_AND_ADDRESS_UNDER_ATTACK: Rule = Rule {
    max: 1,
    ..EMAIL_AND_ADDRESS
};
/// Failures with one email from anywhere; beyond this the account counts as under attack.
const ACCOUNT: Rule = Rule {
    max: 50,
    window: Duration::from_hours(1),
    refuses: false,
};
/// Failures from one network, with any emails.
const NETWORK: Rule = Rule {
    max: 50,
    window: Duration::from_mins(10),
    refuses: true,
};
/// Users registered from one network.
const REGISTRATIONS: Rule = Rule {
    max: 10,
    window: Duration::from_mins(1),
    refuses: true,
};

/// Maximum counts kept, 48 bytes each: some 6 MB. At the limit expired counts, or else all, are
/// dropped; to fill it costs an attacker a password hash, or another network, per count.
const COUNTS_MAX: usize = 128 * 1024;

/// A throttled action.
#[derive(Debug, Clone, Copy)]
pub enum Action<'a> {
    /// A login with this email.
    Login(&'a str),
    /// A registration.
    Registration,
    /// A change of this user's password.
    Password(UserId),
    /// A change of this user's profile.
    Profile(UserId),
}

/// The key of a count, of which only a hash is kept.
#[derive(Hash)]
enum Key<'a> {
    EmailAndAddress(&'a str, IpAddr),
    Account(&'a str),
    Network(IpAddr, u8),
    Registrations(IpAddr, u8),
    Password(UserId, IpAddr),
    Profile(UserId, IpAddr),
}

#[derive(Clone, Copy)]
struct Count {
    since: Instant,
    window: Duration,
    attempts: u32,
}

impl Count {
    fn reached(&self, rule: Rule, now: Instant) -> bool {
        !self.is_expired(now) && self.attempts >= rule.max
    }

    fn is_expired(&self, now: Instant) -> bool {
        self.since + self.window <= now
    }
}

/// Counts of recent attempts; cheap to clone. Logins are counted by email *and* address first, so
/// that an attacker does not lock out a user elsewhere. Behind an untrusted proxy all share the
/// proxy's address.
#[derive(Clone, Default)]
pub struct Throttle {
    counts: Arc<Mutex<HashMap<u64, Count>>>,
    /// Randomly keyed, so that nobody can provoke collisions.
    hasher: RandomState,
}

/// An attempt in progress. The primary count (email and address) includes it while it lives, so
/// that concurrent attempts are limited too. Dropped without a result, because the server was busy
/// or the client left, it does not count.
#[must_use = "dropped, it does not count"]
pub struct Attempt {
    throttle: Throttle,
    /// The primary count and its start; `None`: the attempt is decided.
    primary: Option<(u64, Instant)>,
    /// Counts to increment when it fails.
    wider: Vec<(u64, Rule)>,
    now: Instant,
}

impl Throttle {
    /// Counts an attempt.
    ///
    /// # Errors
    /// How long to wait, if there were too many.
    pub fn attempt(
        &self,
        now: Instant,
        action: Action<'_>,
        address: IpAddr,
    ) -> Result<Attempt, Duration> {
        let here = customer_network(address);
        let hash = |key: Key| self.hasher.hash_one(key);
        let mut counts = self.counts();
        let (primary, wider): (_, Vec<_>) = match action {
            Action::Login(email) => {
                let account = hash(Key::Account(email));
                let attacked = counts
                    .get(&account)
                    .is_some_and(|count| count.reached(ACCOUNT, now));
                let rule = if attacked {
                    EMAIL_AND_ADDRESS_UNDER_ATTACK
                } else {
                    EMAIL_AND_ADDRESS
                };
                let failures = networks(address)
                    .map(|(network, bits)| (hash(Key::Network(network, bits)), NETWORK));
                let wider = failures.chain([(account, ACCOUNT)]).collect();
                (Some((hash(Key::EmailAndAddress(email, here)), rule)), wider)
            }
            Action::Registration => {
                let all = networks(address).map(|(network, bits)| {
                    let key = hash(Key::Registrations(network, bits));
                    (key, REGISTRATIONS)
                });
                (None, all.collect())
            }
            Action::Password(uid) => (
                Some((hash(Key::Password(uid, here)), EMAIL_AND_ADDRESS)),
                Vec::new(),
            ),
            Action::Profile(uid) => (
                Some((hash(Key::Profile(uid, here)), EMAIL_AND_ADDRESS)),
                Vec::new(),
            ),
        };
        let refusing = primary
            .iter()
            .chain(&wider)
            .filter(|(_, rule)| rule.refuses);
        let waits = refusing.filter_map(|(key, rule)| {
            let count = counts.get(key).filter(|count| count.reached(*rule, now))?;
            Some((count.since + rule.window).saturating_duration_since(now))
        });
        if let Some(wait) = waits.max() {
            return Err(wait);
        }
        Ok(Attempt {
            primary: primary.map(|(key, rule)| (key, add(&mut counts, (key, rule), now))),
            throttle: self.clone(),
            wider,
            now,
        })
    }

    fn counts(&self) -> MutexGuard<'_, HashMap<u64, Count>> {
        self.counts.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Increments a count; returns when its window began.
fn add(counts: &mut HashMap<u64, Count>, (key, rule): (u64, Rule), now: Instant) -> Instant {
    if counts.len() >= COUNTS_MAX && !counts.contains_key(&key) {
        counts.retain(|_, count| !count.is_expired(now));
        if counts.len() >= COUNTS_MAX {
            counts.clear();
        }
    }
    let fresh = Count {
        since: now,
        window: rule.window,
        attempts: 0,
    };
    let count = counts.entry(key).or_insert(fresh);
    if count.is_expired(now) {
        *count = fresh;
    }
    count.attempts = count.attempts.saturating_add(1);
    count.since
}

impl Attempt {
    /// The password was wrong, or the action is throttled regardless of its result.
    pub fn count(mut self) {
        self.primary = None;
        let mut counts = self.throttle.counts();
        for wider in &self.wider {
            add(&mut counts, *wider, self.now);
        }
    }

    /// The password was right: resets the primary count.
    pub fn succeeded(mut self) {
        if let Some((primary, _)) = self.primary.take() {
            self.throttle.counts().remove(&primary);
        }
    }
}

impl Drop for Attempt {
    fn drop(&mut self) {
        let Some((key, since)) = self.primary else {
            return;
        };
        let mut counts = self.throttle.counts();
        if let Some(count) = counts.get_mut(&key)
            && count.since == since
        {
            count.attempts = count.attempts.saturating_sub(1);
            if count.attempts == 0 {
                counts.remove(&key);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::{Ipv4Addr, Ipv6Addr};

    const HERE: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);
    const THERE: IpAddr = IpAddr::V6(Ipv6Addr::LOCALHOST);

    impl Throttle {
        /// An attempt with a wrong password.
        fn fail(&self, now: Instant, email: &str, address: IpAddr) -> Result<(), Duration> {
            self.attempt(now, Action::Login(email), address)
                .map(Attempt::count)
        }
    }

    /// An address per number, each in its own network.
    fn far(number: u32) -> IpAddr {
        Ipv4Addr::from_bits(number << 8).into()
    }

    /// An address in the /64 of this number; all are in one /48.
    fn near(network: u16, host: u16) -> IpAddr {
        IpAddr::V6([0x2001, 0xdb8, 0, network, 0, 0, 0, host].into())
    }

    #[tokio::test(start_paused = true)]
    async fn eleventh_failure_waits_for_that_email_and_address_only() {
        let throttle = Throttle::default();
        let start = Instant::now();
        for _ in 0..EMAIL_AND_ADDRESS.max {
            assert_eq!(throttle.fail(start, "a", HERE), Ok(()));
        }
        assert_eq!(
            throttle.fail(start, "a", HERE),
            Err(EMAIL_AND_ADDRESS.window)
        );
        assert_eq!(throttle.fail(start, "a", THERE), Ok(()));
        assert_eq!(throttle.fail(start, "b", HERE), Ok(()));
        assert_eq!(
            throttle.fail(start + EMAIL_AND_ADDRESS.window, "a", HERE),
            Ok(())
        );
    }

    #[tokio::test(start_paused = true)]
    async fn dropped_attempt_counts_only_while_in_progress() {
        let throttle = Throttle::default();
        let now = Instant::now();
        for _ in 0..2 {
            let under_way: Vec<Attempt> = (0..EMAIL_AND_ADDRESS.max)
                .map(|_| {
                    let attempt = throttle.attempt(now, Action::Login("a"), HERE);
                    attempt.expect("few yet")
                })
                .collect();
            assert_eq!(throttle.fail(now, "a", HERE), Err(EMAIL_AND_ADDRESS.window));
            drop(under_way);
            assert_eq!(throttle.counts().len(), 0, "nothing is remembered of them");
        }

        assert_eq!(throttle.fail(now, "a", HERE), Ok(()));
        let late = throttle.attempt(now, Action::Login("a"), HERE);
        let late = late.expect("few yet");
        let then = now + EMAIL_AND_ADDRESS.window;
        for _ in 0..EMAIL_AND_ADDRESS.max {
            assert_eq!(throttle.fail(then, "a", HERE), Ok(()));
        }
        drop(late);
        let wait = throttle.fail(then, "a", HERE);
        assert_eq!(
            wait,
            Err(EMAIL_AND_ADDRESS.window),
            "it takes nothing from a later one"
        );
    }

    #[tokio::test(start_paused = true)]
    async fn address_that_tries_many_emails_waits() {
        let throttle = Throttle::default();
        let now = Instant::now();
        for n in 0..NETWORK.max {
            assert_eq!(throttle.fail(now, &n.to_string(), HERE), Ok(()));
        }
        assert_eq!(throttle.fail(now, "another", HERE), Err(NETWORK.window));
        assert_eq!(throttle.fail(now, "another", THERE), Ok(()));
        let right = throttle.attempt(now, Action::Login("another"), far(1));
        right.expect("not from here").succeeded();
        let still = throttle.fail(now, "another", HERE);
        assert_eq!(
            still,
            Err(NETWORK.window),
            "one right one of many tells nothing"
        );
    }

    #[tokio::test(start_paused = true)]
    async fn networks_of_a_customer_count_together() {
        let throttle = Throttle::default();
        let now = Instant::now();
        let register = |address| {
            let attempt = throttle.attempt(now, Action::Registration, address);
            attempt.map(Attempt::count)
        };
        for network in 0..15 {
            let attempt = register(near(network, 1));
            assert_eq!(attempt.is_ok(), u32::from(network) < REGISTRATIONS.max);
        }
        let elsewhere = IpAddr::V6([0x2001, 0xdb8, 1, 0, 0, 0, 0, 1].into());
        assert_eq!(register(elsewhere), Ok(()));

        for host in 0..15 {
            let attempt = throttle.fail(now, "a", near(0, host));
            assert_eq!(attempt.is_ok(), u32::from(host) < EMAIL_AND_ADDRESS.max);
        }
        for n in 0..200 {
            let attempt = throttle.fail(now, &n.to_string(), near(n, 0));
            assert_eq!(
                attempt.is_ok(),
                u32::from(n) + EMAIL_AND_ADDRESS.max < NETWORK.max,
                "{n}"
            );
        }
    }

    #[tokio::test(start_paused = true)]
    async fn account_under_attack_is_slowed_but_not_locked() {
        let throttle = Throttle::default();
        let now = Instant::now();
        for n in 0..1_000 {
            assert_eq!(throttle.fail(now, "a", far(n)), Ok(()));
            let again = throttle.fail(now, "a", far(n));
            assert_eq!(again.is_err(), n >= ACCOUNT.max / 2, "{n}");
        }
        let owner = throttle.attempt(now, Action::Login("a"), HERE);
        owner.expect("the first try of who knows it").succeeded();
        let later = now + ACCOUNT.window;
        for _ in 0..EMAIL_AND_ADDRESS.max {
            assert_eq!(throttle.fail(later, "a", HERE), Ok(()));
        }
    }

    #[tokio::test(start_paused = true)]
    async fn success_clears_failures_and_memory_is_bounded() {
        let throttle = Throttle::default();
        let now = Instant::now();
        for _ in 0..EMAIL_AND_ADDRESS.max - 1 {
            assert_eq!(throttle.fail(now, "a", HERE), Ok(()));
        }
        throttle
            .attempt(now, Action::Login("a"), HERE)
            .expect("the tenth")
            .succeeded();
        for _ in 0..EMAIL_AND_ADDRESS.max {
            assert_eq!(throttle.fail(now, "a", HERE), Ok(()));
        }
        for n in 0..60_000 {
            let email = "a very long email, of which only a hash is kept".repeat(20);
            assert_eq!(throttle.fail(now, &format!("{email}{n}"), far(n)), Ok(()));
        }
        assert!(throttle.counts().len() <= COUNTS_MAX);
    }
}
