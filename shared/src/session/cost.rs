//! The cost of frames for their user's rate limits, and the handling of frames beyond the limits.

use super::{Payload, Session};
use crate::close::CloseCode;
use crate::frame::{ClientFrame, FrameError};
use crate::jitter::with_jitter;
use crate::{ErrorBody, ErrorCode, Moment, limits};
use std::time::Duration;

/// The longest time for which no frame is received after a deferred one. Refusals cost processor
/// time too, so TCP has to slow down a client that ignores `retryMs`.
const PAUSE_MAX: Duration = Duration::from_millis(10);
/// Rows that cost one request when read together.
const ROWS_PER_REQUEST: u32 = 20;

/// What a frame costs its user.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cost {
    /// By its work in the store, in units of one send.
    pub requests: u32,
    /// Bytes of text to store.
    pub bytes: usize,
}

/// The cost of a text message, of a frame or not.
pub fn cost(frame: &Result<ClientFrame, FrameError>) -> Cost {
    let rows = |rows: u32| 1 + rows / ROWS_PER_REQUEST;
    let requests = match frame {
        // Free: it advances a cursor in memory, and pushes depend on it.
        Ok(ClientFrame::Ack(_)) => 0,
        Ok(ClientFrame::Heartbeat(_) | ClientFrame::Send(_)) | Err(_) => 1,
        Ok(ClientFrame::Read(_)) => 2,
        Ok(ClientFrame::Query(query)) => {
            let limit = query.limit.unwrap_or(limits::PAGE_DEFAULT);
            rows(limit.min(limits::PAGE_MAX))
        }
        Ok(ClientFrame::Watch(watch)) => rows(u32::try_from(watch.uids.len()).unwrap_or(u32::MAX)),
        Ok(ClientFrame::Unread(_) | ClientFrame::ListConversations(_)) => 5,
        Ok(ClientFrame::Bind(_)) => 10,
    };
    let bytes = match frame {
        Ok(ClientFrame::Send(send)) => send.body.content().len(),
        _ => 0,
    };
    Cost { requests, bytes }
}

impl<P: Payload> Session<P> {
    /// Answers that the frame has to be sent again after `wait`, and receives no other for at most
    /// [`PAUSE_MAX`].
    pub(super) fn defer(&mut self, now: Moment, frame: ClientFrame, wait: Duration) {
        self.resume_at = Some(now + wait.min(PAUSE_MAX));
        let mut body = ErrorBody::new(ErrorCode::TooManyRequests)
            .re(frame.kind())
            .retry_after(with_jitter(wait, self.seed));
        match frame {
            ClientFrame::Bind(_) => self.refuse_bind_with(now, body, CloseCode::RateLimited),
            ClientFrame::Send(send) => {
                // Queued, to come after earlier answers.
                self.sends.push_refused(body, send.client_msg_id);
                self.answer_refused(now);
            }
            ClientFrame::Query(query) => {
                body.reference = query.reference;
                self.refuse(now, body);
            }
            _ => self.refuse(now, body),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frame_cost_depends_on_its_store_work() {
        for (frame, requests) in [
            (r#"{"type":6,"data":{"tid":7}}"#, 0),
            (r#"{"type":2,"data":{"ownerUid":1,"otherUid":2}}"#, 3),
            (
                r#"{"type":2,"data":{"ownerUid":1,"otherUid":2,"limit":200}}"#,
                11,
            ),
            (
                r#"{"type":2,"data":{"ownerUid":1,"otherUid":2,"limit":4000000000}}"#,
                11,
            ),
            (r#"{"type":5,"data":{"uid":1}}"#, 5),
            ("no frame", 1),
        ] {
            let cost = cost(&ClientFrame::parse(frame));
            assert_eq!(cost, Cost { requests, bytes: 0 }, "{frame}");
        }
        let send = r#"{"type":3,"data":{"senderUid":1,"recipientUid":2,"content":"four"}}"#;
        let expected = Cost {
            requests: 1,
            bytes: 4,
        };
        assert_eq!(cost(&ClientFrame::parse(send)), expected);
    }
}
