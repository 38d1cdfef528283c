//! Frame 1, the bind: from here on the connection receives pushes.

use super::cursor_pages::{CursorPages, Progress};
use super::{
    Answer, Bound, Outgoing, Output, Payload, Request, Session, StoreUnavailable, UnreadCounts,
    Waiting,
};
use crate::close::CloseCode;
use crate::delivery::{DeliveryCursor, Feed};
use crate::frame::{self, Bind, ConversationList, ServerFrame, kind};
use crate::jitter::with_jitter;
use crate::{ErrorBody, ErrorCode, Moment};
use std::time::Duration;

/// Retry delay after a bind that could not be served: at least this, at most twice as long.
const RETRY: Duration = Duration::from_secs(3);

/// A bind that is being served.
#[derive(Debug)]
pub(super) struct Binding {
    bind: Bind,
    epoch: String,
    pages: CursorPages,
    cursors: Vec<DeliveryCursor>,
    unread: u64,
}

impl<P: Payload> Session<P> {
    pub(super) fn bind(&mut self, now: Moment, bind: Bind) {
        if self.bound.is_some() {
            self.refuse(now, ErrorBody::new(ErrorCode::AlreadyBound).re(kind::BIND));
        } else if bind.uid != self.user.uid {
            self.refuse_bind(now, ErrorCode::UidMismatch, CloseCode::NotLoggedIn);
        } else {
            let binding = Binding {
                pages: CursorPages::new(bind.is_plain()),
                bind,
                epoch: String::new(),
                cursors: Vec::new(),
                unread: 0,
            };
            self.request(Request::Admit, Waiting::Bind(binding));
        }
    }

    /// One step of a bind. It subscribes first, then reads: what is committed in between arrives as
    /// an event.
    pub(super) fn handle_bind_answer(
        &mut self,
        now: Moment,
        mut binding: Binding,
        answer: Result<Answer<P>, StoreUnavailable>,
    ) {
        let lists = binding.bind.conversations;
        let next = match answer {
            Ok(Answer::Admitted(true)) => Ok(Request::Subscribe { lists }),
            Ok(Answer::Admitted(false)) => Err((ErrorCode::Busy, CloseCode::RateLimited)),
            // The login may have ended since the handshake, before its end was notified here.
            Ok(Answer::Subscribed(true)) => Ok(Request::Login),
            Ok(Answer::Subscribed(false)) => {
                Err((ErrorCode::TooManyConnections, CloseCode::RateLimited))
            }
            Ok(Answer::Login(Some(user))) => {
                self.user = user;
                Ok(Request::Epoch)
            }
            Ok(Answer::Epoch(epoch)) => {
                binding.epoch = epoch;
                Ok(binding.pages.first())
            }
            Ok(Answer::Login(None)) => Err((ErrorCode::NotLoggedIn, CloseCode::NotLoggedIn)),
            Ok(answer @ (Answer::Cursors { .. } | Answer::Joined(_))) => {
                let Progress {
                    cursors,
                    reads_again,
                    next,
                } = binding.pages.handle_answer(answer, &mut self.outputs);
                if !reads_again {
                    let cursors = cursors.iter().map(|cursor| cursor.delivery);
                    binding.cursors.extend(cursors);
                }
                Ok(next.unwrap_or(Request::Unread))
            }
            Ok(Answer::Unread(unread)) => {
                binding.unread = self.unread_for(&unread, binding.bind.is_plain());
                if !lists {
                    return self.finish_bind(now, binding, None);
                }
                Ok(Request::List { after: None })
            }
            Ok(Answer::List(Some(list))) => return self.finish_bind(now, binding, Some(list)),
            _ => Err((ErrorCode::Unavailable, CloseCode::RateLimited)),
        };
        match next {
            Ok(request) => self.request(request, Waiting::Bind(binding)),
            Err((code, close)) => self.refuse_bind(now, code, close),
        }
    }

    fn finish_bind(&mut self, now: Moment, binding: Binding, list: Option<ConversationList>) {
        let Binding {
            bind,
            epoch,
            pages,
            cursors,
            unread,
        } = binding;
        let timing = self.config.timing;
        let legacy = bind.is_plain();
        let feed = if bind.conversations {
            Feed::from_latest(timing, cursors)
        } else if legacy {
            Feed::legacy(timing, cursors)
        } else {
            Feed::from_acknowledged(timing, cursors)
        };
        self.bound = Some(Bound {
            feed,
            lists: bind.conversations,
            legacy,
            epoch: epoch.clone(),
            read: pages.digest(),
        });
        let bound = Box::new(frame::Bound {
            uid: self.user.uid,
            username: self.user.username.clone(),
            timeout: 0,
            unread,
            epoch: (!legacy).then_some(epoch),
            list,
        });
        let missed = bind.missed.map(Duration::from_millis);
        self.queue.push(now, Outgoing::Bound { bound, missed });
        self.bind_answered(now, Ok(()));
    }

    /// The unread total for this connection. Without groups for a legacy client, which does not
    /// receive groups: its user could not bring the total to zero.
    pub(super) fn unread_for(&mut self, unread: &UnreadCounts, legacy: bool) -> u64 {
        if !unread.from_self.is_empty() {
            self.outputs
                .push_back(Output::OwnRead(unread.from_self.clone()));
        }
        if legacy { unread.direct } else { unread.total }
    }

    pub(super) fn refuse_bind(&mut self, now: Moment, code: ErrorCode, close: CloseCode) {
        let mut body = ErrorBody::new(code).re(kind::BIND);
        if close == CloseCode::RateLimited {
            body = body.retry_after(with_jitter(RETRY, self.seed));
        }
        self.refuse_bind_with(now, body, close);
    }

    pub(super) fn refuse_bind_with(&mut self, now: Moment, body: ErrorBody, close: CloseCode) {
        self.bind_answered(now, Err(body.code));
        self.send(now, ServerFrame::BindRefused(body));
        self.close(now, close);
    }

    fn bind_answered(&mut self, now: Moment, outcome: Result<(), ErrorCode>) {
        let time = now.since(self.last_arrival);
        self.outputs.push_back(Output::BindAnswered(outcome, time));
    }
}
