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

/// How long a connection may take to open.
pub const OPEN: Duration = Duration::from_secs(15);

/// Bytes read at once, allocated for each connection as long as it lives.
const READ_BUFFER: usize = 4 * 1024;
/// Bytes gathered before they are written without being asked to.
const WRITE_BUFFER: usize = 4 * 1024;
/// Bytes that may wait for a server that does not read.
const WRITE_BUFFER_MAX: usize = 1024 * 1024;

/// Why there is no connection, or no longer.
#[derive(Debug, thiserror::Error)]
pub enum Lost {
    /// The handshake was refused with this HTTP status.
    #[error("http {0}")]
    Refused(u16),
    /// Closed with this code.
    #[error("closed with {0}")]
    Closed(u16),
    /// No answer in time.
    #[error("timeout")]
    Timeout,
    /// No close, just an end: what browsers call 1006.
    #[error("{0}")]
    Cut(std::io::ErrorKind),
    /// The bind was refused with this code, and not to be tried again before so long.
    #[error("bind refused: {0}")]
    Bind(String, Duration),
    /// Not the protocol.
    #[error("protocol: {0}")]
    Protocol(String),
}

impl From<tungstenite::Error> for Lost {
    fn from(error: tungstenite::Error) -> Self {
        use tungstenite::Error as E;
        use tungstenite::error::ProtocolError as P;
        match error {
            E::Http(response) => Self::Refused(response.status().as_u16()),
            E::Io(error) => Self::Cut(error.kind()),
            E::ConnectionClosed
            | E::AlreadyClosed
            | E::Protocol(P::ResetWithoutClosingHandshake | P::HandshakeIncomplete) => {
                Self::Cut(std::io::ErrorKind::UnexpectedEof)
            }
            error => Self::Protocol(error.to_string()),
        }
    }
}

/// A connection.
pub struct Socket(WebSocketStream<TcpStream>);

impl Socket {
    /// Opens a connection on a route, after so many losses on it, within [`OPEN`].
    ///
    /// # Errors
    /// When there is none.
    pub async fn open(route: &Route, losses: usize, token: Option<&str>) -> Result<Self, Lost> {
        let target = route.target(losses);
        let mut request = target.url.as_str().into_client_request()?;
        if let Some(token) = token {
            let value = HeaderValue::try_from(format!("Bearer {token}"))
                .map_err(|error| Lost::Protocol(error.to_string()))?;
            request.headers_mut().insert("authorization", value);
        }
        let config = WebSocketConfig::default()
            .read_buffer_size(READ_BUFFER)
            .write_buffer_size(WRITE_BUFFER)
            .max_write_buffer_size(WRITE_BUFFER_MAX);
        let opening = async {
            let stream = connect(target.address, route)
                .await
                .map_err(|error| Lost::Cut(error.kind()))?;
            let opened =
                tokio_tungstenite::client_async_with_config(request, stream, Some(config)).await;
            Ok(opened?.0)
        };
        // Boxed: a handshake's state is far larger than what an open connection needs.
        let opened = tokio::time::timeout(OPEN, Box::pin(opening)).await;
        opened.map_err(|_| Lost::Timeout)?.map(Self)
    }

    /// Whether something can be queued now without waiting.
    ///
    /// # Errors
    /// When the connection is gone.
    pub fn ready(&mut self) -> Result<bool, Lost> {
        match poll_fn(|cx| self.0.poll_ready_unpin(cx)).now_or_never() {
            Some(ready) => Ok(ready.map(|()| true)?),
            None => Ok(false),
        }
    }

    /// Queues a frame; [`Self::next`] writes what is queued.
    ///
    /// # Errors
    /// When the connection is gone, or more is queued than may be.
    pub fn queue(&mut self, text: String) -> Result<(), Lost> {
        Ok(self.0.start_send_unpin(Message::text(text))?)
    }

    /// Writes what is queued and waits for the next frame. Cancel safe.
    ///
    /// # Errors
    /// When the connection is lost.
    pub async fn next(&mut self) -> Result<Utf8Bytes, Lost> {
        loop {
            let message = poll_fn(|cx| {
                // Both at once: a server that waits for us to read must not make us wait.
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

    /// The next frame if it is here already.
    ///
    /// # Errors
    /// When the connection is lost.
    pub fn next_now(&mut self) -> Result<Option<Utf8Bytes>, Lost> {
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

fn text(message: Option<Result<Message, tungstenite::Error>>) -> Result<Option<Utf8Bytes>, Lost> {
    match message {
        Some(Ok(Message::Text(text))) => Ok(Some(text)),
        Some(Ok(Message::Close(Some(frame)))) => Err(Lost::Closed(frame.code.into())),
        Some(Ok(Message::Close(None))) => Err(Lost::Closed(1005)),
        Some(Ok(Message::Binary(_))) => Err(Lost::Protocol("a binary message".into())),
        Some(Ok(_)) => Ok(None),
        Some(Err(error)) => Err(error.into()),
        None => Err(Lost::Cut(std::io::ErrorKind::UnexpectedEof)),
    }
}
