//! Between a node and PostgreSQL: a proxy that knows a commit when it sees one.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream, UnixStream};

/// What becomes of a commit on its way to the server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Mischief {
    /// It gets there, and its answer back.
    None,
    /// The connection is cut before it gets there.
    CutBefore,
    /// The connection is cut after it got there: the answer is lost.
    CutAfter,
    /// It does not get there, and nothing is cut: the node seems to stand still.
    Hold,
    /// The node's side is cut at once, and it gets there a while later.
    Late,
}

/// A running proxy.
pub(crate) struct Proxy {
    address: SocketAddr,
    socket: Arc<Mutex<PathBuf>>,
    commits: Arc<AtomicUsize>,
}

impl Proxy {
    /// In front of the server with this socket; commits meet these in turn, over and over.
    pub(crate) async fn start(
        socket: PathBuf,
        mischief: &'static [Mischief],
    ) -> std::io::Result<Self> {
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
                    pass(client, server, mischief, &count).await
                });
            }
        });
        Ok(Self {
            address,
            socket,
            commits,
        })
    }

    /// New connections go to the server with this socket; those there are stay where they are.
    pub(crate) fn lead_to(&self, socket: PathBuf) {
        *self.socket.lock().expect("no panic") = socket;
    }

    /// Opens a database through it.
    pub(crate) fn url(&self, database: &str) -> String {
        format!(
            "postgres://tidings@{}/{database}?sslmode=disable",
            self.address
        )
    }

    /// Commits that came by.
    pub(crate) fn commits(&self) -> usize {
        self.commits.load(Ordering::SeqCst)
    }
}

async fn pass(
    client: TcpStream,
    server: UnixStream,
    mischief: &[Mischief],
    commits: &AtomicUsize,
) -> std::io::Result<()> {
    client.set_nodelay(true)?;
    let (mut from_client, mut to_client) = client.into_split();
    let (mut from_server, mut to_server) = server.into_split();
    let answers =
        tokio::spawn(async move { tokio::io::copy(&mut from_server, &mut to_client).await });
    // The first message has no type; every other has one byte of it, then its length.
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
            mischief[commits.fetch_add(1, Ordering::SeqCst) % mischief.len()]
        } else {
            Mischief::None
        };
        match what {
            Mischief::None => {}
            Mischief::CutBefore => {
                answers.abort();
                return Ok(());
            }
            Mischief::CutAfter => answers.abort(),
            Mischief::Hold => {
                // Until the server loses its patience.
                let _ = answers.await;
                return Ok(());
            }
            Mischief::Late => {
                answers.abort();
                drop(from_client);
                // Aborting dropped the other half, too: the node sees the end at once.
                let _ = answers.await;
                tokio::time::sleep(Duration::from_millis(300)).await;
                to_server.write_all(head).await?;
                to_server.write_all(&body).await?;
                return Ok(());
            }
        }
        to_server.write_all(head).await?;
        to_server.write_all(&body).await?;
        if what == Mischief::CutAfter {
            return Ok(());
        }
    }
    answers.abort();
    Ok(())
}
