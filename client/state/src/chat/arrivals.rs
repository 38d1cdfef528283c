//! What arrives from the server.

use super::{ANNOUNCED, Alert, Announcement, Chat, Effect, OPEN_MESSAGES};
use crate::content::{Content, GroupEvent};
use crate::names::name_of;
use crate::notices::NoticeKind;
use crate::thread::{PageRange, QueryState};
use std::rc::Rc;
use tidings_shared::frame::{ClientFrame, Page, Query, ReadMark, ServerFrame, kind};
use tidings_shared::{Direction, ErrorBody, ErrorCode, Message, Moment, Peer, Seq, limits};

impl Chat {
    /// A frame arrived.
    pub fn handle_frame(&mut self, now: Moment, frame: ServerFrame) {
        match frame {
            ServerFrame::Push(push) => self.handle_message(push.message),
            ServerFrame::Sent(message) => self.handle_message(*message),
            ServerFrame::Page(page) => self.handle_page(now, page),
            ServerFrame::Conversations(list) => {
                self.handle_list(|directory| directory.handle_page(list));
            }
            ServerFrame::Read(mark) => self.handle_read_mark(mark),
            ServerFrame::Receipt(receipt) => self.directory.handle_receipt(receipt),
            ServerFrame::Presence(list) => self.presences.update(list),
            ServerFrame::Unread(total) => self.total_unread = total.unread,
            ServerFrame::Error(error) => self.handle_error(now, &error),
            // A refused bind is followed by a close, whose code decides what to do; the page
            // handles the profile.
            ServerFrame::BindRefused(_)
            | ServerFrame::Bound(_)
            | ServerFrame::Heartbeat(_)
            | ServerFrame::Profile(_) => {}
        }
        self.send_due(now);
    }

    /// Handles a single message, pushed or answered to a send.
    fn handle_message(&mut self, mut message: Message) {
        let (peer, direction) = message.seen_by(self.me);
        message.direction = direction;
        self.settle(&message);
        if self.contradicts(peer, &message) {
            self.begin_conversation_anew(peer);
        }
        let known = self.directory.get(peer);
        let (was_known, read_before) = (known.is_some(), known.map_or(Seq(0), |e| e.read_seq));
        let unread_before = known.map_or(0, |e| e.unread);
        let is_new = self.directory.add_message(self.me, &message);
        if !was_known {
            let ask = self.directory.add_unlisted(peer);
            self.request_list(ask);
        }
        let received = is_new && direction == Direction::Received;
        if received && message.body.counts_as_unread() {
            self.directory.add_unread(peer);
            self.total_unread += 1;
        }
        let seq = message.seq;
        let name = match peer {
            Peer::User(_) => self.name_and_avatar(peer).0,
            Peer::Group(_) => name_of(Peer::User(message.owner_uid), &message.owner_name),
        };
        let looking = self.is_looking();
        let text: Rc<str> = message.body.content().as_str().into();
        let content = Content::from(&message.body);
        if received {
            self.effects.push_back(Effect::Alert(Alert {
                peer,
                seq,
                name: name.clone(),
                content,
                text: text.clone(),
            }));
        }
        if let (Content::Event(GroupEvent::Added), Peer::Group(id)) = (content, peer) {
            self.group_changed(id);
        }
        let Some(thread) = self.thread.as_mut().filter(|thread| thread.peer == peer) else {
            if let Some(timeline) = self.timeline_mut(peer) {
                timeline.handle_message(message);
            }
            return;
        };
        thread.timeline.handle_message(message);
        let at_end = thread.at_end && thread.window.follows_end();
        if at_end && thread.timeline.messages().len() > OPEN_MESSAGES {
            thread.timeline.trim(OPEN_MESSAGES / 2);
        }
        thread.window.settle(&thread.timeline, thread.at_end);
        if received {
            self.last_serial += 1;
            if self.announcements.len() == ANNOUNCED {
                self.announcements.pop_front();
            }
            self.announcements.push_back(Announcement {
                serial: self.last_serial,
                name,
                content,
                text,
            });
            if unread_before == 0 && !(looking && thread.at_end) {
                thread.divider = Some(read_before.max(seq.prev()).next());
            }
        }
    }

