//! How a connection ends. When this end ends it: what is queued is written, a close frame with its
//! reason follows, and the other end gets a moment to answer. When the other end does: its close frame
//! is answered.

use super::connection::Connection;
use super::writer::Writer;
use axum::extract::ws::{CloseFrame, Message, WebSocket};
use futures_util::StreamExt;
use std::time::Duration;
use tidings_shared::ErrorCode;
use tidings_shared::close::CloseCode;
use tidings_shared::frame::ServerFrame;

/// How long the other end may take to answer a close frame.
const CLOSE_LIMIT: Duration = Duration::from_secs(2);

impl Connection {
    /// Writes what is queued, answers what was committed, says goodbye and waits a moment for the
    /// other end to say it too: dropping a socket with unread input resets it, and what was
    /// written last might never be seen.
    pub(super) async fn close(&mut self, code: CloseCode) {
        // The user's place is free at once, not only after the goodbye.
        self.bound = None;
        let Self {
            app,
            answers,
            writer,
            reader,
            ..
        } = self;
        let goodbye = async {
            while let Some(answer) = answers.next().await {
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
        if tokio::time::timeout(CLOSE_LIMIT, goodbye).await.is_err() {
            tracing::debug!(uid = %self.user.uid, "the other end did not answer the close");
        }
    }
}

impl Connection {
    /// Answers the other end's close frame (RFC 6455 §5.5.1) and closes the socket first (§7.1.1). What
    /// is queued stays unsaid: nothing may follow the answer, which the library has ready when it shows
    /// the close frame, and sends with the next read.
    pub(super) async fn answer_close(&mut self) {
        self.bound = None;
        let answered = async { while let Some(Ok(_)) = self.reader.next().await {} };
        if tokio::time::timeout(CLOSE_LIMIT, answered).await.is_err() {
            tracing::debug!(uid = %self.user.uid, "the answer to the close could not be sent");
        }
    }
}

/// Opens a connection only to say why it is closed.
pub(super) async fn refuse(socket: WebSocket, error: ErrorCode, code: CloseCode) {
    let (sink, mut reader) = socket.split();
    let mut writer = Writer::new(sink);
    writer.push(ServerFrame::Error(error.into()).to_json());
    let frame = CloseFrame {
        code: code.code(),
        reason: code.reason().into(),
    };
    writer.push_message(Message::Close(Some(frame)));
    let goodbye = async {
        if writer.finish().await.is_ok() {
            while let Some(Ok(_)) = reader.next().await {}
        }
    };
    if tokio::time::timeout(CLOSE_LIMIT, goodbye).await.is_err() {
        tracing::debug!("the other end did not answer the close");
    }
}
