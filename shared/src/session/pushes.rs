//! Passes events to the feed and runs its effects. When and in which order messages are pushed is
//! the feed's decision ([`crate::delivery`]), never this module's.

use super::{Event, Outgoing, Output, Payload, Phase, Request, Session, Waiting};
use crate::Moment;
use crate::api::PresenceList;
use crate::close::CloseCode;
use crate::delivery::FeedEffect;
use crate::frame::ServerFrame;
use std::time::Duration;

/// Delay after a failed read of the store.
const STORE_RETRY: Duration = Duration::from_secs(1);

impl<P: Payload> Session<P> {
    /// Whether events are wanted now. Until then the driver keeps them, or marks the connection as
    /// lagging and passes [`Event::Resync`] first.
    pub fn wants_events(&self) -> bool {
        self.bound.is_some() && self.waiting.is_none()
    }

    /// An event of the user, or of a group or a watched user. Call it only if
    /// [`Self::wants_events`].
    pub fn handle_event(&mut self, now: Moment, event: Event<P>) {
        let Some(bound) = &mut self.bound else { return };
        match event {
            Event::Message(item) => bound.feed.handle_message(now, item),
            Event::Read {
                conversation,
                mark,
                delivered,
            } => {
                if delivered {
                    bound.feed.handle_read(conversation, mark.seq);
                }
                self.notify(now, ServerFrame::Read(mark));
            }
            Event::Resync => bound.feed.handle_resync(),
            Event::LoginEnded => self.close(now, CloseCode::NotLoggedIn),
            Event::Profile(user) => {
                if self.notify(now, ServerFrame::Profile(user.clone())) {
                    self.user = user;
                }
            }
            Event::Receipt(receipt) => {
                self.notify(now, ServerFrame::Receipt(receipt));
            }
            Event::Presence(presence) => {
                self.notify(now, ServerFrame::Presence(PresenceList { presence }));
            }
        }
    }

    /// Sends a frame of an event to a client that knows frames from 8 up, unless it may be lost and
    /// the client does not read. Whether it was sent.
    fn notify(&mut self, now: Moment, frame: ServerFrame) -> bool {
        let knows_it = self.bound.as_ref().is_some_and(|bound| bound.lists);
        let sends = knows_it && (!frame.may_be_lost() || self.queue.has_capacity());
        if sends {
            self.send(now, frame);
        }
        sends
    }

    /// Runs the feed's effects while there is capacity for their frames.
    pub(super) fn run_feed(&mut self, now: Moment) {
        while self.waiting.is_none() && self.read_after.is_none() && self.queue.has_capacity() {
            let Some(bound) = &mut self.bound else { return };
            let Some(effect) = bound.feed.poll_effect() else {
                return;
            };
            match effect {
                FeedEffect::Push { tid, dup, payload } => {
                    let message = payload;
                    self.queue.push(now, Outgoing::Push { tid, dup, message });
                }
                FeedEffect::Delivered(conversation, seq) => {
                    self.outputs.push_back(Output::Delivered {
                        conversation,
                        seq,
                        acknowledged: true,
                    });
                }
                FeedEffect::Passed(conversation, seq) => {
                    self.outputs.push_back(Output::Delivered {
                        conversation,
                        seq,
                        acknowledged: false,
                    });
                }
                FeedEffect::Read(request) => self.request(Request::Page(request), Waiting::Page),
                FeedEffect::Reload => {
                    let legacy = bound.legacy;
                    self.reload(legacy);
                }
                FeedEffect::GiveUp => self.close(now, CloseCode::AckMissing),
            }
        }
    }

    /// Gives the page to the feed, unless one of its messages may be a send that is not answered yet.
    pub(super) fn handle_page_if_answered(&mut self, now: Moment) {
        let (Some(waiting), Some(bound)) = (&mut self.waiting, &mut self.bound) else {
            return;
        };
        let Waiting::SendAnswers(items) = &mut **waiting else {
            return;
        };
        let mut from_self = items.iter().filter(|item| item.from_self);
        let is_answered = self.sends.is_empty()
            || from_self.all(|item| bound.feed.has_answered(item.conversation, item.seq));
        if is_answered {
            bound.feed.handle_page(now, std::mem::take(items));
            self.waiting = None;
        }
    }

    /// The feed reads again after a while.
    pub(super) fn store_failed(&mut self, now: Moment) {
        debug_assert_eq!(self.phase, Phase::Open, "a closing session reads nothing");
        self.read_after = Some(now + STORE_RETRY);
    }
}
