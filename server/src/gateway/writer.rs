//! The write half of a connection: a bounded queue, and a limit on how long it may stall.

use axum::extract::ws::Message;
use futures_util::{Sink, SinkExt};
use std::collections::VecDeque;
use std::future::poll_fn;
use std::time::Duration;
use tidings_shared::limits;
use tokio::time::Instant;

/// How long the socket may accept nothing before the connection is closed as too slow (4002).
const STALL_LIMIT: Duration = Duration::from_secs(10);
/// Queued frames at which the connection stops producing new ones.
const QUEUE: usize = 128;
/// Queued bytes at which it does: four of the longest answers.
const QUEUE_BYTES: usize = 4 * limits::FRAME_BYTES;

/// Frames on their way into a sink.
pub(super) struct Writer<S> {
    sink: S,
    queue: VecDeque<Message>,
    bytes: usize,
    /// Something was passed to the sink and not flushed yet.
    unflushed: bool,
    last_progress: Instant,
}

impl<S: Sink<Message> + Unpin> Writer<S> {
    pub(super) fn new(sink: S) -> Self {
        Self {
            sink,
            queue: VecDeque::new(),
            bytes: 0,
            unflushed: false,
            last_progress: Instant::now(),
        }
    }

    /// Queues a frame.
    pub(super) fn push(&mut self, text: impl Into<String>) {
        self.push_message(Message::text(text.into()));
    }

    pub(super) fn push_message(&mut self, message: Message) {
        if !self.is_busy() {
            self.last_progress = Instant::now();
        }
        self.bytes += size(&message);
        self.queue.push_back(message);
    }

    /// Whether there is capacity for frames that can be produced later.
    pub(super) fn has_capacity(&self) -> bool {
        self.queue.len() < QUEUE && self.bytes < QUEUE_BYTES
    }

    /// Whether [`Self::drive`] has something to do.
    pub(super) fn is_busy(&self) -> bool {
        self.unflushed || !self.queue.is_empty()
    }

    /// When something was last written, or queued into an empty writer.
    pub(super) const fn last_progress(&self) -> Instant {
        self.last_progress
    }

    /// When the connection counts as too slow, unless it makes progress.
    pub(super) fn deadline(&self) -> Option<Instant> {
        self.is_busy().then(|| self.last_progress + STALL_LIMIT)
    }

    /// Writes until the queue is flushed; if it was full, only until there is capacity again, so
    /// that producers need not wait for the flush. Cancel safe: no frame is lost or written twice.
    pub(super) async fn drive(&mut self) -> Result<(), S::Error> {
        let was_full = !self.has_capacity();
        while !self.queue.is_empty() {
            poll_fn(|cx| self.sink.poll_ready_unpin(cx)).await?;
            if let Some(message) = self.queue.pop_front() {
                self.bytes -= size(&message);
                self.unflushed = true;
                self.last_progress = Instant::now();
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
    async fn cancelled_write_resumes_and_a_stall_sets_a_deadline() {
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

    /// Accepts everything and flushes nothing, like a socket whose client stopped reading.
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
    fn full_writer_regains_capacity_before_the_flush() {
        let mut writer = Writer::new(Stuck);
        while writer.has_capacity() {
            writer.push("x");
        }
        assert_eq!(writer.drive().now_or_never(), Some(Ok(())));
        assert!(writer.has_capacity());
        assert!(writer.is_busy());
        assert_eq!(writer.drive().now_or_never(), None);
        assert!(writer.deadline().is_some());
    }

    #[tokio::test]
    async fn capacity_is_bounded_in_frames_and_in_bytes() {
        let mut writer = Writer::new(futures_util::sink::drain());
        for _ in 0..4 {
            assert!(writer.has_capacity());
            writer.push("x".repeat(limits::FRAME_BYTES));
        }
        assert!(!writer.has_capacity());
        writer.drive().await.expect("a drain takes all");
        for _ in 0..QUEUE {
            assert!(writer.has_capacity());
            writer.push("x");
        }
        assert!(!writer.has_capacity());
    }
}
