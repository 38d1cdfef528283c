//! Tests of every fault on plain TCP.

use super::{Conditions, Connection, Cut, Flow, Proxy, Side};
use crate::TEST_TIMEOUT;
use std::io::{ErrorKind, Result};
use std::num::NonZeroU32;
use std::time::{Duration, Instant};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::timeout;

/// How long nothing must happen to count as quiet.
const QUIET: Duration = Duration::from_millis(150);

/// Both ends of a connection through a proxy.
struct Pair {
    client: TcpStream,
    server: TcpStream,
    listener: TcpListener,
    proxy: Proxy,
}

impl Pair {
    async fn new(conditions: Conditions) -> Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let proxy = Proxy::start(listener.local_addr()?, 1)?;
        proxy.set(conditions);
        let (client, server) = connect(&proxy, &listener).await?;
        Ok(Self {
            client,
            server,
            listener,
            proxy,
        })
    }

    fn connection(&self) -> Connection {
        self.proxy.connections().remove(0)
    }
}

async fn connect(proxy: &Proxy, listener: &TcpListener) -> Result<(TcpStream, TcpStream)> {
    let client = TcpStream::connect(proxy.address()).await?;
    let (server, _) = timeout(TEST_TIMEOUT, listener.accept()).await??;
    Ok((client, server))
}

async fn read(stream: &mut TcpStream, count: usize) -> Result<Vec<u8>> {
    let mut bytes = vec![0; count];
    timeout(TEST_TIMEOUT, stream.read_exact(&mut bytes)).await??;
    Ok(bytes)
}

async fn is_quiet(stream: &mut TcpStream) -> bool {
    timeout(QUIET, stream.read(&mut [0])).await.is_err()
}

/// How the stream ends: `None` with FIN.
async fn end(stream: &mut TcpStream) -> Option<ErrorKind> {
    let read = timeout(TEST_TIMEOUT, stream.read(&mut [0])).await;
    match read.expect("an end in time") {
        Ok(count) => (count > 0).then_some(ErrorKind::InvalidData),
        Err(error) => Some(error.kind()),
    }
}

/// Writes until nothing more is accepted. Returns the number of bytes accepted.
async fn fill(stream: &mut TcpStream) -> Result<usize> {
    let mut taken = 0;
    while let Ok(written) = timeout(QUIET, stream.write(&[7; 4096])).await {
        taken += written?;
    }
    Ok(taken)
}

#[tokio::test]
async fn without_faults_bytes_and_fin_pass_both_ways() -> Result<()> {
    let mut pair = Pair::new(Conditions::default()).await?;
    pair.client.write_all(b"question").await?;
    assert_eq!(read(&mut pair.server, 8).await?, b"question");
    pair.server.write_all(b"answer").await?;
    assert_eq!(read(&mut pair.client, 6).await?, b"answer");
    let connection = pair.connection();
    pair.client.shutdown().await?;
    assert_eq!(end(&mut pair.server).await, None);
    pair.server.write_all(b"late").await?;
    assert_eq!(read(&mut pair.client, 4).await?, b"late");
    pair.server.shutdown().await?;
    assert_eq!(end(&mut pair.client).await, None);
    timeout(TEST_TIMEOUT, connection.closed()).await?;
    assert!(pair.proxy.connections().is_empty());
    Ok(())
}

#[tokio::test]
async fn delay_with_jitter_applies_each_way_and_keeps_the_order() -> Result<()> {
    let slow = Conditions::both(Flow {
        delay: Duration::from_millis(60),
        jitter: Duration::from_millis(40),
        ..Flow::default()
    });
    let mut pair = Pair::new(slow).await?;
    for n in 0..200 {
        let started = Instant::now();
        pair.client.write_all(&[n]).await?;
        if n == 0 {
            assert_eq!(read(&mut pair.server, 1).await?, [0]);
            pair.server.write_all(&[0]).await?;
            assert_eq!(read(&mut pair.client, 1).await?, [0]);
            assert!(started.elapsed() >= Duration::from_millis(120));
        }
    }
    let arrived = read(&mut pair.server, 199).await?;
    assert_eq!(arrived, (1..200).collect::<Vec<_>>());
    Ok(())
}

