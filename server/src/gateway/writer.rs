//! The write half of a connection: a short queue, and a limit on how long it may not move.

use axum::extract::ws::Message;
use futures_util::{Sink, SinkExt};
use std::collections::VecDeque;
use std::future::poll_fn;
use std::time::Duration;
use tidings_shared::limits;
use tokio::time::Instant;

/// How long the socket may take nothing before the connection is closed as too slow (4002).
const STALL_LIMIT: Duration = Duration::from_secs(10);
/// Frames queued at which the connection stops making new ones.
const QUEUE: usize = 128;
/// Bytes queued at which it does: four of the longest answers.
const QUEUE_BYTES: usize = 4 * limits::FRAME_BYTES;

/// Frames on their way into a sink.
pub(super) struct Writer<S> {
    sink: S,
    queue: VecDeque<Message>,
    bytes: usize,
    /// Something was given to the sink and not flushed yet.
    unflushed: bool,
    moved_at: Instant,
}

impl<S: Sink<Message> + Unpin> Writer<S> {
    pub(super) fn new(sink: S) -> Self {
        Self {
            sink,
            queue: VecDeque::new(),
            bytes: 0,
            unflushed: false,
            moved_at: Instant::now(),
        }
    }

    /// Queues a frame.
    pub(super) fn push(&mut self, text: impl Into<String>) {
        self.push_message(Message::text(text.into()));
    }

    pub(super) fn push_message(&mut self, message: Message) {
        if !self.is_busy() {
            self.moved_at = Instant::now();
        }
        self.bytes += size(&message);
        self.queue.push_back(message);
    }

    /// Whether there is room for frames that can wait to be made.
    pub(super) fn has_room(&self) -> bool {
        self.queue.len() < QUEUE && self.bytes < QUEUE_BYTES
    }

    /// Whether [`Self::drive`] has something to do.
    pub(super) fn is_busy(&self) -> bool {
        self.unflushed || !self.queue.is_empty()
    }

    /// When something was last written, or queued after a pause.
    pub(super) const fn moved_at(&self) -> Instant {
        self.moved_at
    }

    /// When the connection counts as too slow, unless it moves before.
    pub(super) fn deadline(&self) -> Option<Instant> {
        self.is_busy().then(|| self.moved_at + STALL_LIMIT)
    }

    /// Writes until everything queued is flushed; where there was no room, until there is some
    /// again, so that those who wait for it need not wait for the flush. Cancel safe: no frame is
    /// lost or written twice.
    pub(super) async fn drive(&mut self) -> Result<(), S::Error> {
        let was_full = !self.has_room();
        while !self.queue.is_empty() {
            poll_fn(|cx| self.sink.poll_ready_unpin(cx)).await?;
            if let Some(message) = self.queue.pop_front() {
                self.bytes -= size(&message);
                self.unflushed = true;
                self.moved_at = Instant::now();
                self.sink.start_send_unpin(message)?;
            }
        }
        if was_full {
            return Ok(());
        }
        poll_fn(|cx| self.sink.poll_flush_unpin(cx)).await?;
        self.unflushed = false;
        Ok(())
    }

    /// Writes until nothing is left to write. Cancel safe like [`Self::drive`].
    pub(super) async fn finish(&mut self) -> Result<(), S::Error> {
        while self.is_busy() {
            self.drive().await?;
        }
        Ok(())
    }
}

fn size(message: &Message) -> usize {
    match message {
        Message::Text(text) => text.len(),
        Message::Binary(bytes) | Message::Ping(bytes) | Message::Pong(bytes) => bytes.len(),
        Message::Close(_) => 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures_util::FutureExt;
    use std::convert::Infallible;
    use std::pin::Pin;
    use std::task::{Context, Poll};

    #[tokio::test(start_paused = true)]
    async fn a_cancelled_write_goes_on_where_it_was_and_a_stall_has_a_deadline() {
        let (sender, mut read) = tokio::sync::mpsc::channel(1);
        let sink = futures_util::sink::unfold(sender, |sender, message| async move {
            sender.send(message).await.map(|()| sender)
        });
        let mut writer = Writer::new(Box::pin(sink));
        for n in 0..10 {
            writer.push(n.to_string());
        }
        let start = Instant::now();
        let waited = tokio::time::timeout(Duration::from_secs(1), writer.drive()).await;
        assert!(waited.is_err());
        assert_eq!(writer.deadline(), Some(start + STALL_LIMIT));
        let mut got = Vec::new();
        while got.len() < 10 {
            tokio::select! {
                message = read.recv() => got.push(message.expect("open")),
                result = writer.drive(), if writer.is_busy() => result.expect("open"),
            }
        }
        let expected: Vec<_> = (0..10).map(|n| Message::text(n.to_string())).collect();
        assert_eq!(got, expected);
        assert_eq!(writer.deadline(), None);
    }

    /// Takes everything and flushes nothing, as a socket does whose other end reads no more.
    struct Stuck;

    impl Sink<Message> for Stuck {
        type Error = Infallible;

        fn poll_ready(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
            Poll::Ready(Ok(()))
        }

        fn start_send(self: Pin<&mut Self>, _: Message) -> Result<(), Infallible> {
            Ok(())
        }

        fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
            Poll::Pending
        }

        fn poll_close(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
            Poll::Pending
        }
    }

    #[test]
    fn whoever_waits_for_room_does_not_wait_for_the_flush() {
        let mut writer = Writer::new(Stuck);
        while writer.has_room() {
            writer.push("x");
        }
        assert_eq!(writer.drive().now_or_never(), Some(Ok(())));
        assert!(writer.has_room());
        assert!(writer.is_busy());
        assert_eq!(writer.drive().now_or_never(), None);
        assert!(writer.deadline().is_some());
    }

    #[tokio::test]
    async fn room_is_counted_in_frames_and_in_bytes() {
        let mut writer = Writer::new(futures_util::sink::drain());
        for _ in 0..4 {
            assert!(writer.has_room());
            writer.push("x".repeat(limits::FRAME_BYTES));
        }
        assert!(!writer.has_room());
        writer.drive().await.expect("a drain takes all");
        for _ in 0..QUEUE {
            assert!(writer.has_room());
            writer.push("x");
        }
        assert!(!writer.has_room());
    }
}
