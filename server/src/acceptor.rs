//! From a listening socket to requests: accepts, bounds, and lets go.
//!
//! axum's own loop has no limit on how long a request's head may take and none on sockets, and
//! its buffers are those of a web server; this one is for tens of thousands of sockets that are
//! about to become connections.

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
use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

/// How long the head of a request may take, and how long a socket may wait for its next request.
const HEAD_LIMIT: Duration = Duration::from_secs(30);
/// The longest head of a request, in bytes; what the library needs at least is half of it.
const HEAD_BYTES: usize = 16 * 1024;
/// From a failed `accept`, for want of files or memory, to the next.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// Serves a router on one listener.
pub(crate) struct Acceptor {
    /// What answers.
    pub(crate) router: Router,
    /// Sockets that may speak HTTP at once; further ones are closed unread.
    pub(crate) max_sockets: usize,
    /// Where they are counted.
    pub(crate) metrics: Arc<Metrics>,
    /// Ends it: accepts no more, ends idle sockets, answers what was asked.
    pub(crate) drain: CancellationToken,
}

impl Acceptor {
    /// Accepts until the drain, then returns when the last request is answered. A socket that
    /// became a WebSocket is not waited for. Cancelling stops accepting and leaves open sockets
    /// to themselves.
    pub(crate) async fn run(self, listener: TcpListener) {
        let room = Arc::new(Semaphore::new(self.max_sockets));
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
            let Ok(place) = Arc::clone(&room).try_acquire_owned() else {
                self.metrics.samples.refused("sockets");
                continue;
            };
            let serving = serve(stream, peer, self.router.clone(), self.drain.clone());
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

async fn serve(stream: TcpStream, peer: SocketAddr, router: Router, drain: CancellationToken) {
    send_at_once(&stream);
    let router = TowerToHyperService::new(router);
    let service = service_fn(move |mut request: Request<Incoming>| {
        request.extensions_mut().insert(ConnectInfo(peer));
        router.call(request.map(Body::new))
    });
    let mut connection = pin!(
        http1::Builder::new()
            .timer(TokioTimer::new())
            .header_read_timeout(HEAD_LIMIT)
            .max_buf_size(HEAD_BYTES)
            .serve_connection(TokioIo::new(stream), service)
            .with_upgrades()
    );
    let ended = tokio::select! {
        ended = connection.as_mut() => ended,
        () = drain.cancelled() => {
            connection.as_mut().graceful_shutdown();
            connection.await
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
