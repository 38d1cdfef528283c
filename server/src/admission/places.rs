//! How many connections the node holds, in all and of one address.

use super::{ClientAddress, customer_network};
use crate::app::AppState;
use crate::http::Failure;
use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

/// After how long a refused client should come back, at least.
const RETRY: Duration = Duration::from_secs(5);

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
struct Taken {
    all: usize,
    /// Empty unless an address is limited.
    by_address: HashMap<IpAddr, usize>,
}

/// The places of a node; cheap to clone.
#[derive(Debug, Clone)]
pub struct Places {
    taken: Arc<Mutex<Taken>>,
    max: usize,
    /// 0: no limit.
    max_per_address: usize,
}

impl Places {
    /// All places are free. `max_per_address` 0 means no limit.
    pub fn new(max: usize, max_per_address: usize) -> Self {
        Self {
            taken: Arc::default(),
            max,
            max_per_address,
        }
    }

    /// Takes a place until the value is dropped. An IPv6 address counts with its /64, which is
    /// what one customer has.
    ///
    /// # Errors
    /// [`Full`] says which limit is reached.
    pub fn take(&self, address: IpAddr) -> Result<Place, Full> {
        self.take_of((self.max_per_address > 0).then(|| customer_network(address)))
    }

    /// Takes a place for an address that stands for many, as a proxy does: only the node's limit holds.
    ///
    /// # Errors
    /// [`Full::Node`]
    pub fn take_for_many(&self) -> Result<Place, Full> {
        self.take_of(None)
    }

    fn take_of(&self, address: Option<IpAddr>) -> Result<Place, Full> {
        let mut taken = self.taken.lock().unwrap_or_else(PoisonError::into_inner);
        if taken.all >= self.max {
            return Err(Full::Node);
        }
        if let Some(address) = address {
            let count = taken.by_address.entry(address).or_default();
            if *count >= self.max_per_address {
                return Err(Full::Address);
            }
            *count += 1;
        }
        taken.all += 1;
        Ok(Place {
            taken: Arc::clone(&self.taken),
            address,
        })
    }
}

/// One place.
#[derive(Debug)]
pub struct Place {
    taken: Arc<Mutex<Taken>>,
    address: Option<IpAddr>,
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut taken = self.taken.lock().unwrap_or_else(PoisonError::into_inner);
        taken.all -= 1;
        let Some(address) = self.address else { return };
        if let Some(count) = taken.by_address.get_mut(&address) {
            *count -= 1;
            if *count == 0 {
                taken.by_address.remove(&address);
            }
        }
    }
}

/// Takes the place before the store is asked who it is: refusing must be cheap.
impl FromRequestParts<AppState> for Place {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, app: &AppState) -> Result<Self, Failure> {
        let Ok(ClientAddress(address)) = ClientAddress::from_request_parts(parts, app).await;
        app.admission.places.take(address).map_err(|full| {
            tracing::debug!(%address, %full, "refused");
            let number = app.hub.next_id().0;
            let wait = super::spread(RETRY, number);
            match full {
                Full::Node => {
                    app.metrics.samples.refused("node");
                    Failure::Full(wait)
                }
                Full::Address => {
                    app.metrics.samples.refused("address");
                    Failure::TooManyConnections(wait)
                }
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ip(text: &str) -> IpAddr {
        text.parse().expect("valid")
    }

    #[test]
    fn the_node_and_each_address_have_a_limit_and_leaving_makes_room() {
        let places = Places::new(3, 2);
        let first = places.take(ip("192.0.2.1")).expect("room");
        let second = places.take(ip("192.0.2.1")).expect("room");
        assert_eq!(places.take(ip("192.0.2.1")).err(), Some(Full::Address));
        let third = places.take(ip("192.0.2.2")).expect("room");
        assert_eq!(places.take(ip("192.0.2.3")).err(), Some(Full::Node));
        drop(first);
        assert!(places.take(ip("192.0.2.1")).is_ok());
        drop(second);
        let many = [0; 2].map(|_| places.take_for_many().expect("room"));
        assert_eq!(places.take_for_many().err(), Some(Full::Node));
        drop((third, many));
        assert!(places.taken.lock().expect("sound").by_address.is_empty());
    }

    #[test]
    fn an_ipv6_customer_is_one_address() {
        let places = Places::new(9, 1);
        let _held = places.take(ip("2001:db8::1")).expect("room");
        assert_eq!(places.take(ip("2001:db8::2")).err(), Some(Full::Address));
        assert!(places.take(ip("2001:db8:0:1::1")).is_ok());
    }

    #[test]
    fn zero_is_no_limit_of_an_address() {
        let places = Places::new(100, 0);
        let held: Vec<_> = (0..100).map(|_| places.take(ip("192.0.2.1"))).collect();
        assert!(held.iter().all(Result::is_ok));
    }
}
