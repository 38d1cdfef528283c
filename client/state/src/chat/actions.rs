//! What the person does.

use super::{CACHED_MESSAGES, CACHED_THREADS, CachedThread, Chat, Effect, Persistence};
use crate::contacts::Contacts;
use crate::notices::NoticeKind;
use crate::rows::HIDDEN_THREADS;
use crate::thread::{QueryState, Thread};
use tidings_shared::outbox::Outbox;
use tidings_shared::timeline::Timeline;
use tidings_shared::visible::is_blank;
use tidings_shared::{ClientMsgId, Moment, Peer, Seq, limits};

impl Chat {
    /// Opens a conversation, or starts one.
    pub fn open(&mut self, now: Moment, peer: Peer) {
        if self.open_peer() == Some(peer) {
            return;
        }
        self.leave();
        let at = self.cached.iter().position(|cached| cached.peer == peer);
        let cached = at.and_then(|at| self.cached.remove(at).map(|cached| (at, cached)));
        let (timeline, hidden_from) = cached
            .map(|(at, cached)| {
                (
                    cached.timeline,
                    cached.hidden_from.filter(|_| at <= HIDDEN_THREADS),
                )
            })
            .unwrap_or_default();
        let thread = self.begin_thread(peer, timeline);
        if let Some(from) = hidden_from {
            thread.window.include_from(&thread.timeline, from);
        }
        self.set_open_group(peer);
        self.send_due(now);
    }

    /// Shows a conversation from its first unread message on, or its end if there is none.
    pub(super) fn begin_thread(&mut self, peer: Peer, mut timeline: Timeline) -> &mut Thread {
        let last_seq = self.directory.get(peer).map(|entry| entry.last_seq);
        timeline.handle_latest(last_seq.unwrap_or_default());
        let divider = self.divider_of(peer);
        let mut thread = Thread::new(peer, timeline, divider, self.viewport_px);
        if !self.connected {
            thread.disconnected();
        }
        self.opening += 1;
        self.thread.insert(thread)
    }

    /// The first unread message of a conversation, as far as is known.
    pub(super) fn divider_of(&self, peer: Peer) -> Option<Seq> {
        let entry = self.directory.get(peer)?;
        (entry.unread > 0).then(|| entry.read_seq.next())
    }

    /// Sets the height of a conversation's view, in CSS pixels, for those opened from now on.
    pub const fn set_viewport_px(&mut self, viewport_px: usize) {
        self.viewport_px = viewport_px;
    }

    /// Closes the open conversation, and drops the hidden rows of all others.
    pub fn close(&mut self) {
        self.leave();
        for cached in &mut self.cached {
            cached.hidden_from = None;
        }
    }

    fn leave(&mut self) {
        let Some(thread) = self.thread.take() else {
            return;
        };
        let hidden_from = thread.window.hidden_from(&thread.timeline);
        let mut timeline = thread.timeline;
        timeline.trim(CACHED_MESSAGES);
        self.cached.push_front(CachedThread {
            peer: thread.peer,
            timeline,
            hidden_from,
        });
        self.cached.truncate(CACHED_THREADS);
        self.announcements.clear();
        self.group = None;
    }

    /// Puts a message into the outbox, which sends it in order. Returns whether it was accepted.
    pub fn write(&mut self, now: Moment, id: ClientMsgId, text: &str, written_at: i64) -> bool {
        let text = text.trim_end();
        let Some(thread) = &mut self.thread else {
            return false;
        };
        if is_blank(text) || text.len() > limits::CONTENT_BYTES {
            return false;
        }
        let peer = thread.peer;
        let written = self.outbox.write(id, peer, text.into(), written_at);
        if written.is_err() {
            self.notices.show(NoticeKind::OutboxFull);
            return false;
        }
        if !thread.window.follows_end() {
            thread.window.begin(&thread.timeline, None);
        }
        thread.at_end = true;
        thread.divider = None;
        self.opening += 1;
        self.save_outbox();
        self.set_draft("");
        self.send_due(now);
        true
    }

    /// Sends a failed message again.
    pub fn retry(&mut self, now: Moment, id: &ClientMsgId) {
        self.outbox.retry(id);
        self.save_outbox();
        self.send_due(now);
    }

    /// Deletes a message that is not sent.
    pub fn delete(&mut self, now: Moment, id: &ClientMsgId) {
        self.outbox.handle_answer(id);
        self.save_outbox();
        self.send_due(now);
    }

    /// Discards all unsent messages and drafts, so that the next person at this browser finds
    /// nothing of this one.
    pub fn discard_unsent(&mut self) {
        self.outbox = Outbox::default();
        self.stored_ids.clear();
        self.drafts.clear();
        self.effects.push_back(Effect::Forget);
    }

