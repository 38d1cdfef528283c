//! The cost of frames for their user's rate limits (`--user-requests`), and the handling of frames
//! beyond the limits.

use super::connection::{Connection, End};
use crate::admission::with_jitter;
use std::time::Duration;
use tidings_shared::close::CloseCode;
use tidings_shared::frame::ClientFrame;
use tidings_shared::{ErrorBody, ErrorCode, limits};
use tokio::time::Instant;

/// The longest time for which no frame is received after a deferred one. Refusals cost processor
/// time too, so TCP has to slow down a client that ignores `retryMs`.
const PAUSE_MAX: Duration = Duration::from_millis(10);
/// Rows that cost one unit when read together.
const ROWS_PER_UNIT: u32 = 20;

/// The cost of a frame by its work in the store, in units of one send.
fn cost(frame: &ClientFrame) -> u32 {
    match frame {
        // Free: it advances a cursor in memory, and pushes depend on it.
        ClientFrame::Ack(_) => 0,
        ClientFrame::Heartbeat(_) | ClientFrame::Send(_) => 1,
        ClientFrame::Read(_) => 2,
        ClientFrame::Query(query) => {
            let rows = query.limit.unwrap_or(limits::PAGE_DEFAULT);
            1 + rows.min(limits::PAGE_MAX) / ROWS_PER_UNIT
        }
        ClientFrame::Watch(watch) => {
            let users = u32::try_from(watch.uids.len()).unwrap_or(u32::MAX);
            1 + users / ROWS_PER_UNIT
        }
        ClientFrame::Unread(_) | ClientFrame::ListConversations(_) => 5,
        ClientFrame::Bind(_) => 10,
    }
}

impl Connection {
    /// Charges the frame's cost to its user.
    ///
    /// # Errors
    /// How long to wait until there is enough.
    pub(super) fn charge(&mut self, frame: &ClientFrame) -> Result<(), Duration> {
        let rate_limits = &self.app.admission.rate_limits;
        let uid = self.user.uid;
        rate_limits.charge_request(uid, cost(frame))?;
        if let ClientFrame::Send(send) = frame {
            rate_limits.charge_bytes(uid, send.content.len())?;
        }
        Ok(())
    }

    /// Answers that the frame has to be sent again after `wait`, and receives no other for at most
    /// [`PAUSE_MAX`].
    pub(super) fn defer(&mut self, frame: ClientFrame, wait: Duration) -> Result<(), End> {
        self.resume_at = Some(Instant::now() + wait.min(PAUSE_MAX));
        let wait = with_jitter(wait, self.id.0);
        let re = super::requests::type_of(&frame);
        let mut body = ErrorBody::new(ErrorCode::TooManyRequests)
            .re(re)
            .retry_after(wait);
        match frame {
            ClientFrame::Bind(_) => {
                return Err(self.refuse_bind_with(body, CloseCode::RateLimited));
            }
            ClientFrame::Send(send) => {
                // Queued, to come after earlier answers.
                let arrived = self.last_arrival;
                self.pending_sends
                    .push(Err(Box::new(body)), send.client_msg_id, arrived);
            }
            ClientFrame::Query(query) => {
                body.reference = query.reference;
                self.refuse(body);
            }
            _ => self.refuse(body),
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frame_cost_depends_on_its_store_work() {
        for (frame, expected) in [
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
        ] {
            let frame = ClientFrame::parse(frame).expect(frame);
            assert_eq!(cost(&frame), expected, "{frame:?}");
        }
    }
}
