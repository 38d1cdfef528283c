//! The sends of a connection that wait for the committer, which answers in their order, so only the
//! first is awaited.

use crate::domain::MessageEvent;
use crate::store::{CommitResult, SendError};
use std::collections::VecDeque;
use std::sync::Arc;
use tidings_shared::ErrorCode;
use tokio::sync::oneshot;
use tokio::time::Instant;

/// The committer's answer, or why it did not take the send.
type Pending = Result<oneshot::Receiver<CommitResult>, ErrorCode>;

/// The outcome of a send.
pub(super) struct SendOutcome {
    /// The published event, or why nothing was stored.
    pub(super) result: Result<Arc<MessageEvent>, ErrorCode>,
    /// When the send was received.
    pub(super) arrived: Instant,
}

/// Pending sends in their order.
#[derive(Default)]
pub(super) struct PendingSends(VecDeque<(Pending, Instant)>);

impl PendingSends {
    /// Whether none is pending.
    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Appends a send that was received now.
    pub(super) fn push(&mut self, pending: Pending) {
        self.0.push_back((pending, Instant::now()));
    }

    /// The outcome of the first; `None`: none is pending. Cancel safe.
    pub(super) async fn next(&mut self) -> Option<SendOutcome> {
        let (pending, arrived) = self.0.front_mut()?;
        let arrived = *arrived;
        let result = match pending {
            // A committer that is gone may have stored the message. The client sends it again.
            Ok(receiver) => receiver
                .await
                .unwrap_or(Err(SendError::Unavailable))
                .map_err(ErrorCode::from),
            Err(code) => Err(*code),
        };
        self.0.pop_front();
        Some(SendOutcome { result, arrived })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures_util::FutureExt;

    fn code(outcome: Option<SendOutcome>) -> Option<ErrorCode> {
        outcome.expect("it waits").result.err()
    }

    #[tokio::test]
    async fn outcomes_keep_the_order_of_sends_and_cancel_safely() {
        let mut pending = PendingSends::default();
        let (committer, receiver) = oneshot::channel();
        pending.push(Ok(receiver));
        pending.push(Err(ErrorCode::Busy));
        assert!(pending.next().now_or_never().is_none());
        committer
            .send(Err(SendError::UnknownRecipient))
            .expect("it is waited for");
        let first = code(pending.next().await);
        assert_eq!(first, Some(ErrorCode::UnknownRecipient));
        assert_eq!(code(pending.next().await), Some(ErrorCode::Busy));
        assert!(pending.next().await.is_none());
    }

    #[tokio::test]
    async fn send_without_a_committer_is_answered_unavailable() {
        let mut pending = PendingSends::default();
        let (committer, receiver) = oneshot::channel();
        pending.push(Ok(receiver));
        drop(committer);
        assert_eq!(code(pending.next().await), Some(ErrorCode::Unavailable));
    }
}
