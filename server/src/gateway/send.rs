//! Frame 3, the send: checks a message and queues it for the committer.

use super::connection::Connection;
use crate::clock;
use crate::store::NewMessage;
use tidings_shared::visible::is_blank;
use tidings_shared::{ErrorBody, ErrorCode, Peer, frame, limits};

impl Connection {
    pub(super) fn send(&mut self, send: frame::Send) {
        let client_msg_id = send.client_msg_id.clone();
        let checked = self.check_send(&send).and_then(|()| {
            let message = NewMessage {
                sender: self.user.uid,
                peer: send.peer,
                content: send.content,
                msg_type: send.msg_type,
                client_msg_id: send.client_msg_id,
                origin: self.id,
                created_at: clock::now_ms(),
            };
            Ok(self.app.committer.send(message)?)
        });
        let outcome = checked.map_err(|code| Box::new(ErrorBody::new(code)));
        // A refusal also waits for earlier answers, for clients that give sends no ids.
        self.pending_sends
            .push(outcome, client_msg_id, self.last_arrival);
    }

    fn check_send(&self, send: &frame::Send) -> Result<(), ErrorCode> {
        let id = send.client_msg_id.as_ref().map(|id| id.0.as_bytes());
        let id_is_fine = id.is_none_or(|id| {
            (1..=limits::CLIENT_MSG_ID_BYTES).contains(&id.len())
                && id.iter().all(u8::is_ascii_graphic)
        });
        if self.app.disk.is_full() {
            Err(ErrorCode::Unavailable)
        } else if send.sender_uid != self.user.uid {
            Err(ErrorCode::UidMismatch)
        } else if !id_is_fine {
            Err(ErrorCode::InvalidClientMsgId)
        } else if send.peer == Peer::User(self.user.uid) {
            Err(ErrorCode::InvalidRecipient)
        } else if is_blank(&send.content) {
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
