//! Handling of frames from the server.

use super::{Live, User, is_transient, parse};
use crate::inbox::Arrival;
use crate::socket::SocketError;
use crate::stamp::{self, Stamp};
use crate::wire::Frame;
use std::time::{Duration, Instant};
use tidings_shared::Tid;

impl User {
    /// Handles a frame.
    ///
    /// # Errors
    /// When it is not a valid frame.
    pub(super) fn handle(&mut self, text: &str, live: &mut Live) -> Result<(), SocketError> {
        let frame = parse(text)?;
        match frame.kind {
            0 => {
                live.unanswered_heartbeats = live.unanswered_heartbeats.saturating_sub(1);
                if let (None, Some(given)) = (self.interval, frame.timeout) {
                    live.interval = Duration::from_millis(given);
                }
            }
            3 => self.handle_answer(&frame),
            4 => {
                live.acks
                    .handle_push(self.moment(live.last_received), Tid(frame.tid));
                self.handle_push(&frame);
            }
            7 => self.handle_error(&frame),
            _ => {}
        }
        Ok(())
    }

    fn handle_answer(&mut self, frame: &Frame<'_>) {
        let Some(sender) = &mut self.sender else {
            return;
        };
        let id = frame.data.client_msg_id.as_deref().unwrap_or_default();
        let Some(counter) = stamp::counter_of(id, self.state.run, sender.index) else {
            return;
        };
        let now = Instant::now();
        // A message that was sent again while its answer was in flight gets a second answer.
        if let Some(intended) = sender.settle(counter) {
            self.state.record_answer(intended, now);
            self.state.tally().answered += 1;
            if let Some(mut ledger) = self.state.ledger(sender.index) {
                ledger.answered(counter, now);
            }
        }
    }

    fn handle_push(&mut self, frame: &Frame<'_>) {
        let content = frame.data.content.as_deref().unwrap_or_default();
        let stamp = Stamp::parse(content).filter(|stamp| stamp.run == self.state.run);
        let Some(stamp) = stamp else {
            self.state.tally().foreign += 1;
            return;
        };
        let now = Instant::now();
        let arrival = self.inbox.receive(&stamp, frame.data.seq);
        let mut tally = self.state.tally();
        match arrival {
            Arrival::Duplicate => tally.duplicates_removed += 1,
            Arrival::ShownTwice => tally.shown_twice += 1,
            Arrival::Shown { late } => {
                tally.shown += 1;
                tally.out_of_order += u64::from(late);
                drop(tally);
                self.state.record_push(stamp.intended, now);
                if let Some(mut ledger) = self.state.ledger(stamp.sender) {
                    ledger.received(stamp.counter, now);
                }
            }
        }
    }

    fn handle_error(&mut self, frame: &Frame<'_>) {
        let code = frame.data.code.as_deref().unwrap_or("no code");
        let mut tally = self.state.tally();
        tally.error(code);
        let Some(sender) = &mut self.sender else {
            return;
        };
        let id = frame.data.client_msg_id.as_deref().unwrap_or_default();
        let Some(counter) = stamp::counter_of(id, self.state.run, sender.index) else {
            return;
        };
        if is_transient(code) {
            sender.retry(counter, Instant::now());
        } else if sender.settle(counter).is_some() {
            tally.refused += 1;
            tally.visible_errors += 1;
            if let Some(mut ledger) = self.state.ledger(sender.index) {
                ledger.refused(counter);
            }
        }
    }
}
