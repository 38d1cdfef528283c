//! From a listening socket to requests: accepts, bounds, and lets go.
//!
//! axum's own loop has no limit on how long a request's head may take and none on sockets, and
//! its buffers are those of a web server; this one is for tens of thousands of sockets that are
//! about to become connections.

use crate::admission::{Full, Place, Places};
use crate::metrics::Metrics;
use axum::Router;
use axum::body::Body;
use axum::extract::ConnectInfo;
use axum::http::Request;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::{Service, service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use ipnet::IpNet;
use std::net::{IpAddr, SocketAddr};
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio_io_timeout::TimeoutStream;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

/// How long a socket may take nothing of what is written to it. A WebSocket has a shorter limit of its
/// own, with a reason.
const STALL_LIMIT: Duration = Duration::from_secs(30);
/// How long what was asked before the drain may take to be answered and read, at least.
const DRAIN_LIMIT: Duration = Duration::from_secs(5);
/// The longest head of a request, in bytes; what the library needs at least is half of it.
const HEAD_BYTES: usize = 16 * 1024;
/// From a failed `accept`, for want of files or memory, to the next.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// Serves a router on one listener.
pub(crate) struct Acceptor {
    /// What answers.
    pub(crate) router: Router,
    /// Sockets that may speak HTTP at once, and those of one address; further ones are closed unread.
    pub(crate) sockets: Places,
    /// Who stands for many addresses, and has no limit of its own.
    pub(crate) trusted: Vec<IpNet>,
    /// How long the head of a request may take, and how long a socket may wait for its next request:
    /// longer than a load balancer keeps it, which would otherwise send one into a socket that closes.
    pub(crate) keep_alive: Duration,
    /// Where they are counted.
    pub(crate) metrics: Arc<Metrics>,
    /// Ends it: accepts no more, ends idle sockets, answers what was asked.
    pub(crate) drain: CancellationToken,
    /// How long those answers may take, 5 s at least.
    pub(crate) drain_limit: Duration,
}

impl Acceptor {
    /// Accepts until the drain, then returns when the last request is answered or given up. A socket that
    /// became a WebSocket is not waited for. Cancelling stops accepting and leaves open sockets
    /// to themselves.
    pub(crate) async fn run(self, listener: TcpListener) {
        let tasks = TaskTracker::new();
        loop {
            let accepted = tokio::select! {
                biased;
                () = self.drain.cancelled() => break,
                accepted = listener.accept() => accepted,
            };
            let (stream, peer) = match accepted {
                Ok(accepted) => accepted,
                Err(error) => {
                    self.failed(&error).await;
                    continue;
                }
            };
            let place = match self.place(peer.ip()) {
                Ok(place) => place,
                Err(full) => {
                    let limit = match full {
                        Full::Node => "sockets",
                        Full::Address => "address",
                    };
                    self.metrics.samples.refused(limit);
                    continue;
                }
            };
            send_at_once(&stream);
            let times = Times {
                keep_alive: self.keep_alive,
                drain: self.drain.clone(),
                drain_limit: self.drain_limit.max(DRAIN_LIMIT),
            };
            let serving = serve(stream, peer, self.router.clone(), times);
            let sockets = self.metrics.samples.http_sockets.clone();
            sockets.inc();
            tasks.spawn(async move {
                serving.await;
                sockets.dec();
                drop(place);
            });
        }
        // From here on the system refuses who comes.
        drop(listener);
        tasks.close();
        tasks.wait().await;
    }

    fn place(&self, peer: IpAddr) -> Result<Place, Full> {
        let peer = peer.to_canonical();
        if self.trusted.iter().any(|network| network.contains(&peer)) {
            return self.sockets.take_for_many();
        }
        self.sockets.take(peer)
    }

    /// A peer that is gone already is its own matter; want of files or memory passes when others
    /// leave.
    async fn failed(&self, error: &std::io::Error) {
        use std::io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset};
        if matches!(
            error.kind(),
            ConnectionAborted | ConnectionRefused | ConnectionReset
        ) {
            return;
        }
        self.metrics.samples.accept_errors.inc();
        tracing::error!(%error, "cannot accept; will try again");
        tokio::select! {
            () = self.drain.cancelled() => {}
            () = tokio::time::sleep(ACCEPT_PAUSE) => {}
        }
    }
}

