//! A WebSocket with small buffers.

use crate::target::Route;
use futures_util::future::poll_fn;
use futures_util::{FutureExt, SinkExt, StreamExt};
use std::net::SocketAddr;
use std::task::Poll;
use std::time::Duration;
use tokio::net::{TcpSocket, TcpStream};
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::http::HeaderValue;
use tokio_tungstenite::tungstenite::protocol::WebSocketConfig;
use tokio_tungstenite::tungstenite::{self, Message, Utf8Bytes};

/// The time limit for opening a connection.
pub const OPEN_TIMEOUT: Duration = Duration::from_secs(15);

/// Bytes of the read buffer, allocated for the lifetime of each connection.
const READ_BUFFER: usize = 4 * 1024;
/// Bytes of queued frames that trigger a write without a flush.
const WRITE_BUFFER: usize = 4 * 1024;
/// The most queued bytes for a server that does not read.
const WRITE_BUFFER_MAX: usize = 1024 * 1024;

/// Why a connection could not be opened, or was lost.
#[derive(Debug, thiserror::Error)]
pub enum SocketError {
    /// The handshake was refused with this HTTP status.
    #[error("http {0}")]
    Refused(u16),
    /// Closed with this code.
    #[error("closed with {0}")]
    Closed(u16),
    /// No answer in time.
    #[error("timeout")]
    Timeout,
    /// The connection ended without a close frame: 1006 in browsers.
    #[error("{0}")]
    Io(std::io::ErrorKind),
    /// The bind was refused with this code, and may be retried after this time.
    #[error("bind refused: {0}")]
    BindRefused(String, Duration),
    /// A violation of the protocol.
    #[error("protocol: {0}")]
    Protocol(String),
}

impl From<tungstenite::Error> for SocketError {
    fn from(error: tungstenite::Error) -> Self {
        use tungstenite::Error as E;
        use tungstenite::error::ProtocolError as P;
        match error {
            E::Http(response) => Self::Refused(response.status().as_u16()),
            E::Io(error) => Self::Io(error.kind()),
            E::ConnectionClosed
            | E::AlreadyClosed
            | E::Protocol(P::ResetWithoutClosingHandshake | P::HandshakeIncomplete) => {
                Self::Io(std::io::ErrorKind::UnexpectedEof)
            }
            error => Self::Protocol(error.to_string()),
        }
    }
}

/// A connection.
pub struct Socket(WebSocketStream<TcpStream>);

impl Socket {
    /// Opens a connection on a route after this many losses, within [`OPEN_TIMEOUT`].
    ///
    /// # Errors
    /// When the connection cannot be opened.
    pub async fn open(
        route: &Route,
        losses: usize,
        token: Option<&str>,
    ) -> Result<Self, SocketError> {
        let target = route.target(losses);
        let mut request = target.url.as_str().into_client_request()?;
        if let Some(token) = token {
            let value = HeaderValue::try_from(format!("Bearer {token}"))
                .map_err(|error| SocketError::Protocol(error.to_string()))?;
            request.headers_mut().insert("authorization", value);
        }
        let config = WebSocketConfig::default()
            .read_buffer_size(READ_BUFFER)
            .write_buffer_size(WRITE_BUFFER)
            .max_write_buffer_size(WRITE_BUFFER_MAX);
        let opening = async {
            let stream = connect(target.address, route)
                .await
                .map_err(|error| SocketError::Io(error.kind()))?;
            let opened =
                tokio_tungstenite::client_async_with_config(request, stream, Some(config)).await;
            Ok(opened?.0)
        };
        // Boxed: the state of a handshake is far larger than that of an open connection.
        let opened = tokio::time::timeout(OPEN_TIMEOUT, Box::pin(opening)).await;
        opened.map_err(|_| SocketError::Timeout)?.map(Self)
    }

    /// Whether a frame can be queued now without waiting.
    ///
    /// # Errors
    /// When the connection is lost.
    pub fn ready(&mut self) -> Result<bool, SocketError> {
        match poll_fn(|cx| self.0.poll_ready_unpin(cx)).now_or_never() {
            Some(ready) => Ok(ready.map(|()| true)?),
            None => Ok(false),
        }
    }

    /// Queues a frame; [`Self::next`] writes the queue.
    ///
    /// # Errors
    /// When the connection is lost, or the queue is full.
    pub fn queue(&mut self, text: String) -> Result<(), SocketError> {
        Ok(self.0.start_send_unpin(Message::text(text))?)
    }

    /// Writes the queue and waits for the next frame. Cancel safe.
    ///
    /// # Errors
    /// When the connection is lost.
    pub async fn next(&mut self) -> Result<Utf8Bytes, SocketError> {
        loop {
            let message = poll_fn(|cx| {
                // Writes and reads at once, so that a server that waits for us to read cannot block
                // us.
                if let Poll::Ready(Err(error)) = self.0.poll_flush_unpin(cx) {
                    return Poll::Ready(Some(Err(error)));
                }
                self.0.poll_next_unpin(cx)
            });
            if let Some(text) = text(message.await)? {
                return Ok(text);
            }
        }
    }

    /// The next frame, if it can be read without waiting.
    ///
    /// # Errors
    /// When the connection is lost.
    pub fn next_now(&mut self) -> Result<Option<Utf8Bytes>, SocketError> {
        while let Some(message) = self.0.next().now_or_never() {
            if let Some(text) = text(message)? {
                return Ok(Some(text));
            }
        }
        Ok(None)
    }
}

async fn connect(address: SocketAddr, route: &Route) -> std::io::Result<TcpStream> {
    let socket = match address {
        SocketAddr::V4(_) => TcpSocket::new_v4()?,
        SocketAddr::V6(_) => TcpSocket::new_v6()?,
    };
    if let Some(source) = route.source {
        socket.bind((source, 0).into())?;
    }
    let stream = socket.connect(address).await?;
    stream.set_nodelay(true)?;
    Ok(stream)
}

fn text(
    message: Option<Result<Message, tungstenite::Error>>,
) -> Result<Option<Utf8Bytes>, SocketError> {
    match message {
        Some(Ok(Message::Text(text))) => Ok(Some(text)),
        Some(Ok(Message::Close(Some(frame)))) => Err(SocketError::Closed(frame.code.into())),
        Some(Ok(Message::Close(None))) => Err(SocketError::Closed(1005)),
        Some(Ok(Message::Binary(_))) => Err(SocketError::Protocol("a binary message".into())),
        Some(Ok(_)) => Ok(None),
        Some(Err(error)) => Err(error.into()),
        None => Err(SocketError::Io(std::io::ErrorKind::UnexpectedEof)),
    }
}
