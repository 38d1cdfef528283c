//! The client address of a request.

use crate::app::AppState;
use axum::extract::{ConnectInfo, FromRequestParts};
use axum::http::HeaderMap;
use axum::http::request::Parts;
use ipnet::IpNet;
use std::convert::Infallible;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::Once;

/// The header in which proxies list the addresses they forward for.
const FORWARDED_FOR: &str = "x-forwarded-for";

/// The address of the client: the peer of the socket or, when that is a trusted proxy, the
/// right-most address of `X-Forwarded-For` that is not a trusted proxy. Addresses further left may
/// have been written by the client itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct ClientAddress(pub IpAddr);

impl FromRequestParts<AppState> for ClientAddress {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, app: &AppState) -> Result<Self, Infallible> {
        let peer = parts.extensions.get::<ConnectInfo<SocketAddr>>();
        Ok(Self::of(app, peer.map(|peer| peer.0), &parts.headers))
    }
}

impl ClientAddress {
    /// The client address for a socket's peer, which is `None` where there is no socket, as in a
    /// test.
    pub(crate) fn of(app: &AppState, peer: Option<SocketAddr>, headers: &HeaderMap) -> Self {
        let peer = peer.map_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED), |peer| peer.ip());
        let trusted = &app.config.trusted_proxies;
        if headers.contains_key(FORWARDED_FOR) && !is_trusted(trusted, peer.to_canonical()) {
            warn_once(peer);
        }
        Self(client_address(trusted, peer, headers))
    }
}

/// Logs it once per process: anybody may send the header.
fn warn_once(peer: IpAddr) {
    static LOGGED: Once = Once::new();
    LOGGED.call_once(|| {
        tracing::warn!(
            %peer,
            "X-Forwarded-For of this address is not believed, and all who come through it count as one: \
             if it is your proxy, name it by --trusted-proxies"
        );
    });
}

fn is_trusted(trusted: &[IpNet], address: IpAddr) -> bool {
    trusted.iter().any(|network| network.contains(&address))
}

fn client_address(trusted: &[IpNet], peer: IpAddr, headers: &HeaderMap) -> IpAddr {
    let mut address = peer.to_canonical();
    let hops = headers
        .get_all(FORWARDED_FOR)
        .iter()
        .rev()
        .flat_map(|value| value.to_str().unwrap_or_default().rsplit(','));
    for hop in hops {
        if !is_trusted(trusted, address) {
            break;
        }
        // An unreadable entry ends the search: entries left of it cannot be trusted either.
        let Some(hop) = parse(hop.trim()) else { break };
        address = hop;
    }
    address
}

/// Parses an address, optionally with a port or in brackets, as some proxies write it.
fn parse(text: &str) -> Option<IpAddr> {
    let bare = text.trim_start_matches('[').trim_end_matches(']');
    bare.parse::<IpAddr>()
        .ok()
        .or_else(|| text.parse::<SocketAddr>().ok().map(|socket| socket.ip()))
        .map(|address| address.to_canonical())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::network::parse_network;

    fn resolve(peer: &str, forwarded: &[&str]) -> String {
        let trusted = ["10.0.0.0/8", "::1"].map(|text| parse_network(text).expect("valid"));
        let headers = forwarded.iter().map(|value| {
            let name = axum::http::HeaderName::from_static("x-forwarded-for");
            (name, value.parse().expect("valid"))
        });
        let mut map = HeaderMap::new();
        for (name, value) in headers {
            map.append(name, value);
        }
        client_address(&trusted, peer.parse().expect("valid"), &map).to_string()
    }

    #[test]
    fn untrusted_peer_cannot_set_forwarded_for() {
        assert_eq!(resolve("192.0.2.1", &["198.51.100.7"]), "192.0.2.1");
        assert_eq!(resolve("::ffff:192.0.2.1", &[]), "192.0.2.1");
    }

    #[test]
    fn right_most_untrusted_forwarded_address_is_used() {
        assert_eq!(resolve("10.0.0.1", &["198.51.100.7"]), "198.51.100.7");
        assert_eq!(
            resolve("10.0.0.1", &["203.0.113.9, 198.51.100.7, 10.1.1.1"]),
            "198.51.100.7"
        );
        assert_eq!(
            resolve("::1", &["203.0.113.9", "198.51.100.7:4711, 10.1.1.1"]),
            "198.51.100.7"
        );
        assert_eq!(
            resolve("::ffff:10.0.0.1", &["[2001:db8::1]"]),
            "2001:db8::1"
        );
    }

    #[test]
    fn unreadable_forwarded_address_ends_the_search() {
        assert_eq!(resolve("10.0.0.1", &["198.51.100.7, unknown"]), "10.0.0.1");
        assert_eq!(
            resolve("10.0.0.1", &["198.51.100.7, x, 10.2.2.2"]),
            "10.2.2.2"
        );
        assert_eq!(resolve("10.0.0.1", &[]), "10.0.0.1");
    }
}
