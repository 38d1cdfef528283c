//! A bare axum WebSocket echo server: the cost of a message without any work of Tidings.

use axum::Router;
use axum::extract::ws::{Message, WebSocket, WebSocketUpgrade};
use axum::response::Response;
use axum::routing::get;
use axum::serve::ListenerExt;
use tokio::net::TcpListener;

/// Bytes of the read buffer, as in the server.
const READ_BUFFER: usize = 2 * 1024;
/// Bytes that trigger a write without a flush, as in the server.
const WRITE_BUFFER: usize = 4 * 1024;

/// Serves `/ws` until it is dropped.
///
/// # Errors
/// When the listener fails.
pub async fn serve(listener: TcpListener) -> std::io::Result<()> {
    let router = Router::new().route("/ws", get(upgrade));
    let listener = listener.tap_io(|stream| {
        // A stream that is closed already fails at the next read.
        let _ = stream.set_nodelay(true);
    });
    axum::serve(listener, router).await
}

async fn upgrade(upgrade: WebSocketUpgrade) -> Response {
    upgrade
        .read_buffer_size(READ_BUFFER)
        .write_buffer_size(WRITE_BUFFER)
        .on_upgrade(echo)
}

async fn echo(mut socket: WebSocket) {
    while let Some(Ok(message)) = socket.recv().await {
        let echo = matches!(message, Message::Text(_) | Message::Binary(_));
        if echo && socket.send(message).await.is_err() {
            return;
        }
    }
}
