//! Limits the connections of a node, in total and per address.

use crate::network::customer_network;
use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};

/// Which limit is reached.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Full {
    /// The node's.
    #[error("the node holds as many connections as it may")]
    Node,
    /// The address's.
    #[error("this address holds as many connections as it may")]
    Address,
}

#[derive(Debug, Default)]
struct Counts {
    all: usize,
    /// Empty unless there is a limit per address.
    by_address: HashMap<IpAddr, usize>,
}

/// The connection permits of a node; cheap to clone.
#[derive(Debug, Clone)]
pub struct ConnectionLimiter {
    counts: Arc<Mutex<Counts>>,
    max: usize,
    /// 0: no limit.
    max_per_address: usize,
}

impl ConnectionLimiter {
    /// All permits free. `max_per_address` 0 means no limit.
    pub fn new(max: usize, max_per_address: usize) -> Self {
        Self {
            counts: Arc::default(),
            max,
            max_per_address,
        }
    }

    /// Acquires a permit, which is held until dropped. IPv6 addresses count by their /64, the
    /// smallest network of a customer.
    ///
    /// # Errors
    /// [`Full`] says which limit is reached.
    pub fn acquire(&self, address: IpAddr) -> Result<ConnectionPermit, Full> {
        self.acquire_from((self.max_per_address > 0).then(|| customer_network(address)))
    }

    /// Acquires a permit for a trusted proxy, to which only the node's limit applies.
    ///
    /// # Errors
    /// [`Full::Node`]
    pub fn acquire_for_proxy(&self) -> Result<ConnectionPermit, Full> {
        self.acquire_from(None)
    }

    fn acquire_from(&self, address: Option<IpAddr>) -> Result<ConnectionPermit, Full> {
        let mut counts = self.counts.lock().unwrap_or_else(PoisonError::into_inner);
        if counts.all >= self.max {
            return Err(Full::Node);
        }
        if let Some(address) = address {
            let count = counts.by_address.entry(address).or_default();
            if *count >= self.max_per_address {
                return Err(Full::Address);
            }
            *count += 1;
        }
        counts.all += 1;
        Ok(ConnectionPermit {
            counts: Arc::clone(&self.counts),
            address,
        })
    }
}

/// One connection's permit.
#[derive(Debug)]
pub struct ConnectionPermit {
    counts: Arc<Mutex<Counts>>,
    address: Option<IpAddr>,
}

impl Drop for ConnectionPermit {
    fn drop(&mut self) {
        let mut counts = self.counts.lock().unwrap_or_else(PoisonError::into_inner);
        counts.all -= 1;
        let Some(address) = self.address else { return };
        if let Some(count) = counts.by_address.get_mut(&address) {
            *count -= 1;
            if *count == 0 {
                counts.by_address.remove(&address);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ip(text: &str) -> IpAddr {
        text.parse().expect("valid")
    }

    #[test]
    fn node_and_address_limits_hold_and_dropping_frees_a_permit() {
        let limiter = ConnectionLimiter::new(3, 2);
        let first = limiter.acquire(ip("192.0.2.1")).expect("room");
        let second = limiter.acquire(ip("192.0.2.1")).expect("room");
        assert_eq!(limiter.acquire(ip("192.0.2.1")).err(), Some(Full::Address));
        let third = limiter.acquire(ip("192.0.2.2")).expect("room");
        assert_eq!(limiter.acquire(ip("192.0.2.3")).err(), Some(Full::Node));
        drop(first);
        assert!(limiter.acquire(ip("192.0.2.1")).is_ok());
        drop(second);
        let many = [0; 2].map(|_| limiter.acquire_for_proxy().expect("room"));
        assert_eq!(limiter.acquire_for_proxy().err(), Some(Full::Node));
        drop((third, many));
        assert!(limiter.counts.lock().expect("sound").by_address.is_empty());
    }

    #[test]
    fn ipv6_addresses_of_one_64_bit_network_count_together() {
        let limiter = ConnectionLimiter::new(9, 1);
        let _held = limiter.acquire(ip("2001:db8::1")).expect("room");
        assert_eq!(
            limiter.acquire(ip("2001:db8::2")).err(),
            Some(Full::Address)
        );
        assert!(limiter.acquire(ip("2001:db8:0:1::1")).is_ok());
    }

    #[test]
    fn zero_means_no_limit_per_address() {
        let limiter = ConnectionLimiter::new(100, 0);
        let held: Vec<_> = (0..100).map(|_| limiter.acquire(ip("192.0.2.1"))).collect();
        assert!(held.iter().all(Result::is_ok));
    }
}
