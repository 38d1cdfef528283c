//! Handles the requests of a client and the answers that they wait for. Every uid in a frame is
//! compared with the login, never believed.

use super::{
    Answer, Outgoing, Output, Payload, Position, Request, Session, StoreUnavailable, Waiting,
};
use crate::frame::{
    ClientFrame, ConversationList, Query, ReadMark, ServerFrame, UnreadTotal, kind,
};
use crate::{ErrorBody, ErrorCode, Moment, Seq, UserId, limits};

/// Bytes of a frame reserved for the rest of a page.
const PAGE_OVERHEAD: usize = 64;

/// An advance of the read cursor that is being stored.
#[derive(Debug)]
pub(super) struct Advance {
    position: Position,
    seq: Seq,
    delivered: bool,
    /// The type of the frame that caused it.
    re: u64,
}

impl<P: Payload> Session<P> {
    pub(super) fn handle_request(&mut self, now: Moment, frame: ClientFrame) {
        match frame {
            ClientFrame::Bind(bind) => self.bind(now, bind),
            ClientFrame::Heartbeat(heartbeat) => {
                if self.check_uid(now, heartbeat.uid, kind::HEARTBEAT) {
                    self.sends_heartbeats = true;
                    self.queue.push(now, Outgoing::Heartbeat(self.idle_before));
                }
            }
            ClientFrame::Query(query) => self.query(now, query),
            ClientFrame::Send(send) => self.handle_send(now, send),
            ClientFrame::Unread(unread) => {
                if self.check_uid(now, unread.uid, kind::UNREAD) {
                    self.request(Request::Unread, Waiting::Unread);
                }
            }
            ClientFrame::Ack(ack) => {
                if let Some(bound) = &mut self.bound {
                    bound.feed.handle_ack(ack.tid, ack.cumulative);
                }
            }
            ClientFrame::ListConversations(list) => {
                self.request(Request::List { after: list.after }, Waiting::List);
            }
            ClientFrame::Read(read) => {
                self.request(Request::Position(read.peer), Waiting::Position(read.seq));
            }
            ClientFrame::Watch(watch) => self.watch(now, watch.uids),
        }
    }

    /// The answer to the last [`Output::Request`].
    pub fn handle_answer(&mut self, now: Moment, answer: Result<Answer<P>, StoreUnavailable>) {
        let waits_for_sends =
            |waiting: &mut Box<Waiting<P>>| !matches!(**waiting, Waiting::SendAnswers(_));
        let Some(waiting) = self.waiting.take_if(waits_for_sends) else {
            return;
        };
        match (*waiting, answer) {
            (Waiting::Bind(binding), answer) => self.handle_bind_answer(now, binding, answer),
            (Waiting::Reload(reloading), answer) => {
                self.handle_reload_answer(now, reloading, answer);
            }
            (Waiting::Query(query), Ok(Answer::Query(found))) => {
                self.answer_query(now, &query, found);
            }
            (Waiting::Unread, Ok(Answer::Unread(unread))) => {
                let legacy = self.bound.as_ref().is_some_and(|bound| bound.legacy);
                let unread = self.unread_for(&unread, legacy);
                self.send(now, ServerFrame::Unread(UnreadTotal { unread }));
            }
            (Waiting::List, Ok(Answer::List(Some(list)))) => {
                self.send_list(now, list);
            }
            (Waiting::List, Ok(Answer::List(None))) => {
                let reason = "after is the next of the page before, unchanged";
                self.refuse_malformed(now, kind::CONVERSATIONS, reason.into());
            }
            (Waiting::Position(seq), Ok(Answer::Position(Some(position)))) => {
                self.mark_read(position, seq, true, kind::READ);
            }
            (Waiting::Position(_), Ok(Answer::Position(None))) => {
                self.refuse(
                    now,
                    ErrorBody::new(ErrorCode::UnknownRecipient).re(kind::READ),
                );
            }
            (Waiting::Advance(advance), Ok(Answer::Advanced { unread, total })) => {
                self.publish_read(&advance, unread, total);
            }
            (Waiting::Page, Ok(Answer::Page(items))) => {
                self.waiting = Some(Box::new(Waiting::SendAnswers(items)));
                self.handle_page_if_answered(now);
            }
            (Waiting::Page, _) => self.store_failed(now),
            (Waiting::Query(query), _) => self.unavailable(now, kind::QUERY, query.reference),
            (Waiting::Unread, _) => self.unavailable(now, kind::UNREAD, None),
            (Waiting::List, _) => self.unavailable(now, kind::CONVERSATIONS, None),
            (Waiting::Position(_), _) => self.unavailable(now, kind::READ, None),
            (Waiting::Advance(advance), _) => self.unavailable(now, advance.re, None),
            // Excluded above.
            (Waiting::SendAnswers(_), _) => {}
        }
    }

