//! What a frame from the server leads to.

use super::{Live, User, is_passing, parse};
use crate::inbox::Arrival;
use crate::socket::Lost;
use crate::stamp::{self, Stamp};
use crate::wire::Frame;
use std::time::{Duration, Instant};
use tidings_shared::Tid;

impl User {
    /// Handles a frame.
    ///
    /// # Errors
    /// When it is not one.
    pub(super) fn handle(&mut self, text: &str, live: &mut Live) -> Result<(), Lost> {
        let frame = parse(text)?;
        match frame.kind {
            0 => {
                live.unanswered_beats = live.unanswered_beats.saturating_sub(1);
                if let (None, Some(given)) = (self.interval, frame.timeout) {
                    live.interval = Duration::from_millis(given);
                }
            }
            3 => self.answered(&frame),
            4 => {
                live.acks.arrived(self.moment(live.heard), Tid(frame.tid));
                self.pushed(&frame);
            }
            7 => self.refused(&frame),
            _ => {}
        }
        Ok(())
    }

    fn answered(&mut self, frame: &Frame<'_>) {
        let Some(sender) = &mut self.sender else {
            return;
        };
        let id = frame.data.client_msg_id.as_deref().unwrap_or_default();
        let Some(counter) = stamp::counter_of(id, self.board.run, sender.index) else {
            return;
        };
        let now = Instant::now();
        // A second answer comes to what was sent again although the first was on its way.
        if let Some(intended) = sender.settle(counter) {
            self.board.record_answer(intended, now);
            self.board.tally().answered += 1;
            if let Some(mut book) = self.board.book(sender.index) {
                book.answered(counter, now);
            }
        }
    }

    fn pushed(&mut self, frame: &Frame<'_>) {
        let content = frame.data.content.as_deref().unwrap_or_default();
        let stamp = Stamp::parse(content).filter(|stamp| stamp.run == self.board.run);
        let Some(stamp) = stamp else {
            self.board.tally().foreign += 1;
            return;
        };
        let now = Instant::now();
        let arrival = self.inbox.arrive(&stamp, frame.data.seq);
        let mut tally = self.board.tally();
        match arrival {
            Arrival::Repeat => tally.repeats_removed += 1,
            Arrival::Twice => tally.shown_twice += 1,
            Arrival::Shown { late } => {
                tally.shown += 1;
                tally.out_of_order += u64::from(late);
                drop(tally);
                self.board.record_push(stamp.intended, now);
                if let Some(mut book) = self.board.book(stamp.sender) {
                    book.received(stamp.counter, now);
                }
            }
        }
    }

    fn refused(&mut self, frame: &Frame<'_>) {
        let code = frame.data.code.as_deref().unwrap_or("no code");
        let mut tally = self.board.tally();
        tally.error(code);
        let Some(sender) = &mut self.sender else {
            return;
        };
        let id = frame.data.client_msg_id.as_deref().unwrap_or_default();
        let Some(counter) = stamp::counter_of(id, self.board.run, sender.index) else {
            return;
        };
        if is_passing(code) {
            sender.retry(counter, Instant::now());
        } else if sender.settle(counter).is_some() {
            tally.refused += 1;
            tally.visible_errors += 1;
            if let Some(mut book) = self.board.book(sender.index) {
                book.refused(counter);
            }
        }
    }
}
