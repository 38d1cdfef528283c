//! Slowing down those who guess passwords, and those who do something else too often.

use crate::admission::{customer_network, networks};
use std::collections::HashMap;
use std::hash::{BuildHasher, RandomState};
use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tidings_shared::UserId;
use tokio::time::Instant;

/// So many within a time that begins with the first of them.
#[derive(Debug, Clone, Copy)]
struct Rule {
    max: u32,
    window: Duration,
    /// Whether more are refused.
    refuses: bool,
}

/// Failures with one email from one address.
const PAIR: Rule = Rule {
    max: 10,
    window: Duration::from_mins(1),
    refuses: true,
};
/// The same while many fail with that email, from wherever: who knows the password needs no second try.
const PAIR_UNDER_ATTACK: Rule = Rule { max: 1, ..PAIR };
/// Failures with one email from everywhere; beyond this it is under attack.
const ACCOUNT: Rule = Rule {
    max: 50,
    window: Duration::from_hours(1),
    refuses: false,
};
/// Failures from one network, with whichever emails.
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

/// Counts kept, 48 bytes each with their place in the table: some 6 MB. At the bound the expired ones, or
/// else all, are forgotten; to fill it costs a flood a password's hash, or another network, for each.
const COUNTS_MAX: usize = 128 * 1024;

/// What is attempted.
#[derive(Debug, Clone, Copy)]
pub enum Deed<'a> {
    /// A login with this email.
    Login(&'a str),
    /// A registration.
    Registration,
    /// A change of this user's password.
    Password(UserId),
    /// A change of what others see of this user.
    Profile(UserId),
}

/// What is counted, of which only a hash is kept.
#[derive(Hash)]
enum Key<'a> {
    Pair(&'a str, IpAddr),
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
        !self.is_over(now) && self.attempts >= rule.max
    }

    fn is_over(&self, now: Instant) -> bool {
        self.since + self.window <= now
    }
}

/// Failed logins of late, and what else is to be slowed down; cheap to clone. By email *and* address
/// first, so that a guesser does not lock out who comes from elsewhere; behind a proxy that is not
/// trusted all come from the proxy's.
#[derive(Clone, Default)]
pub struct Throttle {
    counts: Arc<Mutex<HashMap<u64, Count>>>,
    /// Secret, so that nobody can choose what collides.
    hasher: RandomState,
}

/// An attempt under way. With one email from one address it counts while it lives, so that many at once
/// count too; dropped, it was not looked at, because the server was busy or nobody waited any more, and
/// does not count.
#[must_use = "dropped, it does not count"]
pub struct Attempt {
    throttle: Throttle,
    /// Counted already, since when; none: it is decided.
    pair: Option<(u64, Instant)>,
    /// To be counted when it fails.
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
        deed: Deed<'_>,
        address: IpAddr,
    ) -> Result<Attempt, Duration> {
        let here = customer_network(address);
        let hash = |key: Key| self.hasher.hash_one(key);
        let mut counts = self.counts();
        let (pair, wider): (_, Vec<_>) = match deed {
            Deed::Login(email) => {
                let account = hash(Key::Account(email));
                let attacked = counts
                    .get(&account)
                    .is_some_and(|count| count.reached(ACCOUNT, now));
                let rule = if attacked { PAIR_UNDER_ATTACK } else { PAIR };
                let failures = networks(address)
                    .map(|(network, bits)| (hash(Key::Network(network, bits)), NETWORK));
                let wider = failures.chain([(account, ACCOUNT)]).collect();
                (Some((hash(Key::Pair(email, here)), rule)), wider)
            }
            Deed::Registration => {
                let all = networks(address).map(|(network, bits)| {
                    let key = hash(Key::Registrations(network, bits));
                    (key, REGISTRATIONS)
                });
                (None, all.collect())
            }
            Deed::Password(uid) => (Some((hash(Key::Password(uid, here)), PAIR)), Vec::new()),
            Deed::Profile(uid) => (Some((hash(Key::Profile(uid, here)), PAIR)), Vec::new()),
        };
        let refusing = pair.iter().chain(&wider).filter(|(_, rule)| rule.refuses);
        let waits = refusing.filter_map(|(key, rule)| {
            let count = counts.get(key).filter(|count| count.reached(*rule, now))?;
            Some((count.since + rule.window).saturating_duration_since(now))
        });
        if let Some(wait) = waits.max() {
            return Err(wait);
        }
        Ok(Attempt {
            pair: pair.map(|(key, rule)| (key, add(&mut counts, (key, rule), now))),
            throttle: self.clone(),
            wider,
            now,
        })
    }

    fn counts(&self) -> MutexGuard<'_, HashMap<u64, Count>> {
        self.counts.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Adds one to a count; when that began.
