//! The sends of a connection that wait for their answers. They are answered in the order in which
//! they came, which is also the order in which the committer answers: so the first is waited for,
//! and no other.

use crate::store::{self, SendError};
use std::collections::VecDeque;
use tidings_shared::frame::{self, ServerFrame, kind};
use tidings_shared::{ClientMsgId, ConversationId, ErrorBody, ErrorCode, Seq};
use tokio::sync::oneshot;
use tokio::time::Instant;

/// The answer to a send.
pub(super) struct Answer {
    /// The text of its frame.
    pub(super) text: String,
    /// Where the message is, if it was stored.
    pub(super) place: Option<(ConversationId, Seq)>,
    /// When the send arrived.
    pub(super) arrived: Instant,
    /// Why not, if it was not.
    pub(super) refused: Option<ErrorCode>,
}

impl Answer {
    /// The type of its frame.
    pub(super) const fn kind(&self) -> u64 {
        if self.refused.is_some() {
            kind::ERROR
        } else {
            kind::SEND
        }
    }
}

/// What the committer will say, or why it was not asked.
pub(super) type Outcome = Result<oneshot::Receiver<store::Answer>, Box<ErrorBody>>;

struct Waiting {
    outcome: Outcome,
    client_msg_id: Option<ClientMsgId>,
    arrived: Instant,
}

/// Sends in their order.
#[derive(Default)]
pub(super) struct Answers(VecDeque<Waiting>);

impl Answers {
    /// How many wait.
    pub(super) fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether none waits.
    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// A send that arrived after all those before it.
    pub(super) fn push(
        &mut self,
        outcome: Outcome,
        client_msg_id: Option<ClientMsgId>,
        arrived: Instant,
    ) {
        self.0.push_back(Waiting {
            outcome,
            client_msg_id,
            arrived,
        });
    }

    /// The next answer; `None` when no send waits. Cancel safe.
    pub(super) async fn next(&mut self) -> Option<Answer> {
        let result = match &mut self.0.front_mut()?.outcome {
            // The committer ended without an answer: nobody knows, so send it again.
            Ok(receiver) => receiver
                .await
                .unwrap_or(Err(SendError::Unavailable))
                .map_err(|error| ErrorBody::new(ErrorCode::from(error))),
            Err(body) => Err((**body).clone()),
        };
        let Waiting {
            client_msg_id,
            arrived,
            ..
        } = self.0.pop_front()?;
        Some(match result {
            Ok(event) => Answer {
                text: frame::write_sent(&event.for_sender),
                place: Some((event.conversation, event.seq)),
                arrived,
                refused: None,
            },
            Err(body) => {
                let refused = Some(body.code);
                let mut body = body.re(kind::SEND);
                body.client_msg_id = client_msg_id;
                Answer {
                    text: ServerFrame::Error(body).to_json(),
                    place: None,
                    arrived,
                    refused,
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
    async fn answers_come_in_the_order_of_the_sends_and_a_cancelled_wait_loses_none() {
        let mut answers = Answers::default();
        let (committer, receiver) = oneshot::channel();
        let now = Instant::now();
        answers.push(Ok(receiver), None, now);
        let key = ClientMsgId("second".into());
        let empty = Box::new(ErrorBody::new(ErrorCode::Empty));
        answers.push(Err(empty), Some(key.clone()), now);
        assert!(answers.next().now_or_never().is_none());
        assert_eq!(answers.len(), 2);

        committer
            .send(Err(SendError::UnknownRecipient))
            .expect("it is waited for");
        let first = answers.next().await.expect("it waits");
        assert_eq!(first.refused, Some(ErrorCode::UnknownRecipient));
        let second = answers.next().await.expect("it waits");
        assert_eq!(second.refused, Some(ErrorCode::Empty));
        assert!(second.text.contains(&key.0));
        assert!(answers.next().await.is_none());
    }

    #[tokio::test]
    async fn a_send_whose_committer_is_gone_is_to_be_sent_again() {
        let mut answers = Answers::default();
        let (committer, receiver) = oneshot::channel();
        answers.push(Ok(receiver), None, Instant::now());
        drop(committer);
        let answer = answers.next().await.expect("it waits");
        assert_eq!(answer.refused, Some(ErrorCode::Unavailable));
    }
}
