//! One WebSocket, as a browser gives it to a page: open, send, events, and closed by dropping it.

use futures_util::stream::{SplitSink, SplitStream};
use futures_util::{SinkExt, StreamExt};
use std::net::SocketAddr;
use std::time::Duration;
use tokio::net::TcpStream;
use tokio::sync::mpsc;
use tokio::time::timeout;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::http::HeaderValue;
use tokio_tungstenite::tungstenite::protocol::WebSocketConfig;
use tokio_tungstenite::tungstenite::{Error, Message, Utf8Bytes};

/// Bytes read at once; the library would reserve 128 KiB a socket.
const READ_BUFFER: usize = 4 * 1024;
/// Frames that wait to be written. What a device has under way is bounded by its conversations; a
/// socket that holds more does not move.
const FRAMES: usize = 1024;
/// Events that wait for the device's task; beyond this the socket is not read.
const EVENTS: usize = 32;
/// How long saying goodbye may take.
const GOODBYE: Duration = Duration::from_secs(1);

type Stream = WebSocketStream<TcpStream>;

/// What a socket tells.
pub(super) enum SocketEvent {
    Opened,
    Text(Utf8Bytes),
    /// The last event, with the code of the close frame; 1006 without any.
    Closed(u16),
}

/// An open or opening socket. Dropped, it says goodbye in the background, within a second.
pub(super) struct Socket {
    frames: mpsc::Sender<String>,
    events: mpsc::Receiver<SocketEvent>,
}

impl Socket {
    pub(super) fn open(address: SocketAddr, token: &str) -> Self {
        let (frames, to_write) = mpsc::channel(FRAMES);
        let (heard, events) = mpsc::channel(EVENTS);
        tokio::spawn(run(address, token.to_owned(), to_write, heard));
        Self { frames, events }
    }

    /// Queues a frame; false: the socket does not take any more.
    pub(super) fn send(&self, text: String) -> bool {
        self.frames.try_send(text).is_ok()
    }

    /// The next event. Cancel safe.
    pub(super) async fn event(&mut self) -> SocketEvent {
        self.events
            .recv()
            .await
            .unwrap_or(SocketEvent::Closed(1006))
    }
}

async fn run(
    address: SocketAddr,
    token: String,
    to_write: mpsc::Receiver<String>,
    heard: mpsc::Sender<SocketEvent>,
) {
    let opened = tokio::select! {
        opened = connect(address, &token) => opened,
        () = heard.closed() => return,
    };
    let Ok(stream) = opened else {
        let _ = heard.send(SocketEvent::Closed(1006)).await;
        return;
    };
    let _ = heard.send(SocketEvent::Opened).await;
    let (mut sink, stream) = stream.split();
    tokio::select! {
        () = heard.closed() => {}
        () = write(&mut sink, to_write) => {}
        code = read(stream, &heard) => {
            let _ = heard.send(SocketEvent::Closed(code)).await;
        }
    }
    // Whoever does not take the close frame in time is cut off by the drop.
    let _ = timeout(GOODBYE, sink.close()).await;
}

/// Until the connection ends; returns the code.
async fn read(mut stream: SplitStream<Stream>, heard: &mpsc::Sender<SocketEvent>) -> u16 {
    while let Some(Ok(message)) = stream.next().await {
        match message {
            // Fails when nobody listens any more, which ends this in a moment.
            Message::Text(text) => drop(heard.send(SocketEvent::Text(text)).await),
            Message::Close(frame) => return frame.map_or(1005, |frame| frame.code.into()),
            _ => {}
        }
    }
    1006
}

/// Until nothing more is to be written. An error waits for the reader, who knows the code.
async fn write(sink: &mut SplitSink<Stream, Message>, mut to_write: mpsc::Receiver<String>) {
    while let Some(text) = to_write.recv().await {
        if sink.send(Message::text(text)).await.is_err() {
            std::future::pending::<()>().await;
        }
    }
}

async fn connect(address: SocketAddr, token: &str) -> Result<Stream, Error> {
    let mut request = format!("ws://{address}/ws").into_client_request()?;
    let bearer = HeaderValue::from_str(&format!("Bearer {token}"))?;
    request.headers_mut().insert("authorization", bearer);
    let stream = TcpStream::connect(address).await?;
    stream.set_nodelay(true)?;
    let config = WebSocketConfig::default()
        .read_buffer_size(READ_BUFFER)
        .write_buffer_size(0);
    let opening = tokio_tungstenite::client_async_with_config(request, stream, Some(config));
    Ok(opening.await?.0)
}
