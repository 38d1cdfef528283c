//! Heartbeat intervals learned per device and network.

use crate::domain::SessionHash;
use lru::LruCache;
use std::net::IpAddr;
use std::num::NonZeroUsize;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tidings_shared::heartbeat::{Bounds, Policy};
use tidings_shared::limits;

/// Devices kept; the least recently used is evicted first, and starts over when it returns. About
/// 200 bytes each.
const CAPACITY: NonZeroUsize = NonZeroUsize::new(100_000).expect("not zero");

/// A device on a network: its login, and the address it comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Device {
    /// The login.
    pub session: SessionHash,
    /// The client address; behind an untrusted proxy the proxy's, whose idle limit then determines
    /// the interval.
    pub address: IpAddr,
}

/// The heartbeat policies of this node's devices; cheap to clone. Best effort: lost on restart.
#[derive(Clone)]
pub struct Heartbeats {
    bounds: Bounds,
    policies: Arc<Mutex<LruCache<Device, Policy>>>,
}

impl Heartbeats {
    /// No devices yet.
    pub fn new(bounds: Bounds) -> Self {
        // Grows with use: a node with ten users does not allocate for a hundred thousand.
        let policies = LruCache::unbounded();
        Self {
            bounds,
            policies: Arc::new(Mutex::new(policies)),
        }
    }

    /// The interval for a device that binds; `missed` is a heartbeat interval that had no answer.
    pub fn bound(&self, device: Device, missed: Option<Duration>) -> Duration {
        self.update(device, |bounds, policy| {
            if let Some(interval) = missed {
                policy.handle_failure(bounds, interval);
            }
        })
    }

    /// The interval after a heartbeat on a connection that had been idle for so long.
    pub fn answered(&self, device: Device, idle_before: Duration) -> Duration {
        self.update(device, |bounds, policy| {
            policy.handle_success(bounds, idle_before);
        })
    }

    /// A device that sends heartbeats was silent until the idle timeout.
    pub fn timed_out(&self, device: Device) {
        self.update(device, |bounds, policy| {
            policy.handle_failure(bounds, policy.interval());
        });
    }

    fn update(&self, device: Device, change: impl FnOnce(Bounds, &mut Policy)) -> Duration {
        let mut policies = self.policies();
        let bounds = self.bounds;
        let policy =
            policies.get_or_insert_mut(device, || Policy::new(bounds, limits::HEARTBEAT_START));
        change(bounds, policy);
        let interval = policy.interval();
        if policies.len() > CAPACITY.get() {
            policies.pop_lru();
        }
        interval
    }

    fn policies(&self) -> MutexGuard<'_, LruCache<Device, Policy>> {
        self.policies.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const BOUNDS: Bounds = Bounds {
        min: Duration::from_secs(15),
        max: Duration::from_mins(4),
    };

    fn device(n: u32) -> Device {
        let mut hash = [0; 32];
        hash[..4].copy_from_slice(&n.to_be_bytes());
        Device {
            session: SessionHash(hash),
            address: IpAddr::from(n.to_be_bytes()),
        }
    }

    #[test]
    fn learned_interval_is_kept_per_device_and_network() {
        let heartbeats = Heartbeats::new(BOUNDS);
        let home = device(1);
        let mut interval = heartbeats.bound(home, None);
        assert_eq!(interval, limits::HEARTBEAT_START);
        for _ in 0..20 {
            interval = heartbeats.answered(home, interval);
        }
        assert_eq!(interval, BOUNDS.max);
        assert_eq!(heartbeats.bound(home, None), interval);
        let elsewhere = Device {
            address: device(2).address,
            ..home
        };
        assert_eq!(heartbeats.bound(elsewhere, None), limits::HEARTBEAT_START);
    }

    #[test]
    fn missed_heartbeat_in_bind_shortens_the_interval() {
        let heartbeats = Heartbeats::new(BOUNDS);
        let missed = Some(limits::HEARTBEAT_START);
        assert!(heartbeats.bound(device(1), missed) < limits::HEARTBEAT_START);
        heartbeats.timed_out(device(2));
        assert!(heartbeats.bound(device(2), None) < limits::HEARTBEAT_START);
    }

    #[test]
    fn cache_is_bounded_and_evicts_the_least_recently_used() {
        let heartbeats = Heartbeats::new(BOUNDS);
        for n in 0..=u32::try_from(CAPACITY.get()).expect("small") {
            heartbeats.bound(device(n), None);
        }
        assert_eq!(heartbeats.policies().len(), CAPACITY.get());
        assert!(!heartbeats.policies().contains(&device(0)));
    }
}
