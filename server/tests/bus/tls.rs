//! A Redis with TLS, and its certificate authority.

use crate::server::RedisServer;
use crate::station::{Station, user};
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair};
use std::path::PathBuf;
use tempfile::TempDir;
use tidings_server::bus::redis::Address;
use tidings_services::free_port;

/// An authority that the system does not know, and a certificate of it for 127.0.0.1.
pub(crate) struct Authority(TempDir);

impl Authority {
    pub(crate) fn new() -> Self {
        let mut parameters = CertificateParams::default();
        // A name different from that of the other certificate.
        let name = &mut parameters.distinguished_name;
        name.push(DnType::CommonName, "an authority");
        parameters.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let own = KeyPair::generate().expect("a key");
        let authority = CertifiedIssuer::self_signed(parameters, own).expect("signed");
        let key = KeyPair::generate().expect("a key");
        let parameters = CertificateParams::new(["127.0.0.1".to_owned()]).expect("an address");
        let certificate = parameters.signed_by(&key, &authority).expect("signed");

        let made = Self(tempfile::tempdir().expect("a temporary folder"));
        let texts = [authority.pem(), certificate.pem(), key.serialize_pem()];
        for (file, text) in made.files().iter().zip(texts) {
            std::fs::write(file, text).expect("room");
        }
        made
    }

    /// Its own certificate, the one for 127.0.0.1, and the key of that.
    pub(crate) fn files(&self) -> [PathBuf; 3] {
        ["authority.pem", "certificate.pem", "key.pem"].map(|name| self.0.path().join(name))
    }

    /// The URL parameter that trusts it.
    pub(crate) fn parameter(&self) -> String {
        format!("sslrootcert={}", self.files()[0].display())
    }
}

#[tokio::test]
#[ignore = "needs Redis: cargo xtask test"]
async fn tls_redis_works_and_an_unknown_authority_is_refused() {
    let authority = Authority::new();
    let mut server = RedisServer::absent();
    let port = free_port().expect("a free port");
    server.launch_with_tls(&authority, port, &[]).await;
    let url = format!("rediss://127.0.0.1:{port}");
    let address = |parameter: String| Address::parse(&format!("{url}?{parameter}")).expect("a URL");

    let trusting = address(authority.parameter());
    let here = Station::connected(trusting.clone()).await;
    let mut there = Station::connected(trusting).await;
    there.subscribe(&[user(1)]).await;
    here.publish(user(1), 7).await;
    assert_eq!(there.event().await, (user(1), 7));

    for other in [Authority::new().parameter(), String::new()] {
        let address = address(other);
        let refused = loop {
            match address.open().await {
                // Retried on a slow machine.
                Err(error) if error.is_timeout() => {}
                result => break result.map(drop),
            }
        };
        let error = refused.expect_err("nobody known vouches for it");
        let error = error.to_string();
        assert!(error.contains("invalid peer certificate"), "{error}");
    }
}