    /// Sets the draft of the open conversation.
    pub fn set_draft(&mut self, text: &str) {
        let Some(peer) = self.open_peer() else { return };
        let changed = self.drafts.set(peer, text).into_iter();
        self.effects
            .extend(changed.map(|(peer, text)| Effect::SaveDraft(peer, text)));
    }

    /// The person scrolled near the first row: renders or queries older messages. Returns whether
    /// anything changed.
    pub fn show_older(&mut self) -> bool {
        let connected = self.connected;
        let Some(thread) = &mut self.thread else {
            return false;
        };
        if thread.window.grow_up(&thread.timeline) {
            return true;
        }
        let Some(range) = thread.older_range().filter(|_| connected) else {
            return false;
        };
        if thread.older != QueryState::Idle {
            return false;
        }
        let peer = thread.peer;
        let asked = self.query(peer, range, limits::PAGE_DEFAULT);
        if let Some(thread) = &mut self.thread {
            thread.older = asked;
        }
        true
    }

    /// The person scrolled near the last row: renders newer messages. Returns whether anything
    /// changed.
    pub fn show_newer(&mut self) -> bool {
        let Some(thread) = &mut self.thread else {
            return false;
        };
        let detached = !thread.window.follows_end();
        if detached {
            thread.window.grow_down(&thread.timeline);
        }
        detached
    }

    /// The person jumps to the end.
    pub fn jump_to_end(&mut self, now: Moment) {
        if let Some(thread) = &mut self.thread {
            thread.begin(None);
            self.opening += 1;
        }
        self.send_due(now);
    }

    /// The person scrolled to the end, or away from it.
    pub fn set_at_end(&mut self, now: Moment, at_end: bool) {
        if let Some(thread) = &mut self.thread {
            thread.at_end = at_end;
        }
        self.send_due(now);
    }

    /// The page was shown or hidden.
    pub fn set_visible(&mut self, now: Moment, visible: bool) {
        self.visible = visible;
        if !visible {
            self.reads.make_due(now);
        }
        self.send_due(now);
    }

    /// The page got or lost the person's attention: another window or a dialog over it.
    pub fn set_looking(&mut self, now: Moment, looking: bool) {
        if std::mem::replace(&mut self.looking, looking) != looking {
            self.send_due(now);
        }
    }

    /// Queries again what could not be fetched.
    pub fn retry_fetch(&mut self, now: Moment) {
        if let Some(thread) = &mut self.thread {
            let older = thread.older == QueryState::Failed;
            thread.disconnected();
            if older {
                self.show_older();
            }
        }
        self.send_due(now);
    }

    /// The person scrolled near the end of the list: asks for its next page.
    pub fn more_conversations(&mut self) {
        if self.connected {
            let more = self.directory.ask();
            self.request_list(more);
        }
    }

    /// The contacts, mutable.
    pub const fn contacts_mut(&mut self) -> &mut Contacts {
        &mut self.contacts
    }

    /// Reports that the log-out did not reach the server.
    pub fn logout_failed(&mut self) {
        self.notices.show(NoticeKind::LogoutFailed);
    }

    /// Another tab changed the stored outbox: this tab sends its messages should that tab be
    /// closed.
    pub fn follow_outbox(&mut self, now: Moment, stored: Outbox) {
        self.outbox.handle_stored(now, stored);
        let ids = self.outbox.iter().map(|p| p.client_msg_id.clone());
        self.stored_ids = ids.collect();
        self.send_due(now);
    }

    /// Handles the result of storing the outbox; reports a failure.
    pub fn outbox_saved(&mut self, saved: bool) {
        if !saved {
            self.persistence = Persistence::OutboxNotSaved;
            self.notices.show(NoticeKind::NotSaved);
        } else if self.persistence == Persistence::OutboxNotSaved {
            self.persistence = Persistence::DraftsNotSaved;
        }
        if let Some(thread) = &mut self.thread {
            thread.pending = self.persistence.pending();
        }
    }

    /// Reports that the browser did not store a draft, the first time.
    pub fn draft_not_saved(&mut self) {
        if self.persistence == Persistence::Full {
            self.persistence = Persistence::DraftsNotSaved;
            self.notices.show(NoticeKind::NotSaved);
        }
    }

    /// Reports that stored unsent messages could not be read.
    pub fn outbox_set_aside(&mut self) {
        self.notices.show(NoticeKind::OutboxUnreadable);
    }

    /// Reports that the server has a newer page.
    pub fn outdated(&mut self) {
        self.notices.show(NoticeKind::NewVersion);
    }

    /// Dismisses a notice.
    pub fn dismiss(&mut self, id: u64) {
        self.notices.dismiss(id);
    }
}
