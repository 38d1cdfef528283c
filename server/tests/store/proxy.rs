//! A proxy between a node and PostgreSQL that recognizes commits.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream, UnixStream};

/// What the proxy does with a commit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fault {
    /// Forwards it and its reply.
    None,
    /// Cuts the connection before forwarding it.
    CutBefore,
    /// Cuts the connection after forwarding it: the reply is lost.
    CutAfter,
    /// Neither forwards it nor cuts the connection: the node seems frozen.
    Hold,
    /// Cuts the node's side at once, and forwards it later.
    Late,
}

/// A running proxy.
pub(crate) struct Proxy {
    address: SocketAddr,
    socket: Arc<Mutex<PathBuf>>,
    commits: Arc<AtomicUsize>,
}

impl Proxy {
    /// Starts in front of the server with this socket; cycles through these faults, one per commit.
    pub(crate) async fn start(socket: PathBuf, faults: &'static [Fault]) -> std::io::Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let address = listener.local_addr()?;
        let commits = Arc::new(AtomicUsize::new(0));
        let count = Arc::clone(&commits);
        let socket = Arc::new(Mutex::new(socket));
        let leads_to = Arc::clone(&socket);
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                let socket = leads_to.lock().expect("no panic").clone();
                let count = Arc::clone(&count);
                tokio::spawn(async move {
                    let server = UnixStream::connect(socket).await?;
                    pass(client, server, faults, &count).await
                });
            }
        });
        Ok(Self {
            address,
            socket,
            commits,
        })
    }

    /// Directs new connections to the server with this socket; existing ones stay.
    pub(crate) fn lead_to(&self, socket: PathBuf) {
        *self.socket.lock().expect("no panic") = socket;
    }

    /// The URL of a database through this proxy.
    pub(crate) fn url(&self, database: &str) -> String {
        format!(
            "postgres://tidings@{}/{database}?sslmode=disable",
            self.address
        )
    }

    /// Commits seen.
    pub(crate) fn commits(&self) -> usize {
        self.commits.load(Ordering::SeqCst)
    }
}

async fn pass(
    client: TcpStream,
    server: UnixStream,
    faults: &[Fault],
    commits: &AtomicUsize,
) -> std::io::Result<()> {
    client.set_nodelay(true)?;
    let (mut from_client, mut to_client) = client.into_split();
    let (mut from_server, mut to_server) = server.into_split();
    let answers =
        tokio::spawn(async move { tokio::io::copy(&mut from_server, &mut to_client).await });
    // The first message has no type; every other starts with a type byte, then its length.
    let mut has_type = false;
    loop {
        let mut head = [0; 5];
        let head = &mut head[usize::from(!has_type)..];
        if from_client.read_exact(head).await.is_err() {
            break;
        }
        let length: [u8; 4] = head[head.len() - 4..].try_into().expect("four bytes");
        let mut body = vec![0; usize::try_from(u32::from_be_bytes(length)).expect("small") - 4];
        from_client.read_exact(&mut body).await?;
        let is_commit = has_type && head[0] == b'Q' && body.starts_with(b"COMMIT");
        has_type = true;
        let what = if is_commit {
            faults[commits.fetch_add(1, Ordering::SeqCst) % faults.len()]
        } else {
            Fault::None
        };
        match what {
            Fault::None => {}
            Fault::CutBefore => {
                answers.abort();
                return Ok(());
            }
            Fault::CutAfter => answers.abort(),
            Fault::Hold => {
                // Until the server's timeout.
                let _ = answers.await;
                return Ok(());
            }
            Fault::Late => {
                answers.abort();
                drop(from_client);
                // Aborting dropped the other half, too: the node sees the close at once.
                let _ = answers.await;
                tokio::time::sleep(Duration::from_millis(300)).await;
                to_server.write_all(head).await?;
                to_server.write_all(&body).await?;
                return Ok(());
            }
        }
        to_server.write_all(head).await?;
        to_server.write_all(&body).await?;
        if what == Fault::CutAfter {
            return Ok(());
        }
    }
    answers.abort();
    Ok(())
}
