//! Frame 3: checks a message, queues it for the committer, and answers in turn.

use super::connection::Connection;
use crate::clock;
use crate::store::NewMessage;
use futures_util::FutureExt;
use tidings_shared::frame::{self, ServerFrame, kind};
use tidings_shared::{ConversationId, ErrorBody, ErrorCode, Peer, Seq, limits};
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

/// The answer to a send, on its way.
pub(super) type Answering = futures_util::future::BoxFuture<'static, Answer>;

impl Connection {
    pub(super) fn send(&mut self, send: frame::Send) {
        let client_msg_id = send.client_msg_id.clone();
        let failure = move |code: ErrorCode| {
            let mut body = ErrorBody::new(code).re(kind::SEND);
            body.client_msg_id.clone_from(&client_msg_id);
            ServerFrame::Error(body)
        };
        if let Err(code) = self.check_send(&send) {
            self.answer_in_turn(code, &failure(code));
            return;
        }
        let arrived = self.last_arrival;
        let queued = self.app.committer.send(NewMessage {
            sender: self.user.uid,
            peer: send.peer,
            content: send.content,
            msg_type: send.msg_type,
            client_msg_id: send.client_msg_id,
            origin: self.id,
            created_at: clock::now_ms(),
        });
        match queued {
            Ok(answer) => self.answering.push_back(
                async move {
                    let failed = |code| Answer {
                        text: failure(code).to_json(),
                        place: None,
                        arrived,
                        refused: Some(code),
                    };
                    match answer.await {
                        Ok(Ok(event)) => Answer {
                            text: frame::write_sent(&event.for_sender),
                            place: Some((event.conversation, event.seq)),
                            arrived,
                            refused: None,
                        },
                        Ok(Err(error)) => failed(error.into()),
                        // The committer ended without an answer: nobody knows, so send it again.
                        Err(_) => failed(ErrorCode::Unavailable),
                    }
                }
                .boxed(),
            ),
            Err(error) => {
                let code = error.into();
                self.answer_in_turn(code, &failure(code));
            }
        }
    }

    /// Answers a send after those before it, for whoever gave them no ids.
    fn answer_in_turn(&mut self, code: ErrorCode, frame: &ServerFrame) {
        let answer = Answer {
            text: frame.to_json(),
            place: None,
            arrived: self.last_arrival,
            refused: Some(code),
        };
        self.answering.push_back(std::future::ready(answer).boxed());
    }

    fn check_send(&self, send: &frame::Send) -> Result<(), ErrorCode> {
        let id = send.client_msg_id.as_ref().map(|id| id.0.as_bytes());
        let id_is_fine = id.is_none_or(|id| {
            (1..=limits::CLIENT_MSG_ID_BYTES).contains(&id.len())
                && id.iter().all(u8::is_ascii_graphic)
        });
        if send.sender_uid != self.user.uid {
            Err(ErrorCode::UidMismatch)
        } else if !id_is_fine {
            Err(ErrorCode::InvalidClientMsgId)
        } else if send.peer == Peer::User(self.user.uid) {
            Err(ErrorCode::InvalidRecipient)
        } else if send.content.trim().is_empty() {
            Err(ErrorCode::Empty)
        } else if send.content.len() > limits::CONTENT_BYTES {
            Err(ErrorCode::TooLong)
        } else if send.content.contains('\0') {
            Err(ErrorCode::InvalidContent)
        } else if !send.msg_type.is_for_clients() {
            Err(ErrorCode::InvalidMsgType)
        } else {
            Ok(())
        }
    }
}
