//! Closes connections. When the server closes: the queue is written, then a close frame with its
//! reason, and the client gets a moment to answer. When the client closes: its close frame is
//! answered.

use super::connection::Connection;
use super::writer::Writer;
use axum::extract::ws::{CloseFrame, Message, WebSocket};
use futures_util::StreamExt;
use std::time::Duration;
use tidings_shared::ErrorCode;
use tidings_shared::close::CloseCode;
use tidings_shared::frame::ServerFrame;

/// How long the client may take to answer a close frame.
const CLOSE_LIMIT: Duration = Duration::from_secs(2);

impl Connection {
    /// Writes the queue, answers committed sends, sends a close frame and waits a moment for the
    /// client's: dropping a socket with unread input resets it, and the last frames might be lost.
    pub(super) async fn close(&mut self, code: CloseCode) {
        // Frees the user's slot at once, not only after the close handshake.
        self.bound = None;
        let Self {
            app,
            pending_sends,
            writer,
            reader,
            ..
        } = self;
        let handshake = async {
            while let Some(answer) = pending_sends.next().await {
                app.metrics.gateway.frame_out(answer.kind());
                writer.push(answer.text);
            }
            let frame = CloseFrame {
                code: code.code(),
                reason: code.reason().into(),
            };
            writer.push_message(Message::Close(Some(frame)));
            if writer.finish().await.is_ok() {
                while let Some(Ok(_)) = reader.next().await {}
            }
        };
        if tokio::time::timeout(CLOSE_LIMIT, handshake).await.is_err() {
            tracing::debug!(uid = %self.user.uid, "the other end did not answer the close");
        }
    }
}

impl Connection {
    /// Answers the client's close frame (RFC 6455 §5.5.1) and closes the socket first (§7.1.1). The
    /// queue is dropped: nothing may follow the answer, which the library prepares when it returns
    /// the close frame, and sends with the next read.
    pub(super) async fn answer_close(&mut self) {
        self.bound = None;
        let answered = async { while let Some(Ok(_)) = self.reader.next().await {} };
        if tokio::time::timeout(CLOSE_LIMIT, answered).await.is_err() {
            tracing::debug!(uid = %self.user.uid, "the answer to the close could not be sent");
        }
    }
}

/// Sends the reason on a socket that is refused, then closes it.
pub(super) async fn refuse(socket: WebSocket, error: ErrorCode, code: CloseCode) {
    let (sink, mut reader) = socket.split();
    let mut writer = Writer::new(sink);
    writer.push(ServerFrame::Error(error.into()).to_json());
    let frame = CloseFrame {
        code: code.code(),
        reason: code.reason().into(),
    };
    writer.push_message(Message::Close(Some(frame)));
    let handshake = async {
        if writer.finish().await.is_ok() {
            while let Some(Ok(_)) = reader.next().await {}
        }
    };
    if tokio::time::timeout(CLOSE_LIMIT, handshake).await.is_err() {
        tracing::debug!("the other end did not answer the close");
    }
}