fn add(counts: &mut HashMap<u64, Count>, (key, rule): (u64, Rule), now: Instant) -> Instant {
    if counts.len() >= COUNTS_MAX && !counts.contains_key(&key) {
        counts.retain(|_, count| !count.is_over(now));
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
    if count.is_over(now) {
        *count = fresh;
    }
    count.attempts = count.attempts.saturating_add(1);
    count.since
}

impl Attempt {
    /// The password was wrong, or this is to be slowed down whatever becomes of it.
    pub fn counts(mut self) {
        self.pair = None;
        let mut counts = self.throttle.counts();
        for wider in &self.wider {
            add(&mut counts, *wider, self.now);
        }
    }

    /// The password was right: the failures with it from here are forgotten.
    pub fn succeeded(mut self) {
        if let Some((pair, _)) = self.pair.take() {
            self.throttle.counts().remove(&pair);
        }
    }
}

impl Drop for Attempt {
    fn drop(&mut self) {
        let Some((key, since)) = self.pair else {
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
            self.attempt(now, Deed::Login(email), address)
                .map(Attempt::counts)
        }
    }

    /// An address for each number, each in a network of its own.
    fn far(number: u32) -> IpAddr {
        Ipv4Addr::from_bits(number << 8).into()
    }

    /// In the network of 64 bits of this number, all of them in one of 48.
    fn near(network: u16, host: u16) -> IpAddr {
        IpAddr::V6([0x2001, 0xdb8, 0, network, 0, 0, 0, host].into())
    }

    #[tokio::test(start_paused = true)]
    async fn after_ten_attempts_a_guesser_waits_and_nobody_else_does() {
        let throttle = Throttle::default();
        let start = Instant::now();
        for _ in 0..PAIR.max {
            assert_eq!(throttle.fail(start, "a", HERE), Ok(()));
        }
        assert_eq!(throttle.fail(start, "a", HERE), Err(PAIR.window));
        assert_eq!(throttle.fail(start, "a", THERE), Ok(()));
        assert_eq!(throttle.fail(start, "b", HERE), Ok(()));
        assert_eq!(throttle.fail(start + PAIR.window, "a", HERE), Ok(()));
    }

    #[tokio::test(start_paused = true)]
    async fn what_was_not_looked_at_counts_only_while_it_is_under_way() {
        let throttle = Throttle::default();
        let now = Instant::now();
        for _ in 0..2 {
            let under_way: Vec<Attempt> = (0..PAIR.max)
                .map(|_| {
                    let attempt = throttle.attempt(now, Deed::Login("a"), HERE);
                    attempt.expect("few yet")
                })
                .collect();
            assert_eq!(throttle.fail(now, "a", HERE), Err(PAIR.window));
            drop(under_way);
            assert_eq!(throttle.counts().len(), 0, "nothing is remembered of them");
        }

        assert_eq!(throttle.fail(now, "a", HERE), Ok(()));
        let late = throttle.attempt(now, Deed::Login("a"), HERE);
        let late = late.expect("few yet");
        let then = now + PAIR.window;
        for _ in 0..PAIR.max {
            assert_eq!(throttle.fail(then, "a", HERE), Ok(()));
        }
        drop(late);
        let wait = throttle.fail(then, "a", HERE);
        assert_eq!(wait, Err(PAIR.window), "it takes nothing from a later one");
    }

    #[tokio::test(start_paused = true)]
    async fn an_address_that_tries_many_emails_waits() {
        let throttle = Throttle::default();
        let now = Instant::now();
        for n in 0..NETWORK.max {
            assert_eq!(throttle.fail(now, &n.to_string(), HERE), Ok(()));
        }
        assert_eq!(throttle.fail(now, "another", HERE), Err(NETWORK.window));
        assert_eq!(throttle.fail(now, "another", THERE), Ok(()));
        let right = throttle.attempt(now, Deed::Login("another"), far(1));
        right.expect("not from here").succeeded();
        let still = throttle.fail(now, "another", HERE);
        assert_eq!(
            still,
            Err(NETWORK.window),
            "one right one of many tells nothing"
        );
    }

    #[tokio::test(start_paused = true)]
    async fn the_networks_of_a_customer_count_together() {
        let throttle = Throttle::default();
        let now = Instant::now();
        let register = |address| {
            let attempt = throttle.attempt(now, Deed::Registration, address);
            attempt.map(Attempt::counts)
        };
        for network in 0..15 {
            let taken = register(near(network, 1));
            assert_eq!(taken.is_ok(), u32::from(network) < REGISTRATIONS.max);
        }
        let elsewhere = IpAddr::V6([0x2001, 0xdb8, 1, 0, 0, 0, 0, 1].into());
        assert_eq!(register(elsewhere), Ok(()));

        for host in 0..15 {
            let taken = throttle.fail(now, "a", near(0, host));
            assert_eq!(taken.is_ok(), u32::from(host) < PAIR.max);
        }
        for n in 0..200 {
            let taken = throttle.fail(now, &n.to_string(), near(n, 0));
            assert_eq!(taken.is_ok(), u32::from(n) + PAIR.max < NETWORK.max, "{n}");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn an_account_under_attack_is_slowed_and_never_locked() {
        let throttle = Throttle::default();
        let now = Instant::now();
        for n in 0..1_000 {
            assert_eq!(throttle.fail(now, "a", far(n)), Ok(()));
            let again = throttle.fail(now, "a", far(n));
            assert_eq!(again.is_err(), n >= ACCOUNT.max / 2, "{n}");
        }
        let owner = throttle.attempt(now, Deed::Login("a"), HERE);
        owner.expect("the first try of who knows it").succeeded();
        let later = now + ACCOUNT.window;
        for _ in 0..PAIR.max {
            assert_eq!(throttle.fail(later, "a", HERE), Ok(()));
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_success_forgets_and_memory_is_bounded() {
        let throttle = Throttle::default();
        let now = Instant::now();
        for _ in 0..PAIR.max - 1 {
            assert_eq!(throttle.fail(now, "a", HERE), Ok(()));
        }
        throttle
            .attempt(now, Deed::Login("a"), HERE)
            .expect("the tenth")
            .succeeded();
        for _ in 0..PAIR.max {
            assert_eq!(throttle.fail(now, "a", HERE), Ok(()));
        }
        for n in 0..60_000 {
            let email = "a very long email, of which only a hash is kept".repeat(20);
            assert_eq!(throttle.fail(now, &format!("{email}{n}"), far(n)), Ok(()));
        }
        assert!(throttle.counts().len() <= COUNTS_MAX);
    }
}
