//! Networks of client addresses.

use ipnet::IpNet;
use std::net::{IpAddr, Ipv6Addr};

/// The smallest network a customer has: the address or, for IPv6, its /64 (RFC 6177 §2).
pub(crate) fn customer_network(address: IpAddr) -> IpAddr {
    network(address, 64)
}

/// The networks that may belong to one customer: the address or, for IPv6, its /64, /56 and /48
/// (RFC 6177 §2), each with its prefix length.
pub(crate) fn networks(address: IpAddr) -> impl Iterator<Item = (IpAddr, u8)> {
    let sizes: &[u8] = match address {
        IpAddr::V4(_) => &[32],
        IpAddr::V6(_) => &[64, 56, 48],
    };
    sizes
        .iter()
        .map(move |bits| (network(address, *bits), *bits))
}

/// The first address of the network with this prefix length, 1 to 128. IPv4 addresses are returned
/// unchanged.
fn network(address: IpAddr, bits: u8) -> IpAddr {
    match address {
        IpAddr::V4(_) => address,
        IpAddr::V6(address) => {
            let host_bits = 128 - u32::from(bits);
            Ipv6Addr::from_bits(address.to_bits() >> host_bits << host_bits).into()
        }
    }
}

/// Parses `10.0.0.0/8`, or a single address.
///
/// # Errors
/// A sentence for the operator when it is neither.
pub fn parse_network(text: &str) -> Result<IpNet, String> {
    text.parse::<IpNet>()
        .or_else(|_| text.parse::<IpAddr>().map(IpNet::from))
        .map_err(|_| format!("{text:?} is no network such as 10.0.0.0/8, and no address"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn network_parses_from_cidr_or_address() {
        assert!(parse_network("10.0.0.0/8").is_ok());
        assert!(parse_network("2001:db8::1").is_ok());
        assert!(parse_network("everybody").is_err());
    }
}