    fn query(&mut self, now: Moment, query: Query) {
        if query.owner_uid != self.user.uid {
            let mut body = ErrorBody::new(ErrorCode::UidMismatch).re(kind::QUERY);
            body.reference = query.reference;
            self.refuse(now, body);
            return;
        }
        let limit = query.limit.unwrap_or(limits::PAGE_DEFAULT);
        let request = Request::Query {
            peer: query.peer,
            after: query.after_seq,
            before: query.before_seq,
            limit: limit.clamp(1, limits::PAGE_MAX),
        };
        self.request(request, Waiting::Query(query));
    }

    fn answer_query(
        &mut self,
        now: Moment,
        query: &Query,
        found: Option<(Vec<P>, Option<Position>)>,
    ) {
        let reference = query.reference;
        let Some((messages, position)) = found else {
            let mut body = ErrorBody::new(ErrorCode::UnknownRecipient).re(kind::QUERY);
            body.reference = reference;
            self.refuse(now, body);
            return;
        };
        let messages = fit_in_frame(messages, query.after_seq.is_some());
        let page = Outgoing::Page {
            reference,
            messages,
        };
        self.queue.push(now, page);
        if let Some(position) = position.filter(|_| query.is_plain()) {
            // A page does not acknowledge earlier messages.
            self.mark_read(position, position.last_seq, false, kind::QUERY);
        }
    }

    pub(super) fn send_list(&mut self, now: Moment, mut list: ConversationList) {
        let bound = self.bound.as_ref().filter(|bound| !bound.legacy);
        list.epoch = bound.map(|bound| bound.epoch.clone());
        self.send(now, ServerFrame::Conversations(list));
    }

    fn watch(&mut self, now: Moment, uids: Vec<UserId>) {
        if uids.len() > limits::WATCHED_MAX {
            let reason = format!("uids are at most {}", limits::WATCHED_MAX);
            self.refuse_malformed(now, kind::PRESENCE, reason);
        } else if self.bound.as_ref().is_some_and(|bound| bound.lists) {
            self.outputs.push_back(Output::Watch(uids));
        }
    }

    /// Advances the read cursor.
    fn mark_read(&mut self, position: Position, seq: Seq, delivered: bool, re: u64) {
        let seq = seq.min(position.last_seq);
        // A read message may still be undelivered: it was only queried.
        let is_delivery = delivered && seq == position.read_seq && seq > Seq(0);
        if seq <= position.read_seq && !is_delivery {
            return;
        }
        let request = Request::Advance {
            conversation: position.conversation,
            read: seq,
            delivered: if delivered { seq } else { Seq(0) },
        };
        let advance = Advance {
            position,
            seq,
            delivered,
            re,
        };
        self.request(request, Waiting::Advance(advance));
    }

    fn publish_read(&mut self, advance: &Advance, unread: u64, total: u64) {
        let Position {
            conversation, peer, ..
        } = advance.position;
        let mark = ReadMark {
            peer,
            seq: advance.seq,
            unread,
            total,
        };
        self.outputs.push_back(Output::PublishRead {
            conversation,
            mark,
            delivered: advance.delivered,
        });
    }

    fn check_uid(&mut self, now: Moment, uid: UserId, re: u64) -> bool {
        let same = uid == self.user.uid;
        if !same {
            self.refuse(now, ErrorBody::new(ErrorCode::UidMismatch).re(re));
        }
        same
    }

    fn refuse_malformed(&mut self, now: Moment, re: u64, reason: String) {
        let mut body = ErrorBody::new(ErrorCode::Malformed).re(re);
        body.message = reason;
        self.refuse(now, body);
    }

    fn unavailable(&mut self, now: Moment, re: u64, reference: Option<u64>) {
        let mut body = ErrorBody::new(ErrorCode::Unavailable).re(re);
        body.reference = reference;
        self.refuse(now, body);
    }
}

/// As many of these messages as fit in a frame: from the front when paging upwards, else from the
/// back.
fn fit_in_frame<P: Payload>(mut messages: Vec<P>, upward: bool) -> Vec<P> {
    let mut left = limits::FRAME_BYTES - PAGE_OVERHEAD;
    let mut fits = |message: &P| {
        let needed = message.bytes() + 1;
        let fits = needed <= left;
        left = left.saturating_sub(needed);
        fits
    };
    if upward {
        let count = messages.iter().take_while(|message| fits(message)).count();
        messages.truncate(count);
        messages
    } else {
        let count = messages
            .iter()
            .rev()
            .take_while(|message| fits(message))
            .count();
        messages.split_off(messages.len() - count)
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::Text;
    use super::*;
    use crate::frame;

    #[test]
    fn page_fits_in_a_frame_and_keeps_the_requested_end() {
        let texts: Vec<_> = (0..10)
            .map(|n| Text(n.to_string().repeat(limits::FRAME_BYTES / 4)))
            .collect();
        let first = fit_in_frame(texts.clone(), true);
        assert_eq!(first, texts[..3]);
        let last = fit_in_frame(texts.clone(), false);
        assert_eq!(last, texts[7..]);
        let first: Vec<_> = first.into_iter().map(|text| text.0).collect();
        assert!(frame::write_page(Some(u64::MAX), &first).len() <= limits::FRAME_BYTES);
        assert_eq!(fit_in_frame(texts[..2].to_vec(), true), texts[..2]);
    }
}
