//! Asking an address: is it free, does a server answer there?

use std::io::{ErrorKind, Read as _, Write as _};
use std::net::{IpAddr, Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::time::Duration;

use anyhow::{Result, bail};

const PATIENCE: Duration = Duration::from_millis(500);

/// An error if another program listens on `address`; `advice` says what to do about it.
pub(crate) fn expect_free(address: SocketAddr, advice: &str) -> Result<()> {
    match TcpListener::bind(address) {
        Err(error) if error.kind() == ErrorKind::AddrInUse => {
            bail!("another program already listens on {address}; {advice}")
        }
        // Whatever else is wrong, the server itself says better.
        _ => Ok(()),
    }
}

/// Whether `GET /healthz` there is answered with 200.
pub(crate) fn is_healthy(address: SocketAddr) -> bool {
    let ask = || -> std::io::Result<bool> {
        let mut stream = TcpStream::connect_timeout(&address, PATIENCE)?;
        stream.set_read_timeout(Some(PATIENCE))?;
        write!(
            stream,
            "GET /healthz HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n"
        )?;
        let mut start = [0; 12];
        stream.read_exact(&mut start)?;
        Ok(start == *b"HTTP/1.1 200")
    };
    ask().unwrap_or(false)
}

/// Whether something accepts connections there.
pub(crate) fn answers(address: SocketAddr) -> bool {
    TcpStream::connect_timeout(&address, PATIENCE).is_ok()
}

/// Where to reach a server on this machine that listens on `address`, which may be "all".
pub(crate) fn reachable(mut address: SocketAddr) -> SocketAddr {
    if address.ip().is_unspecified() {
        address.set_ip(IpAddr::V4(Ipv4Addr::LOCALHOST));
    }
    address
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_taken_address_is_noticed_and_no_server_is_not_healthy() {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let address = listener.local_addr().unwrap();
        let error = expect_free(address, "stop it").unwrap_err();
        assert!(error.to_string().ends_with("stop it"));
        drop(listener);
        assert!(expect_free(address, "stop it").is_ok());
        assert!(!is_healthy(address));
    }

    #[test]
    fn all_interfaces_are_reached_through_the_loopback() {
        assert_eq!(
            reachable("0.0.0.0:80".parse().unwrap()).to_string(),
            "127.0.0.1:80"
        );
        assert_eq!(
            reachable("10.0.0.1:80".parse().unwrap()).to_string(),
            "10.0.0.1:80"
        );
    }
}
