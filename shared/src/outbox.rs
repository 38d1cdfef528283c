//! The outbox: messages that the user sent and the server has not answered yet.
//!
//! Messages are sent in the order they were written, one at a time to each peer, so that a
//! transient error cannot reorder them. A message stays until the server's answer names its
//! `clientMsgId`; that a socket accepted it proves nothing.

use crate::frame::Send;
use crate::{Body, ClientMsgId, ErrorBody, ErrorCode, Moment, Peer, UserId};
use serde::{Deserialize, Deserializer, Serialize};
use std::collections::VecDeque;
use std::time::Duration;

/// The retry delay after a transient error, and its lower bound.
const RETRY_AFTER: Duration = Duration::from_secs(2);
/// The upper bound of the retry delay that the server asks for.
const RETRY_MAX: Duration = Duration::from_mins(1);

/// How long a tab waits before it sends a message that another tab wrote: longer than an answer
/// takes. If both send it, its `clientMsgId` makes it one message.
const ADOPT_AFTER: Duration = Duration::from_secs(5);

/// The most messages an outbox holds; writing more is refused until some are answered.
pub const OUTBOX_MAX: usize = 500;

/// A message that is not answered yet.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pending {
    /// Its idempotency key.
    pub client_msg_id: ClientMsgId,
    /// The recipient.
    pub peer: Peer,
    /// The text.
    pub content: String,
    /// When it was written, in ms since 1970 by the clock of the device.
    pub written_at: i64,
    /// The final error of the server; `None`: not refused.
    pub failed: Option<ErrorCode>,
    /// Written in this tab, not read from storage.
    #[serde(skip)]
    written_here: bool,
    /// Sent on the current connection and not answered.
    #[serde(skip)]
    in_flight: bool,
    #[serde(skip)]
    not_before: Option<Moment>,
}

/// The unanswered messages of one login, in the order they were written.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct Outbox {
    pending: VecDeque<Pending>,
}

/// The outbox holds [`OUTBOX_MAX`] messages.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("too many messages wait to be sent")]
pub struct Full;

impl Outbox {
    /// Adds a message that the user wrote.
    ///
    /// # Errors
    /// [`Full`] when [`OUTBOX_MAX`] messages wait.
    pub fn write(
        &mut self,
        client_msg_id: ClientMsgId,
        peer: Peer,
        content: String,
        written_at: i64,
    ) -> Result<(), Full> {
        if self.pending.len() >= OUTBOX_MAX {
            return Err(Full);
        }
        self.pending.push_back(Pending {
            client_msg_id,
            peer,
            content,
            written_at,
            failed: None,
            written_here: true,
            in_flight: false,
            not_before: None,
        });
        Ok(())
    }

    /// Merges the stored outbox after another tab of this login changed it. Messages that only the
    /// store has are adopted, and sent if they are still there after [`ADOPT_AFTER`]. Adopted
    /// messages that it no longer has were answered or deleted, and are removed. Messages written
    /// here stay until they are answered, because tabs may overwrite each other's changes.
    pub fn handle_stored(&mut self, now: Moment, stored: Self) {
        self.pending.retain(|p| {
            p.written_here
                || stored
                    .pending
                    .iter()
                    .any(|k| k.client_msg_id == p.client_msg_id)
        });
        for mut pending in stored {
            match self.find(&pending.client_msg_id) {
                Some(known) if !known.written_here => known.failed = pending.failed,
                Some(_) => {}
                None => {
                    pending.not_before = Some(now + ADOPT_AFTER);
                    self.pending.push_back(pending);
                }
            }
        }
    }

    /// The messages to this peer, in order.
    pub fn to(&self, peer: Peer) -> impl Iterator<Item = &Pending> {
        self.pending
            .iter()
            .filter(move |pending| pending.peer == peer)
    }

