//! The destination and the source address of connections.

use anyhow::{Context, Result};
use std::net::{IpAddr, Ipv4Addr, SocketAddr, ToSocketAddrs};
use std::str::FromStr;
use std::sync::Arc;

/// The most connections from one source address to one target. Linux has 28,232 ephemeral ports,
/// some of which wait after a close.
const CONNECTIONS_PER_SOURCE: usize = 12_000;

/// A node.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Target {
    /// `ws://HOST:PORT/PATH`
    pub url: String,
    /// The resolved address.
    pub address: SocketAddr,
}

impl FromStr for Target {
    type Err = anyhow::Error;

    /// Parses `ws://HOST:PORT/PATH`, or `HOST:PORT` alone for the path `/ws`.
    fn from_str(text: &str) -> Result<Self> {
        let rest = text.strip_prefix("ws://").unwrap_or(text);
        let (host, path) = rest.split_once('/').unwrap_or((rest, "ws"));
        let address = host
            .to_socket_addrs()
            .with_context(|| format!("{text:?} is not of the form ws://HOST:PORT/ws"))?
            .next()
            .with_context(|| format!("{host} has no address"))?;
        Ok(Self {
            url: format!("ws://{host}/{path}"),
            address,
        })
    }
}

/// The nodes that a user connects to, and the source address.
#[derive(Debug, Clone)]
pub struct Route {
    /// All nodes.
    pub targets: Arc<[Target]>,
    /// The index of the node that the user starts with.
    pub first: usize,
    /// Whether the user connects to the next node after a loss, as through a load balancer.
    pub rotate: bool,
    /// The local address to connect from; `None`: the system's choice.
    pub source: Option<Ipv4Addr>,
}

impl Route {
    /// The node to connect to after this many lost or refused connections.
    pub fn target(&self, losses: usize) -> &Target {
        let offset = if self.rotate { losses } else { 0 };
        &self.targets[(self.first + offset) % self.targets.len()]
    }
}

/// The source address for the connection with this number, if the target is on this machine and one
/// source does not have enough ports for all: 127.0.0.2, 127.0.0.3 and so on.
pub fn source(target: &Target, number: usize) -> Option<Ipv4Addr> {
    let local = matches!(target.address.ip(), IpAddr::V4(ip) if ip.is_loopback());
    let offset = u8::try_from(number / CONNECTIONS_PER_SOURCE).ok()?;
    (local && offset > 0).then(|| Ipv4Addr::new(127, 0, 0, offset.saturating_add(1)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_target_is_a_url_or_an_address_alone() {
        let target: Target = "ws://127.0.0.1:80/chat".parse().expect("valid");
        assert_eq!(target.url, "ws://127.0.0.1:80/chat");
        let target: Target = "127.0.0.1:80".parse().expect("valid");
        assert_eq!(target.url, "ws://127.0.0.1:80/ws");
        assert!("nonsense".parse::<Target>().is_err());
    }

    #[test]
    fn many_connections_to_this_machine_come_from_several_addresses() {
        let here: Target = "127.0.0.1:80".parse().expect("valid");
        let there: Target = "192.0.2.1:80".parse().expect("valid");
        assert_eq!(source(&here, 0), None);
        assert_eq!(
            source(&here, CONNECTIONS_PER_SOURCE),
            Some(Ipv4Addr::new(127, 0, 0, 2))
        );
        assert_eq!(
            source(&here, 2 * CONNECTIONS_PER_SOURCE),
            Some(Ipv4Addr::new(127, 0, 0, 3))
        );
        assert_eq!(source(&there, CONNECTIONS_PER_SOURCE), None);
    }

    #[test]
    fn a_user_keeps_its_node_unless_rotation_is_on() {
        let targets: Arc<[Target]> = ["127.0.0.1:1", "127.0.0.1:2"]
            .map(|text| text.parse().expect("valid"))
            .into();
        let mut route = Route {
            targets,
            first: 1,
            rotate: false,
            source: None,
        };
        assert_eq!(route.target(5).address.port(), 2);
        route.rotate = true;
        assert_eq!(route.target(1).address.port(), 1);
    }
}
