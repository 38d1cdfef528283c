//! What this node knows of the networks of its devices.

use crate::store::SessionHash;
use lru::LruCache;
use std::net::IpAddr;
use std::num::NonZeroUsize;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tidings_shared::heartbeat::{Bounds, Policy};
use tidings_shared::limits;

/// Networks remembered; the one not used for longest is forgotten first, and starts over when it
/// comes back. About 200 bytes each.
const REMEMBERED: NonZeroUsize = NonZeroUsize::new(100_000).expect("not zero");

/// A device on a network: its login, and the address it comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Device {
    /// The login.
    pub session: SessionHash,
    /// The address; behind a proxy the proxy's, whose idle limit is then the one to find.
    pub address: IpAddr,
}

/// The heartbeat policies of this node's devices; cheap to clone. A hint that a restart forgets.
#[derive(Clone)]
pub struct Heartbeats {
    bounds: Bounds,
    known: Arc<Mutex<LruCache<Device, Policy>>>,
}

impl Heartbeats {
    /// Knows no device.
    pub fn new(bounds: Bounds) -> Self {
        // Grows with use: a node with ten users needs no room for a hundred thousand.
        let known = LruCache::unbounded();
        Self {
            bounds,
            known: Arc::new(Mutex::new(known)),
        }
    }

    /// The interval for a device that binds, which may tell of a heartbeat that had no answer.
    pub fn bound(&self, device: Device, missed: Option<Duration>) -> Duration {
        self.update(device, |bounds, policy| {
            if let Some(interval) = missed {
                policy.failed(bounds, interval);
            }
        })
    }

    /// The interval after a heartbeat that came when the connection had been quiet so long.
    pub fn beat(&self, device: Device, quiet: Duration) -> Duration {
        self.update(device, |bounds, policy| policy.succeeded(bounds, quiet))
    }

    /// A device that used to send heartbeats fell silent until the idle timeout.
    pub fn fell_silent(&self, device: Device) {
        self.update(device, |bounds, policy| {
            policy.failed(bounds, policy.interval());
        });
    }

    fn update(&self, device: Device, change: impl FnOnce(Bounds, &mut Policy)) -> Duration {
        let mut known = self.known();
        let bounds = self.bounds;
        let policy =
            known.get_or_insert_mut(device, || Policy::new(bounds, limits::HEARTBEAT_START));
        change(bounds, policy);
        let interval = policy.interval();
        if known.len() > REMEMBERED.get() {
            known.pop_lru();
        }
        interval
    }

    fn known(&self) -> MutexGuard<'_, LruCache<Device, Policy>> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
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
    fn what_was_found_is_remembered_for_the_device_on_its_network_alone() {
        let heartbeats = Heartbeats::new(BOUNDS);
        let home = device(1);
        let mut interval = heartbeats.bound(home, None);
        assert_eq!(interval, limits::HEARTBEAT_START);
        for _ in 0..20 {
            interval = heartbeats.beat(home, interval);
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
    fn a_missed_heartbeat_told_at_the_bind_shortens_the_interval() {
        let heartbeats = Heartbeats::new(BOUNDS);
        let missed = Some(limits::HEARTBEAT_START);
        assert!(heartbeats.bound(device(1), missed) < limits::HEARTBEAT_START);
        heartbeats.fell_silent(device(2));
        assert!(heartbeats.bound(device(2), None) < limits::HEARTBEAT_START);
    }

    #[test]
    fn memory_is_bounded_and_the_longest_unused_goes_first() {
        let heartbeats = Heartbeats::new(BOUNDS);
        for n in 0..=u32::try_from(REMEMBERED.get()).expect("small") {
            heartbeats.bound(device(n), None);
        }
        assert_eq!(heartbeats.known().len(), REMEMBERED.get());
        assert!(!heartbeats.known().contains(&device(0)));
    }
}