    /// All messages, in order.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = &Pending> {
        self.pending.iter()
    }

    /// Whether the outbox is empty.
    pub fn is_empty(&self) -> bool {
        self.pending.is_empty()
    }

    /// A new connection is bound: every unanswered message is due again.
    pub fn handle_reconnect(&mut self) {
        for pending in &mut self.pending {
            pending.in_flight = false;
            pending.not_before = None;
        }
    }

    /// Takes the frames to send now, at most one to each peer.
    pub fn poll_sends(&mut self, now: Moment, sender_uid: UserId) -> Vec<Send> {
        let mut seen = Vec::new();
        let mut due = Vec::new();
        for pending in self
            .pending
            .iter_mut()
            .filter(|pending| pending.failed.is_none())
        {
            if seen.contains(&pending.peer) {
                continue;
            }
            seen.push(pending.peer);
            if !pending.in_flight && pending.not_before.is_none_or(|moment| moment <= now) {
                pending.in_flight = true;
                due.push(Send {
                    sender_uid,
                    peer: pending.peer,
                    body: Body::Text(pending.content.clone()),
                    client_msg_id: Some(pending.client_msg_id.clone()),
                });
            }
        }
        due
    }

    /// When [`Self::poll_sends`] returns a message that waits for a retry or adoption; `None`: none
    /// does.
    pub fn poll_timeout(&self) -> Option<Moment> {
        self.pending
            .iter()
            .filter(|p| !p.in_flight && p.failed.is_none())
            .filter_map(|p| p.not_before)
            .min()
    }

    /// Removes a message that the server has stored. Returns whether it was here.
    pub fn handle_answer(&mut self, client_msg_id: &ClientMsgId) -> bool {
        let before = self.pending.len();
        self.pending
            .retain(|pending| pending.client_msg_id != *client_msg_id);
        self.pending.len() != before
    }

    /// The server refused this message: marks it as failed after a final error, or retries it after
    /// a transient one, no sooner than the error's `retryMs`.
    pub fn handle_error(&mut self, now: Moment, client_msg_id: &ClientMsgId, error: &ErrorBody) {
        let Some(pending) = self.find(client_msg_id) else {
            return;
        };
        pending.in_flight = false;
        if error.code.is_transient() {
            let wait = error
                .retry()
                .unwrap_or(RETRY_AFTER)
                .clamp(RETRY_AFTER, RETRY_MAX);
            pending.not_before = Some(now + wait);
        } else {
            pending.failed = Some(error.code);
        }
    }

    /// Retries a failed message at the user's request; it moves to the end, as if written now.
    pub fn retry(&mut self, client_msg_id: &ClientMsgId) {
        let found = self
            .pending
            .iter()
            .position(|p| p.client_msg_id == *client_msg_id);
        if let Some(mut pending) = found.and_then(|at| self.pending.remove(at)) {
            pending.failed = None;
            pending.in_flight = false;
            pending.not_before = None;
            self.pending.push_back(pending);
        }
    }

    fn find(&mut self, client_msg_id: &ClientMsgId) -> Option<&mut Pending> {
        self.pending
            .iter_mut()
            .find(|pending| pending.client_msg_id == *client_msg_id)
    }
}

/// Keeps the order, and of messages with the same id only the first. Two merged outboxes may hold
/// more than [`OUTBOX_MAX`]: nothing is lost, and nothing more can be written until some are
/// answered.
impl<'de> Deserialize<'de> for Outbox {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        // Collecting removes duplicate ids.
        Ok(Vec::<Pending>::deserialize(deserializer)?
            .into_iter()
            .collect())
    }
}

impl FromIterator<Pending> for Outbox {
    fn from_iter<I: IntoIterator<Item = Pending>>(messages: I) -> Self {
        let mut outbox = Self::default();
        for pending in messages {
            if outbox.find(&pending.client_msg_id).is_none() {
                outbox.pending.push_back(pending);
            }
        }
        outbox
    }
}

impl IntoIterator for Outbox {
    type Item = Pending;
    type IntoIter = std::collections::vec_deque::IntoIter<Pending>;