    fn handle_page(&mut self, now: Moment, mut page: Page) {
        for message in &mut page.messages {
            self.settle(message);
            // In a page of a group, too, the owner is the sender and `type` is always 0.
            message.direction = message.seen_by(self.me).1;
        }
        let (Some(thread), Some(reference)) = (&self.thread, page.reference) else {
            return;
        };
        if !thread.awaits(reference) {
            return;
        }
        let peer = thread.peer;
        let mut messages = page.messages.iter();
        if messages.any(|message| self.contradicts(peer, message)) {
            // What is known now is queried again.
            self.begin_conversation_anew(peer);
            return;
        }
        let looking = self.is_looking();
        let Some(thread) = &mut self.thread else {
            return;
        };
        let last = page.messages.last().cloned();
        let was_latest = thread.newer == QueryState::Waiting(reference);
        thread.answered(reference, page.messages);
        // A conversation that the list does not have: its unread count is not known, so it is
        // marked as read unconditionally, unless the list is being searched for it.
        let looking = looking && thread.at_end && !self.directory.is_unlisted(peer);
        if was_latest
            && self.directory.get(peer).is_none()
            && let Some(last) = last
        {
            self.directory.add_message(self.me, &last);
            if looking {
                self.reads.mark(now, peer, last.seq);
            }
        }
    }

    fn handle_read_mark(&mut self, mark: ReadMark) {
        if mark.unread == 0 {
            self.effects.push_back(Effect::Withdraw(vec![mark.peer]));
        }
        self.reads.confirmed(mark.peer, mark.seq);
        self.directory.mark_read(mark.peer, mark.seq, mark.unread);
        self.total_unread = mark.total;
    }

    fn handle_error(&mut self, now: Moment, error: &ErrorBody) {
        if let Some(id) = &error.client_msg_id {
            self.outbox.handle_error(now, id, error);
            self.save_outbox();
            return;
        }
        if let (Some(reference), Some(thread)) = (error.reference, &mut self.thread)
            && thread.refused(reference)
        {
            // The page's address may name a peer that does not exist, or not for this person.
            if error.code == ErrorCode::UnknownRecipient {
                self.close();
            }
            return;
        }
        if error.reference.is_some() {
            // It answers a query for a conversation that is no longer open.
            return;
        }
        if error.re == Some(kind::PRESENCE) {
            // Presence is best-effort: a server of an earlier version does not have it.
            return;
        }
        if error.re == Some(kind::CONVERSATIONS) {
            self.directory.page_failed();
        }
        self.notices.show(NoticeKind::Server(error.code));
    }

    /// The server stored this message, so it leaves the outbox.
    fn settle(&mut self, message: &Message) {
        let from_self = message.seen_by(self.me).1 == Direction::Sent;
        if let Some(id) = message.client_msg_id.as_ref().filter(|_| from_self)
            && self.outbox.handle_answer(id)
        {
            self.save_outbox();
        }
    }

    /// Queries the messages missing at the end of the open conversation.
    pub(super) fn fetch_missing(&mut self) {
        let Some(thread) = &self.thread else { return };
        if thread.newer == QueryState::Idle
            && let Some(range) = thread.missing_newer()
        {
            let asked = self.query(thread.peer, range, thread.page_size(range));
            if let Some(thread) = &mut self.thread {
                thread.newer = asked;
            }
        }
    }

    /// Queries the messages between the first unread one and those loaded, within a bound.
    pub(super) fn seek_divider(&mut self) {
        let Some(thread) = &self.thread else { return };
        if thread.older == QueryState::Idle
            && thread.seeks_up()
            && let Some(range) = thread.older_range()
        {
            let asked = self.query(thread.peer, range, limits::PAGE_DEFAULT);
            if let Some(thread) = &mut self.thread {
                thread.older = asked;
            }
        }
    }

    /// Queries messages. Every query has a limit, because one without would mark messages as read.
    pub(super) fn query(&mut self, peer: Peer, range: PageRange, limit: u32) -> QueryState {
        self.last_ref += 1;
        let (before_seq, after_seq) = match range {
            PageRange::Latest => (None, None),
            PageRange::After(seq) => (None, Some(seq)),
            PageRange::Before(seq) => (Some(seq), None),
        };
        self.effects
            .push_back(Effect::Send(ClientFrame::Query(Query {
                owner_uid: self.me,
                peer,
                before_seq,
                after_seq,
                limit: Some(limit),
                reference: Some(self.last_ref),
            })));
        QueryState::Waiting(self.last_ref)
    }
}
