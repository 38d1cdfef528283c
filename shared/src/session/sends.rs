//! Frame 3, the send: checks a message and passes it on to the store. Answers are sent in the order
//! of the sends, which is also the order in which the store answers.

use super::{AppendedSend, Outgoing, Output, Payload, Phase, Session};
use crate::frame::{self, ServerFrame, kind};
use crate::visible::is_blank;
use crate::{ClientMsgId, ErrorBody, ErrorCode, Moment, Peer, UserId, limits};
use std::collections::VecDeque;

#[derive(Debug)]
struct PendingSend {
    client_msg_id: Option<ClientMsgId>,
    is_group: bool,
    /// Refused before it reached the store. It waits for earlier answers, for clients that give
    /// sends no ids.
    refused: Option<Box<ErrorBody>>,
}

/// Sends that wait for their answers, in their order.
#[derive(Debug, Default)]
pub(super) struct PendingSends(VecDeque<PendingSend>);

impl PendingSends {
    pub(super) fn len(&self) -> usize {
        self.0.len()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(super) fn push_refused(&mut self, body: ErrorBody, client_msg_id: Option<ClientMsgId>) {
        self.0.push_back(PendingSend {
            client_msg_id,
            is_group: false,
            refused: Some(Box::new(body)),
        });
    }
}

impl<P: Payload> Session<P> {
    pub(super) fn handle_send(&mut self, now: Moment, send: frame::Send) {
        match check(&send, self.user.uid) {
            Ok(()) => {
                self.sends.0.push_back(PendingSend {
                    client_msg_id: send.client_msg_id.clone(),
                    is_group: matches!(send.peer, Peer::Group(_)),
                    refused: None,
                });
                self.outputs.push_back(Output::Append(send));
            }
            Err(code) => {
                self.sends
                    .push_refused(ErrorBody::new(code), send.client_msg_id);
                self.answer_refused(now);
            }
        }
    }

    /// The outcome of the earliest [`Output::Append`] that had none yet.
    pub fn handle_appended(&mut self, now: Moment, outcome: Result<AppendedSend<P>, ErrorCode>) {
        if !matches!(self.phase, Phase::Open | Phase::Closing(..)) {
            return;
        }
        let Some(send) = self.sends.0.pop_front() else {
            return;
        };
        match outcome {
            Ok(AppendedSend {
                conversation,
                seq,
                message,
            }) => {
                self.queue.push(now, Outgoing::Sent(message));
                if let Some(bound) = &mut self.bound {
                    bound.feed.handle_answered(conversation, seq, send.is_group);
                }
            }
            Err(code) => self.refuse_send(now, ErrorBody::new(code), send.client_msg_id),
        }
        self.answer_refused(now);
        self.handle_page_if_answered(now);
        self.close_if_answered(now);
    }

    /// Answers refused sends up to the next one that waits for the store.
    pub(super) fn answer_refused(&mut self, now: Moment) {
        let is_refused = |send: &mut PendingSend| send.refused.is_some();
        while let Some(send) = self.sends.0.pop_front_if(is_refused) {
            if let Some(body) = send.refused {
                self.refuse_send(now, *body, send.client_msg_id);
            }
        }
    }

    fn refuse_send(&mut self, now: Moment, body: ErrorBody, client_msg_id: Option<ClientMsgId>) {
        let mut body = body.re(kind::SEND);
        body.client_msg_id = client_msg_id;
        self.send(now, ServerFrame::Error(body));
    }
}

fn check(send: &frame::Send, sender: UserId) -> Result<(), ErrorCode> {
    let content = send.body.content();
    let id = send.client_msg_id.as_ref().map(|id| id.0.as_bytes());
    let id_is_fine = id.is_none_or(|id| {
        (1..=limits::CLIENT_MSG_ID_BYTES).contains(&id.len()) && id.iter().all(u8::is_ascii_graphic)
    });
    if send.sender_uid != sender {
        Err(ErrorCode::UidMismatch)
    } else if !id_is_fine {
        Err(ErrorCode::InvalidClientMsgId)
    } else if send.peer == Peer::User(sender) {
        Err(ErrorCode::InvalidRecipient)
    } else if is_blank(content) {
        Err(ErrorCode::Empty)
    } else if content.len() > limits::CONTENT_BYTES {
        Err(ErrorCode::TooLong)
    } else if content.contains('\0') {
        Err(ErrorCode::InvalidContent)
    } else if !send.body.msg_type().is_for_clients() {
        Err(ErrorCode::InvalidMsgType)
    } else {
        Ok(())
    }
}
