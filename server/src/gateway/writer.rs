//! The write half of a connection.

use super::encode::{Encoder, MessageText};
use axum::extract::ws::Message;
use futures_util::{Sink, SinkExt};
use std::future::poll_fn;
use tidings_shared::Moment;
use tidings_shared::session::Session;
use tokio::time::Instant;

/// Writes the frames of a session into a sink.
pub(super) struct Writer<S> {
    sink: S,
    encoder: Encoder,
}

impl<S: Sink<Message> + Unpin> Writer<S> {
    pub(super) const fn new(sink: S, encoder: Encoder) -> Self {
        Self { sink, encoder }
    }

    /// Writes until the session's queue is flushed; if it was full, only until there is capacity
    /// again, so that the session need not wait for the flush. Its clock counts from `started`.
    /// Cancel safe: no frame is lost or written twice.
    pub(super) async fn drive(
        &mut self,
        session: &mut Session<MessageText>,
        started: Instant,
    ) -> Result<(), S::Error> {
        let was_full = !session.has_capacity();
        while session.has_frames() {
            poll_fn(|cx| self.sink.poll_ready_unpin(cx)).await?;
            let now = Moment::after_origin(started.elapsed());
            if let Some(frame) = session.poll_transmit(now) {
                let message = self.encoder.encode(frame, session);
                self.sink.start_send_unpin(message)?;
            }
        }
        if was_full {
            return Ok(());
        }
        poll_fn(|cx| self.sink.poll_flush_unpin(cx)).await?;
        session.handle_flushed();
        Ok(())
    }
}
