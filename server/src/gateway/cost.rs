//! What frames cost their user (`--user-requests`), and what becomes of those that are more than that.

use super::connection::{Connection, End};
use crate::admission::spread;
use std::time::Duration;
use tidings_shared::close::CloseCode;
use tidings_shared::frame::ClientFrame;
use tidings_shared::{ErrorBody, ErrorCode, limits};
use tokio::time::Instant;

/// The longest time for which a connection is not read after a frame that was put off. Frames that are
/// refused cost processor time too: TCP slows down a sender that ignores `retryMs`.
const PAUSE_MAX: Duration = Duration::from_millis(10);
/// What is read from the store in a row costs as much as so many rows do alone.
const ROWS_A_REQUEST: u32 = 20;

/// By what each makes the store do, measured against a send.
fn cost(frame: &ClientFrame) -> u32 {
    match frame {
        // Moves a position in memory; without them there would be no further pushes.
        ClientFrame::Ack(_) => 0,
        ClientFrame::Heartbeat(_) | ClientFrame::Send(_) => 1,
        ClientFrame::Read(_) => 2,
        ClientFrame::Query(query) => {
            let rows = query.limit.unwrap_or(limits::PAGE_DEFAULT);
            1 + rows.min(limits::PAGE_MAX) / ROWS_A_REQUEST
        }
        ClientFrame::Watch(watch) => {
            let users = u32::try_from(watch.uids.len()).unwrap_or(u32::MAX);
            1 + users / ROWS_A_REQUEST
        }
        ClientFrame::Unread(_) | ClientFrame::ListConversations(_) => 5,
        ClientFrame::Bind(_) => 10,
    }
}

impl Connection {
    /// Takes the frame's cost from its user.
    ///
    /// # Errors
    /// How long to wait until there is enough.
    pub(super) fn charge(&mut self, frame: &ClientFrame) -> Result<(), Duration> {
        let allowances = &self.app.admission.allowances;
        let uid = self.user.uid;
        allowances.request(uid, cost(frame))?;
        if let ClientFrame::Send(send) = frame {
            allowances.bytes(uid, send.content.len())?;
        }
        Ok(())
    }

    /// Answers that the frame is to come again after `wait`, and reads no other for a moment.
    pub(super) fn put_off(&mut self, frame: ClientFrame, wait: Duration) -> Result<(), End> {
        self.resume_at = Some(Instant::now() + wait.min(PAUSE_MAX));
        let wait = spread(wait, self.id.0);
        let re = super::requests::type_of(&frame);
        let mut body = ErrorBody::new(ErrorCode::TooManyRequests)
            .re(re)
            .retry_after(wait);
        match frame {
            ClientFrame::Bind(_) => {
                return Err(self.refuse_bind_with(body, CloseCode::RateLimited));
            }
            ClientFrame::Send(send) => {
                // After the answers before it.
                let arrived = self.last_arrival;
                self.answers
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
    fn a_frame_costs_by_what_it_makes_the_store_do() {
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