/// When a socket ends.
struct Times {
    keep_alive: Duration,
    drain: CancellationToken,
    drain_limit: Duration,
}

async fn serve<S>(stream: S, peer: SocketAddr, router: Router, times: Times)
where
    S: AsyncRead + AsyncWrite + Send + 'static,
{
    let Times {
        keep_alive,
        drain,
        drain_limit,
    } = times;
    let mut stream = TimeoutStream::new(stream);
    stream.set_write_timeout(Some(STALL_LIMIT));
    let router = TowerToHyperService::new(router);
    let service = service_fn(move |mut request: Request<Incoming>| {
        request.extensions_mut().insert(ConnectInfo(peer));
        router.call(request.map(Body::new))
    });
    let mut connection = pin!(
        http1::Builder::new()
            .timer(TokioTimer::new())
            .header_read_timeout(keep_alive)
            .max_buf_size(HEAD_BYTES)
            .serve_connection(TokioIo::new(Box::pin(stream)), service)
            .with_upgrades()
    );
    let ended = tokio::select! {
        ended = connection.as_mut() => ended,
        () = drain.cancelled() => {
            connection.as_mut().graceful_shutdown();
            match tokio::time::timeout(drain_limit, connection).await {
                Ok(ended) => ended,
                Err(_) => return tracing::debug!(%peer, "did not read its answers"),
            }
        }
    };
    if let Err(error) = ended {
        tracing::debug!(%peer, %error, "an HTTP connection ended early");
    }
}

/// Sets `TCP_NODELAY`. Without it a second small frame waits for the acknowledgement of the first, some
/// 40 ms (Nagle's algorithm against delayed acknowledgements, RFC 9293 §3.7.4).
fn send_at_once(stream: &TcpStream) {
    if let Err(error) = stream.set_nodelay(true) {
        tracing::debug!(%error, "no TCP_NODELAY");
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::routing::get;
    use tokio::io::AsyncWriteExt as _;

    /// A socket whose other end asks for much and reads nothing, and its end.
    async fn stalled(
        drain: &CancellationToken,
    ) -> (tokio::io::DuplexStream, tokio::task::JoinHandle<()>) {
        let (mut client, socket) = tokio::io::duplex(1024);
        let router = Router::new().route("/", get(async || "x".repeat(1_000_000)));
        let peer = SocketAddr::from(([192, 0, 2, 1], 1));
        let times = Times {
            keep_alive: Duration::from_secs(75),
            drain: drain.clone(),
            drain_limit: DRAIN_LIMIT,
        };
        let ended = tokio::spawn(serve(socket, peer, router, times));
        let asked = "GET / HTTP/1.1\r\nhost: x\r\n\r\n".repeat(9);
        client
            .write_all(asked.as_bytes())
            .await
            .expect("there is room");
        (client, ended)
    }

    #[tokio::test(start_paused = true)]
    async fn who_reads_no_answer_is_let_go_after_a_while() {
        let never = CancellationToken::new();
        let (_client, ended) = stalled(&never).await;
        let start = tokio::time::Instant::now();
        ended.await.expect("no panic");
        let waited = start.elapsed();
        assert!(
            waited >= STALL_LIMIT && waited < 2 * STALL_LIMIT,
            "{waited:?}"
        );
    }

    #[tokio::test(start_paused = true)]
    async fn who_reads_no_answer_does_not_hold_the_drain_up() {
        let drain = CancellationToken::new();
        let (_client, ended) = stalled(&drain).await;
        tokio::time::sleep(Duration::from_secs(1)).await;
        drain.cancel();
        let start = tokio::time::Instant::now();
        ended.await.expect("no panic");
        assert!(start.elapsed() <= DRAIN_LIMIT + Duration::from_secs(1));
    }

    #[tokio::test]
    async fn small_frames_are_sent_at_once() -> std::io::Result<()> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let _client = TcpStream::connect(listener.local_addr()?).await?;
        let (stream, _) = listener.accept().await?;
        send_at_once(&stream);
        assert!(stream.nodelay()?);
        Ok(())
    }
}