#[tokio::test]
async fn bandwidth_limit_is_kept() -> Result<()> {
    let narrow = Flow {
        bytes_per_second: NonZeroU32::new(50_000),
        ..Flow::default()
    };
    let mut pair = Pair::new(Conditions {
        to_client: narrow,
        ..Conditions::default()
    })
    .await?;
    let started = Instant::now();
    pair.server.write_all(&vec![1; 25_000]).await?;
    read(&mut pair.client, 25_000).await?;
    // The time of the last portion passes after its arrival.
    assert!(started.elapsed() >= Duration::from_millis(400));
    // The other direction is not limited.
    pair.client.write_all(&vec![1; 1_000_000]).await?;
    read(&mut pair.server, 1_000_000).await?;
    Ok(())
}

#[tokio::test]
async fn freeze_stops_bytes_and_fin_and_a_thaw_loses_nothing() -> Result<()> {
    let mut pair = Pair::new(Conditions::default()).await?;
    pair.proxy.freeze();
    let taken = fill(&mut pair.client).await?;
    assert!((1..4_000_000).contains(&taken), "{taken} bytes were taken");
    assert!(is_quiet(&mut pair.server).await);
    pair.server.shutdown().await?;
    assert!(is_quiet(&mut pair.client).await);
    pair.proxy.thaw();
    assert!(
        read(&mut pair.server, taken)
            .await?
            .iter()
            .all(|&byte| byte == 7)
    );
    assert_eq!(end(&mut pair.client).await, None);
    Ok(())
}

#[tokio::test]
async fn frozen_connection_does_not_block_another() -> Result<()> {
    let mut pair = Pair::new(Conditions::default()).await?;
    pair.connection().freeze();
    let (mut client, mut server) = connect(&pair.proxy, &pair.listener).await?;
    pair.client.write_all(b"x").await?;
    client.write_all(b"y").await?;
    assert_eq!(read(&mut server, 1).await?, b"y");
    assert!(is_quiet(&mut pair.server).await);
    pair.connection().thaw();
    assert_eq!(read(&mut pair.server, 1).await?, b"x");
    Ok(())
}

#[tokio::test]
async fn cut_resets_or_finishes_both_sides_even_when_frozen() -> Result<()> {
    for (cut, seen) in [
        (Cut::Reset, Some(ErrorKind::ConnectionReset)),
        (Cut::Finish, None),
    ] {
        let mut pair = Pair::new(Conditions::default()).await?;
        pair.client.write_all(b"x").await?;
        assert_eq!(read(&mut pair.server, 1).await?, b"x");
        pair.proxy.freeze();
        assert_eq!(pair.proxy.cut_all(cut), 1);
        assert_eq!(end(&mut pair.client).await, seen);
        assert_eq!(end(&mut pair.server).await, seen);
    }
    Ok(())
}

#[tokio::test]
async fn forgotten_side_is_reset_and_the_other_stays_open() -> Result<()> {
    for side in [Side::Client, Side::Server] {
        let mut pair = Pair::new(Conditions::default()).await?;
        pair.connection().forget(side);
        let (gone, kept) = match side {
            Side::Client => (&mut pair.client, &mut pair.server),
            Side::Server => (&mut pair.server, &mut pair.client),
        };
        assert_eq!(end(gone).await, Some(ErrorKind::ConnectionReset));
        assert!(is_quiet(kept).await);
        let taken = fill(kept).await?;
        assert!((1..4_000_000).contains(&taken), "{taken} bytes were taken");
    }
    Ok(())
}

#[tokio::test]
async fn refused_connection_and_dropped_proxy_reset_the_client() -> Result<()> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let nobody = listener.local_addr()?;
    drop(listener);
    let proxy = Proxy::start(nobody, 1)?;
    let mut refused = TcpStream::connect(proxy.address()).await?;
    assert_eq!(end(&mut refused).await, Some(ErrorKind::ConnectionReset));
    let mut pair = Pair::new(Conditions::default()).await?;
    let address = pair.proxy.address();
    drop(pair.proxy);
    assert!(
        end(&mut pair.client)
            .await
            .is_none_or(|kind| kind == ErrorKind::ConnectionReset)
    );
    assert!(TcpStream::connect(address).await.is_err());
    Ok(())
}
