//! The frames on their way to the socket: bounded, and with a limit on how long it may stall.

use super::{Outgoing, Payload};
use crate::frame::{ConversationList, ServerFrame};
use crate::{Moment, limits};
use std::collections::VecDeque;
use std::time::Duration;

/// How long the socket may accept nothing before the connection is closed as too slow (4002).
const STALL_LIMIT: Duration = Duration::from_secs(10);
/// Queued frames at which the session stops producing new ones.
const QUEUE: usize = 128;
/// Queued bytes at which it does: four of the longest answers.
const QUEUE_BYTES: usize = 4 * limits::FRAME_BYTES;
/// Frames for which an empty queue keeps its memory.
pub(super) const KEPT: usize = 16;
/// The size of a frame besides its messages or conversations, in bytes: an estimate.
const FRAME_OVERHEAD: usize = 128;
/// The same of a conversation in a list.
const ROW_OVERHEAD: usize = 256;

#[derive(Debug)]
pub(super) struct WriteQueue<P> {
    frames: VecDeque<Outgoing<P>>,
    bytes: usize,
    /// Something was taken by the socket and not flushed yet.
    unflushed: bool,
    last_progress: Moment,
}

impl<P: Payload> WriteQueue<P> {
    pub(super) fn new() -> Self {
        Self {
            frames: VecDeque::new(),
            bytes: 0,
            unflushed: false,
            last_progress: Moment::default(),
        }
    }

    pub(super) fn push(&mut self, now: Moment, frame: Outgoing<P>) {
        if !self.is_busy() {
            self.last_progress = now;
        }
        self.bytes += bytes(&frame);
        self.frames.push_back(frame);
    }

    pub(super) fn pop(&mut self, now: Moment) -> Option<Outgoing<P>> {
        let frame = self.frames.pop_front()?;
        self.bytes -= bytes(&frame);
        self.unflushed = true;
        self.last_progress = now;
        Some(frame)
    }

    pub(super) fn handle_flushed(&mut self) {
        self.unflushed = false;
        // A burst's memory is not kept for the whole life of the connection.
        if self.frames.is_empty() {
            self.frames.shrink_to(KEPT);
        }
    }

    pub(super) fn clear(&mut self) {
        self.frames.clear();
        self.bytes = 0;
        self.unflushed = false;
    }

    pub(super) fn has_capacity(&self) -> bool {
        self.frames.len() < QUEUE && self.bytes < QUEUE_BYTES
    }

    pub(super) fn has_frames(&self) -> bool {
        !self.frames.is_empty()
    }

    pub(super) fn is_busy(&self) -> bool {
        self.unflushed || self.has_frames()
    }

    /// When something was last written, or queued into an empty queue.
    pub(super) const fn last_progress(&self) -> Moment {
        self.last_progress
    }

    /// When the connection counts as too slow, unless it makes progress.
    pub(super) fn deadline(&self) -> Option<Moment> {
        self.is_busy().then(|| self.last_progress + STALL_LIMIT)
    }
}

fn bytes<P: Payload>(frame: &Outgoing<P>) -> usize {
    let content = match frame {
        Outgoing::Push { message, .. } | Outgoing::Sent(message) => message.bytes(),
        Outgoing::Page { messages, .. } => messages.iter().map(P::bytes).sum(),
        Outgoing::Bound { bound, .. } => bound.list.as_ref().map_or(0, list_bytes),
        Outgoing::Frame(ServerFrame::Conversations(list)) => list_bytes(list),
        // An error repeats what the client sent as its `clientMsgId`, valid or not.
        Outgoing::Frame(ServerFrame::Error(body) | ServerFrame::BindRefused(body)) => {
            body.message.len() + body.client_msg_id.as_ref().map_or(0, |id| id.0.len())
        }
        Outgoing::Frame(ServerFrame::Presence(list)) => list.presence.len() * FRAME_OVERHEAD,
        Outgoing::Frame(_) | Outgoing::Heartbeat(_) | Outgoing::Close(_) => 0,
    };
    content + FRAME_OVERHEAD
}

fn list_bytes(list: &ConversationList) -> usize {
    let rows = list.conversations.iter();
    rows.map(|row| ROW_OVERHEAD + row.name.len() + row.avatar.len() + row.last.body.content().len())
        .sum()
}

#[cfg(test)]
mod tests {
    use super::super::tests::Text;
    use super::*;
    use crate::{ClientMsgId, ErrorBody, ErrorCode};

    fn at(seconds: u64) -> Moment {
        Moment::after_origin(Duration::from_secs(seconds))
    }

    fn sent(bytes: usize) -> Outgoing<Text> {
        Outgoing::Sent(Text("x".repeat(bytes)))
    }

    #[test]
    fn queue_is_bounded_in_frames_and_in_bytes() {
        let mut queue = WriteQueue::new();
        for _ in 0..4 {
            assert!(queue.has_capacity());
            queue.push(at(0), sent(limits::FRAME_BYTES));
        }
        assert!(!queue.has_capacity());
        while queue.pop(at(0)).is_some() {}
        for _ in 0..QUEUE {
            assert!(queue.has_capacity());
            queue.push(at(0), sent(1));
        }
        assert!(!queue.has_capacity());
    }

    #[test]
    fn errors_count_with_the_ids_that_they_repeat() {
        let mut queue = WriteQueue::<Text>::new();
        for _ in 0..4 {
            assert!(queue.has_capacity());
            let mut body = ErrorBody::new(ErrorCode::InvalidClientMsgId);
            body.client_msg_id = Some(ClientMsgId("x".repeat(limits::FRAME_BYTES)));
            queue.push(at(0), Outgoing::Frame(ServerFrame::Error(body)));
        }
        assert!(!queue.has_capacity());
        while queue.pop(at(0)).is_some() {}
        assert_eq!(queue.bytes, 0);
    }

    #[test]
    fn a_stalled_queue_has_a_deadline_until_it_is_flushed() {
        let mut queue = WriteQueue::new();
        assert_eq!(queue.deadline(), None);
        queue.push(at(1), sent(1));
        queue.push(at(2), sent(1));
        assert_eq!(queue.deadline(), Some(at(1) + STALL_LIMIT));
        queue.pop(at(3));
        queue.pop(at(4));
        assert_eq!(queue.deadline(), Some(at(4) + STALL_LIMIT));
        queue.handle_flushed();
        assert_eq!(queue.deadline(), None);
    }
}
