//! Closes a socket that is refused before it has a session.

use axum::extract::ws::{CloseFrame, Message, WebSocket};
use std::time::Duration;
use tidings_shared::ErrorCode;
use tidings_shared::close::CloseCode;
use tidings_shared::frame::ServerFrame;

/// How long the client may take to answer the close frame.
const CLOSE_LIMIT: Duration = Duration::from_secs(2);

/// Sends the reason, then closes. Waits a moment for the client's close frame: dropping a socket
/// with unread input resets it, and the last frames might be lost.
pub async fn refuse(mut socket: WebSocket, error: ErrorCode, code: CloseCode) {
    let reason = ServerFrame::Error(error.into()).to_json();
    let frame = CloseFrame {
        code: code.code(),
        reason: code.reason().into(),
    };
    let handshake = async {
        socket.send(Message::text(reason)).await?;
        socket.send(Message::Close(Some(frame))).await?;
        while let Some(Ok(_)) = socket.recv().await {}
        Ok::<_, axum::Error>(())
    };
    if tokio::time::timeout(CLOSE_LIMIT, handshake).await.is_err() {
        tracing::debug!("the other end did not answer the close");
    }
}