    fn into_iter(self) -> Self::IntoIter {
        self.pending.into_iter()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ME: UserId = UserId(1);
    const A: Peer = Peer::User(UserId(2));
    const B: Peer = Peer::User(UserId(3));

    fn id(name: &str) -> ClientMsgId {
        ClientMsgId(name.into())
    }

    fn at(seconds: u64) -> Moment {
        Moment::after_origin(Duration::from_secs(seconds))
    }

    fn outbox(messages: &[(&str, Peer)]) -> Outbox {
        let mut outbox = Outbox::default();
        for (name, peer) in messages {
            outbox
                .write(id(name), *peer, (*name).into(), 0)
                .expect("not full");
        }
        outbox
    }

    fn due(outbox: &mut Outbox, now: Moment) -> Vec<String> {
        outbox
            .poll_sends(now, ME)
            .into_iter()
            .map(|send| send.body.into_content())
            .collect()
    }

    #[test]
    fn messages_are_sent_in_order_one_at_a_time_per_peer() {
        let mut outbox = outbox(&[("1", A), ("2", A), ("3", B)]);
        assert_eq!(due(&mut outbox, at(0)), ["1", "3"]);
        assert_eq!(due(&mut outbox, at(0)), [""; 0]);
        assert!(outbox.handle_answer(&id("1")));
        assert!(!outbox.handle_answer(&id("1")));
        assert_eq!(due(&mut outbox, at(0)), ["2"]);
    }

    #[test]
    fn a_reconnect_resends_unanswered_messages() {
        let mut outbox = outbox(&[("1", A), ("2", A)]);
        due(&mut outbox, at(0));
        outbox.handle_reconnect();
        assert_eq!(due(&mut outbox, at(0)), ["1"]);
    }

    #[test]
    fn a_transient_error_is_retried_without_reordering() {
        let mut outbox = outbox(&[("1", A), ("2", A)]);
        due(&mut outbox, at(0));
        outbox.handle_error(at(0), &id("1"), &ErrorCode::Unavailable.into());
        assert_eq!(due(&mut outbox, at(1)), [""; 0]);
        assert_eq!(outbox.poll_timeout(), Some(at(2)));
        assert_eq!(due(&mut outbox, at(2)), ["1"]);
    }

    #[test]
    fn a_final_error_after_a_transient_one_clears_the_deadline() {
        let mut outbox = outbox(&[("1", A)]);
        due(&mut outbox, at(0));
        outbox.handle_error(at(0), &id("1"), &ErrorCode::Unavailable.into());
        due(&mut outbox, at(2));
        outbox.handle_error(at(2), &id("1"), &ErrorCode::UnknownRecipient.into());
        assert_eq!(outbox.poll_timeout(), None);
    }

    #[test]
    fn the_retry_delay_of_the_server_is_used_within_bounds() {
        let mut outbox = outbox(&[("1", A)]);
        for (retry_s, wait) in [(0, 2), (9, 9), (1_000_000, 60)] {
            let _ = outbox.poll_sends(at(1_000), ME);
            let error = ErrorBody::new(ErrorCode::TooManyRequests);
            let error = error.retry_after(Duration::from_secs(retry_s));
            outbox.handle_error(at(0), &id("1"), &error);
            assert_eq!(outbox.poll_timeout(), Some(at(wait)), "{retry_s} s");
        }
    }

    #[test]
    fn a_final_error_unblocks_the_next_and_a_retry_resends_it() {
        let mut outbox = outbox(&[("1", A), ("2", A)]);
        due(&mut outbox, at(0));
        outbox.handle_error(at(0), &id("1"), &ErrorCode::TooLong.into());
        assert_eq!(due(&mut outbox, at(0)), ["2"]);
        assert_eq!(
            outbox.to(A).next().and_then(|p| p.failed),
            Some(ErrorCode::TooLong)
        );
        outbox.retry(&id("1"));
        outbox.handle_answer(&id("2"));
        assert_eq!(due(&mut outbox, at(0)), ["1"]);
    }

    #[test]
    fn two_outboxes_merge_in_order_without_duplicates() {
        let first = outbox(&[("1", A), ("2", B)]);
        let second = outbox(&[("2", B), ("3", A)]);
        let mut both: Outbox = first.into_iter().chain(second).collect();
        let ids: Vec<_> = both.iter().map(|p| p.client_msg_id.0.as_str()).collect();
        assert_eq!(ids, ["1", "2", "3"]);
        assert_eq!(due(&mut both, at(0)), ["1", "2"]);
    }

    #[test]
    fn a_message_of_another_tab_is_adopted_late_and_removed_with_it() {
        let kept = |ids: &[(&str, Peer)]| {
            let json = serde_json::to_string(&outbox(ids)).expect("plain data");
            serde_json::from_str(&json).expect("own form")
        };
        let mut mine = outbox(&[("mine", A)]);
        mine.handle_stored(at(0), kept(&[("theirs", B), ("mine", A)]));
        assert_eq!(due(&mut mine, at(0)), ["mine"]);
        assert_eq!(mine.poll_timeout(), Some(at(5)));
        assert_eq!(due(&mut mine, at(5)), ["theirs"]);
        mine.handle_stored(at(6), kept(&[]));
        let left: Vec<_> = mine.iter().map(|p| p.client_msg_id.0.as_str()).collect();
        assert_eq!(left, ["mine"], "what was written here stays");
    }

    #[test]
    fn a_duplicate_stored_id_is_read_as_one_message() {
        let one = r#"{"client_msg_id":"a","peer":{"otherUid":1},"content":"x","written_at":1,"failed":null}"#;
        let kept = format!("[{one},{one}]");
        let outbox: Outbox = serde_json::from_str(&kept).expect("its own form");
        assert_eq!(outbox.iter().count(), 1);
    }

    #[test]
    fn an_outbox_round_trips_through_json_and_is_bounded() {
        let mut first = outbox(&[("1", A), ("2", B)]);
        due(&mut first, at(0));
        let json = serde_json::to_string(&first).expect("plain data");
        let mut second: Outbox = serde_json::from_str(&json).expect("own form");
        assert_eq!(due(&mut second, at(0)), ["1", "2"]);
        for n in 2..OUTBOX_MAX {
            second
                .write(id(&n.to_string()), A, String::new(), 0)
                .expect("not full");
        }
        assert_eq!(second.write(id("more"), A, String::new(), 0), Err(Full));
    }
}
