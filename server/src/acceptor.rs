//! Accepts sockets on a listener, bounds their number and lifetime, and closes them.
//!
//! axum's own accept loop limits neither the time for a request head nor the number of sockets, and
//! its buffers are sized for a web server. This one serves tens of thousands of sockets that are
//! about to become WebSocket connections.

use crate::admission::{ConnectionLimiter, ConnectionPermit, Full};
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

/// How long a socket may accept no written bytes before it is closed. A WebSocket connection has a
/// shorter limit of its own, see `gateway::writer`.
const STALL_LIMIT: Duration = Duration::from_secs(30);
/// How long requests received before the drain have, at least, to be answered and read.
const DRAIN_LIMIT: Duration = Duration::from_secs(5);
/// The largest request head, in bytes. The library's minimum is half of it.
const HEAD_BYTES: usize = 16 * 1024;
/// Pause after an `accept` that failed for lack of file descriptors or memory.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// Serves a router on one listener.
pub(crate) struct Acceptor {
    /// Answers the requests.
    pub(crate) router: Router,
    /// Limits concurrent HTTP sockets, in total and per address. Further sockets are closed unread.
    pub(crate) sockets: ConnectionLimiter,
    /// Proxies, whose sockets are exempt from the limit per address.
    pub(crate) trusted: Vec<IpNet>,
    /// How long a request head may take, and how long a socket may wait for its next request.
    /// Longer than a load balancer keeps idle sockets: it would otherwise send a request into a
    /// socket that closes.
    pub(crate) keep_alive: Duration,
    /// Counts refusals and accept errors.
    pub(crate) metrics: Arc<Metrics>,
    /// Stops accepting, closes idle sockets and answers pending requests.
    pub(crate) drain: CancellationToken,
    /// How long those answers may take; at least 5 s.
    pub(crate) drain_limit: Duration,
}

impl Acceptor {
    /// Accepts until the drain, then returns once the last request is answered or timed out.
    /// Sockets that were upgraded to a WebSocket are not waited for. Cancelling stops accepting;
    /// open sockets keep running.
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
                    self.handle_accept_error(&error).await;
                    continue;
                }
            };
            let permit = match self.acquire(peer.ip()) {
                Ok(permit) => permit,
                Err(full) => {
                    let limit = match full {
                        Full::Node => "sockets",
                        Full::Address => "address",
                    };
                    self.metrics.samples.refused(limit);
                    continue;
                }
            };
            set_nodelay(&stream);
            let timeouts = SocketTimeouts {
                keep_alive: self.keep_alive,
                drain: self.drain.clone(),
                drain_limit: self.drain_limit.max(DRAIN_LIMIT),
            };
            let serving = serve(stream, peer, self.router.clone(), timeouts);
            let sockets = self.metrics.samples.http_sockets.clone();
            sockets.inc();
            tasks.spawn(async move {
                serving.await;
                sockets.dec();
                drop(permit);
            });
        }
        // From here on the kernel refuses new connections.
        drop(listener);
        tasks.close();
        tasks.wait().await;
    }

    fn acquire(&self, peer: IpAddr) -> Result<ConnectionPermit, Full> {
        let peer = peer.to_canonical();
        if self.trusted.iter().any(|network| network.contains(&peer)) {
            return self.sockets.acquire_for_proxy();
        }
        self.sockets.acquire(peer)
    }

    /// Ignores peers that are gone already. Lack of file descriptors or memory passes when other
    /// sockets close.
    async fn handle_accept_error(&self, error: &std::io::Error) {
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

/// When a socket is closed.
struct SocketTimeouts {
    keep_alive: Duration,
    drain: CancellationToken,
    drain_limit: Duration,
}

async fn serve<S>(stream: S, peer: SocketAddr, router: Router, timeouts: SocketTimeouts)
where
    S: AsyncRead + AsyncWrite + Send + 'static,
{
    let SocketTimeouts {
        keep_alive,
        drain,
        drain_limit,
    } = timeouts;
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
fn set_nodelay(stream: &TcpStream) {
    if let Err(error) = stream.set_nodelay(true) {
        tracing::debug!(%error, "no TCP_NODELAY");
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::routing::get;
    use tokio::io::AsyncWriteExt as _;

    /// A socket whose client sends many requests and reads no answer, and the task that serves it.
    async fn stalled(
        drain: &CancellationToken,
    ) -> (tokio::io::DuplexStream, tokio::task::JoinHandle<()>) {
        let (mut client, socket) = tokio::io::duplex(1024);
        let router = Router::new().route("/", get(async || "x".repeat(1_000_000)));
        let peer = SocketAddr::from(([192, 0, 2, 1], 1));
        let timeouts = SocketTimeouts {
            keep_alive: Duration::from_secs(75),
            drain: drain.clone(),
            drain_limit: DRAIN_LIMIT,
        };
        let ended = tokio::spawn(serve(socket, peer, router, timeouts));
        let requests = "GET / HTTP/1.1\r\nhost: x\r\n\r\n".repeat(9);
        client
            .write_all(requests.as_bytes())
            .await
            .expect("there is room");
        (client, ended)
    }

    #[tokio::test(start_paused = true)]
    async fn unread_answer_closes_the_socket_after_the_stall_limit() {
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
    async fn unread_answer_does_not_delay_the_drain() {
        let drain = CancellationToken::new();
        let (_client, ended) = stalled(&drain).await;
        tokio::time::sleep(Duration::from_secs(1)).await;
        drain.cancel();
        let start = tokio::time::Instant::now();
        ended.await.expect("no panic");
        assert!(start.elapsed() <= DRAIN_LIMIT + Duration::from_secs(1));
    }

    #[tokio::test]
    async fn accepted_socket_has_tcp_nodelay() -> std::io::Result<()> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let _client = TcpStream::connect(listener.local_addr()?).await?;
        let (stream, _) = listener.accept().await?;
        set_nodelay(&stream);
        assert!(stream.nodelay()?);
        Ok(())
    }
}
