//! The sends of a connection that await their answers. Answers are sent in the order of the sends,
//! which is also the order in which the committer answers, so only the first is awaited.

use crate::store::{self, SendError};
use std::collections::VecDeque;
use tidings_shared::frame::{self, ServerFrame, kind};
use tidings_shared::{ClientMsgId, ConversationId, ErrorBody, ErrorCode, Seq};
use tokio::sync::oneshot;
use tokio::time::Instant;

/// The answer to a send.
pub(super) struct SendAnswer {
    /// The frame's text.
    pub(super) text: String,
    /// Conversation and sequence number of the message, if it was stored.
    pub(super) stored_at: Option<(ConversationId, Seq)>,
    /// When the send was received.
    pub(super) arrived: Instant,
    /// The error, if it was not stored.
    pub(super) error: Option<ErrorCode>,
}

impl SendAnswer {
    /// The frame's type.
    pub(super) const fn kind(&self) -> u64 {
        if self.error.is_some() {
            kind::ERROR
        } else {
            kind::SEND
        }
    }
}

/// The committer's pending answer, or why the send was refused before.
pub(super) type Outcome = Result<oneshot::Receiver<store::CommitResult>, Box<ErrorBody>>;

struct PendingSend {
    outcome: Outcome,
    client_msg_id: Option<ClientMsgId>,
    arrived: Instant,
}

/// Pending sends in their order.
#[derive(Default)]
pub(super) struct PendingSends(VecDeque<PendingSend>);

impl PendingSends {
    /// How many are pending.
    pub(super) fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether none is pending.
    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Appends a send.
    pub(super) fn push(
        &mut self,
        outcome: Outcome,
        client_msg_id: Option<ClientMsgId>,
        arrived: Instant,
    ) {
        self.0.push_back(PendingSend {
            outcome,
            client_msg_id,
            arrived,
        });
    }

    /// The next answer; `None` when no send is pending. Cancel safe.
    pub(super) async fn next(&mut self) -> Option<SendAnswer> {
        let result = match &mut self.0.front_mut()?.outcome {
            // The committer ended without an answer: whether it was stored is unknown, so the
            // client sends it again.
            Ok(receiver) => receiver
                .await
                .unwrap_or(Err(SendError::Unavailable))
                .map_err(|error| ErrorBody::new(ErrorCode::from(error))),
            Err(body) => Err((**body).clone()),
        };
        let PendingSend {
            client_msg_id,
            arrived,
            ..
        } = self.0.pop_front()?;
        Some(match result {
            Ok(event) => SendAnswer {
                text: frame::write_sent(&event.for_sender),
                stored_at: Some((event.conversation, event.seq)),
                arrived,
                error: None,
            },
            Err(body) => {
                let error = Some(body.code);
                let mut body = body.re(kind::SEND);
                body.client_msg_id = client_msg_id;
                SendAnswer {
                    text: ServerFrame::Error(body).to_json(),
                    stored_at: None,
                    arrived,
                    error,
                }
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures_util::FutureExt;

    #[tokio::test]
    async fn answers_keep_the_order_of_sends_and_cancel_safely() {
        let mut pending = PendingSends::default();
        let (committer, receiver) = oneshot::channel();
        let now = Instant::now();
        pending.push(Ok(receiver), None, now);
        let key = ClientMsgId("second".into());
        let empty = Box::new(ErrorBody::new(ErrorCode::Empty));
        pending.push(Err(empty), Some(key.clone()), now);
        assert!(pending.next().now_or_never().is_none());
        assert_eq!(pending.len(), 2);

        committer
            .send(Err(SendError::UnknownRecipient))
            .expect("it is waited for");
        let first = pending.next().await.expect("it waits");
        assert_eq!(first.error, Some(ErrorCode::UnknownRecipient));
        let second = pending.next().await.expect("it waits");
        assert_eq!(second.error, Some(ErrorCode::Empty));
        assert!(second.text.contains(&key.0));
        assert!(pending.next().await.is_none());
    }

    #[tokio::test]
    async fn send_without_a_committer_is_answered_unavailable() {
        let mut pending = PendingSends::default();
        let (committer, receiver) = oneshot::channel();
        pending.push(Ok(receiver), None, Instant::now());
        drop(committer);
        let answer = pending.next().await.expect("it waits");
        assert_eq!(answer.error, Some(ErrorCode::Unavailable));
    }
}
