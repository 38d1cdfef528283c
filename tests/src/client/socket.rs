//! One WebSocket with the interface of a browser: open, send and events. Dropping it closes it.

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

/// The size of the read buffer in bytes; the library's default is 128 KiB per socket.
const READ_BUFFER: usize = 4 * 1024;
/// The capacity of the write queue in frames. The frames in flight of a device are bounded by its
/// conversations; a socket with more has stalled.
const FRAMES: usize = 1024;
/// The capacity of the event queue. When it is full, the socket is not read.
const EVENTS: usize = 32;
/// The time limit of the close handshake.
const CLOSE_LIMIT: Duration = Duration::from_secs(1);

type Stream = WebSocketStream<TcpStream>;

/// An event of a socket.
pub(super) enum SocketEvent {
    Opened,
    Text(Utf8Bytes),
    /// The last event, with the code of the close frame; 1006 without a close frame.
    Closed(u16),
}

/// An open or opening socket. Dropped, it closes in the background, within a second.
pub(super) struct Socket {
    frames: mpsc::Sender<String>,
    events: mpsc::Receiver<SocketEvent>,
}

impl Socket {
    pub(super) fn open(address: SocketAddr, token: &str) -> Self {
        let (frames, to_write) = mpsc::channel(FRAMES);
        let (event_sender, events) = mpsc::channel(EVENTS);
        tokio::spawn(run(address, token.to_owned(), to_write, event_sender));
        Self { frames, events }
    }

    /// Queues a frame. Returns false if the socket accepts no more.
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
    event_sender: mpsc::Sender<SocketEvent>,
) {
    let opened = tokio::select! {
        opened = connect(address, &token) => opened,
        () = event_sender.closed() => return,
    };
    let Ok(stream) = opened else {
        let _ = event_sender.send(SocketEvent::Closed(1006)).await;
        return;
    };
    let _ = event_sender.send(SocketEvent::Opened).await;
    let (mut sink, stream) = stream.split();
    tokio::select! {
        () = event_sender.closed() => {}
        () = write(&mut sink, to_write) => {}
        code = read(stream, &event_sender) => {
            let _ = event_sender.send(SocketEvent::Closed(code)).await;
        }
    }
    // Without an answer in time the drop ends the connection.
    let _ = timeout(CLOSE_LIMIT, sink.close()).await;
}

/// Reads until the connection ends. Returns the close code.
async fn read(mut stream: SplitStream<Stream>, event_sender: &mpsc::Sender<SocketEvent>) -> u16 {
    while let Some(Ok(message)) = stream.next().await {
        match message {
            // Fails when the receiver is dropped, which also ends this task.
            Message::Text(text) => drop(event_sender.send(SocketEvent::Text(text)).await),
            Message::Close(frame) => return frame.map_or(1005, |frame| frame.code.into()),
            _ => {}
        }
    }
    1006
}

/// Writes until the queue is closed. After an error it waits, because the reader knows the code.
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
