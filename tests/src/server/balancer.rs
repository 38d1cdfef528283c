//! A TCP load balancer: each connection goes to the next node that listens.

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use tokio::io::copy_bidirectional;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::{JoinHandle, JoinSet};

/// A balancer on a free port of loopback, without time limits. Dropping it cuts every connection
/// through it.
#[derive(Debug)]
pub(super) struct Balancer {
    address: SocketAddr,
    accepting: JoinHandle<()>,
}

impl Balancer {
    /// Starts in front of these nodes, which need not listen yet, in the current runtime.
    pub(super) async fn start(nodes: Vec<SocketAddr>) -> io::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        Ok(Self {
            address: listener.local_addr()?,
            accepting: tokio::spawn(accept(listener, nodes)),
        })
    }

    /// Where it listens.
    pub(super) const fn address(&self) -> SocketAddr {
        self.address
    }
}

impl Drop for Balancer {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}

/// Runs until aborted, which ends every connection.
async fn accept(listener: TcpListener, mut nodes: Vec<SocketAddr>) {
    let mut open = JoinSet::new();
    loop {
        tokio::select! {
            accepted = listener.accept() => match accepted {
                Ok((client, _)) => {
                    open.spawn(serve(client, nodes.clone()));
                    nodes.rotate_left(1);
                }
                // Too many open files, or the client is gone already: try the next one.
                Err(_) => tokio::task::yield_now().await,
            },
            Some(_) = open.join_next() => {}
        }
    }
}

/// Relays until one side is cut off or both have finished. A client for whom no node listens is cut
/// off, as by a balancer without backends.
async fn serve(mut client: TcpStream, nodes: Vec<SocketAddr>) {
    for node in nodes {
        let Ok(mut node) = TcpStream::connect(node).await else {
            continue;
        };
        let no_delay = client.set_nodelay(true).and(node.set_nodelay(true));
        if no_delay.is_ok() {
            // However it ends, both sides are closed now.
            let _ = copy_bidirectional(&mut client, &mut node).await;
        }
        return;
    }
}
