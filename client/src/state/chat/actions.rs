//! What the person does.

use super::{Chat, Effect, KEPT_MESSAGES, KEPT_TIMELINES, Keeping, Kept};
use crate::state::contacts::Contacts;
use crate::state::notices::NoticeKind;
use crate::state::rows::LEFT;
use crate::state::thread::{Ask, Thread};
use tidings_shared::frame::ClientFrame;
use tidings_shared::outbox::Outbox;
use tidings_shared::visible::is_blank;
use tidings_shared::{ClientMsgId, Moment, Peer, Seq, limits};

impl Chat {
    /// Opens a conversation, or starts one.
    pub fn open(&mut self, now: Moment, peer: Peer, effects: &mut Vec<Effect>) {
        if self.open_peer() == Some(peer) {
            return;
        }
        self.leave();
        let at = self.kept.iter().position(|kept| kept.peer == peer);
        let kept = at.and_then(|at| self.kept.remove(at).map(|kept| (at, kept)));
        let (mut timeline, in_page) = kept
            .map(|(at, kept)| (kept.timeline, kept.in_page.filter(|_| at <= LEFT)))
            .unwrap_or_default();
        let entry = self.directory.get(peer);
        timeline.expect(entry.map_or(Seq(0), |entry| entry.last_seq));
        let divider = entry
            .filter(|entry| entry.unread > 0)
            .map(|entry| entry.read_seq.next());
        let mut thread = Thread::new(peer, timeline, divider, self.room);
        if let Some(from) = in_page {
            thread.window.take_up(&thread.timeline, from);
        }
        if !self.linked {
            thread.disconnected();
        }
        self.thread = Some(thread);
        self.opening += 1;
        self.look_at_group(peer);
        self.due(now, effects);
    }

    /// So many CSS pixels of a conversation are in sight, for those that are opened.
    pub const fn set_room(&mut self, room: usize) {
        self.room = room;
    }

    /// Closes the open conversation: no conversation is in the page any more.
    pub fn close(&mut self) {
        self.leave();
        for kept in &mut self.kept {
            kept.in_page = None;
        }
    }

    fn leave(&mut self) {
        let Some(thread) = self.thread.take() else {
            return;
        };
        let in_page = thread.window.left(&thread.timeline);
        let mut timeline = thread.timeline;
        timeline.trim(KEPT_MESSAGES);
        self.kept.push_front(Kept {
            peer: thread.peer,
            timeline,
            in_page,
        });
        self.kept.truncate(KEPT_TIMELINES);
        self.announcements.clear();
        self.group = None;
    }

    /// Writes a message: it is in the outbox at once, and sent in its turn. Returns whether it was
    /// taken.
    pub fn write(
        &mut self,
        now: Moment,
        id: ClientMsgId,
        text: &str,
        written_at: i64,
        effects: &mut Vec<Effect>,
    ) -> bool {
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
            self.notices.say(NoticeKind::OutboxFull);
            return false;
        }
        if !thread.window.follows_end() {
            thread.window.begin(&thread.timeline, None);
        }
        thread.at_end = true;
        thread.divider = None;
        self.opening += 1;
        self.save_outbox(effects);
        self.set_draft("", effects);
        self.due(now, effects);
        true
    }

    /// Sends a failed message again.
    pub fn retry(&mut self, now: Moment, id: &ClientMsgId, effects: &mut Vec<Effect>) {
        self.outbox.retry(id);
        self.save_outbox(effects);
        self.due(now, effects);
    }

    /// Deletes a message that is not sent.
    pub fn delete(&mut self, now: Moment, id: &ClientMsgId, effects: &mut Vec<Effect>) {
        self.outbox.settle(id);
        self.save_outbox(effects);
        self.due(now, effects);
    }

    /// Gives up every message that is not sent, and every draft: the next person at this browser
    /// finds nothing of this one.
    pub fn discard_unsent(&mut self, effects: &mut Vec<Effect>) {
        self.outbox = Outbox::default();
        self.kept_ids.clear();
        self.drafts.clear();
        effects.push(Effect::Forget);
    }

    /// Keeps what is written to the open conversation and not sent.
    pub fn set_draft(&mut self, text: &str, effects: &mut Vec<Effect>) {
        let Some(peer) = self.open_peer() else { return };
        let changed = self.drafts.set(peer, text).into_iter();
        effects.extend(changed.map(|(peer, text)| Effect::SaveDraft(peer, text)));
    }

    /// The person comes near the first row. Returns whether anything changed.
    pub fn look_up(&mut self, effects: &mut Vec<Effect>) -> bool {
        let linked = self.linked;
        let Some(thread) = &mut self.thread else {
            return false;
        };
        if thread.window.grow_up(&thread.timeline) {
            return true;
        }
        let Some(want) = thread.wants_older().filter(|_| linked) else {
            return false;
        };
        if thread.older != Ask::Idle {
            return false;
        }
        let peer = thread.peer;
        let asked = self.query(peer, want, limits::PAGE_DEFAULT, effects);
        if let Some(thread) = &mut self.thread {
            thread.older = asked;
        }
        true
    }

    /// The person comes near the last row. Returns whether anything changed.
    pub fn look_down(&mut self) -> bool {
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
    pub fn jump_to_end(&mut self, now: Moment, effects: &mut Vec<Effect>) {
        if let Some(thread) = &mut self.thread {
            thread.window.begin(&thread.timeline, None);
            thread.at_end = true;
            thread.divider = None;
            self.opening += 1;
        }
        self.due(now, effects);
    }

    /// The person scrolled to the end, or away from it.
    pub fn set_at_end(&mut self, now: Moment, at_end: bool, effects: &mut Vec<Effect>) {
        if let Some(thread) = &mut self.thread {
            thread.at_end = at_end;
        }
        self.due(now, effects);
    }

    /// The page was shown or hidden.
    pub fn set_visible(&mut self, now: Moment, visible: bool, effects: &mut Vec<Effect>) {
        self.visible = visible;
        if !visible {
            self.reads.hurry(now);
        }
        self.due(now, effects);
    }

    /// The person looks at what is shown, or works in another window or in a dialog over it.
    pub fn set_looking(&mut self, now: Moment, looking: bool, effects: &mut Vec<Effect>) {
        if std::mem::replace(&mut self.looking, looking) != looking {
            self.due(now, effects);
        }
    }

    /// The person asks once more for what could not be fetched.
    pub fn fetch_again(&mut self, now: Moment, effects: &mut Vec<Effect>) {
        if let Some(thread) = &mut self.thread {
            let older = thread.older == Ask::Failed;
            thread.disconnected();
            if older {
                self.look_up(effects);
            }
        }
        self.due(now, effects);
    }

    /// The person comes near the end of the list.
    pub fn more_conversations(&mut self, effects: &mut Vec<Effect>) {
        if self.linked
            && let Some(ask) = self.directory.ask()
        {
            effects.push(Effect::Send(ClientFrame::ListConversations(ask)));
        }
    }

    /// The people known, to be changed.
    pub const fn contacts_mut(&mut self) -> &mut Contacts {
        &mut self.contacts
    }

    /// Says that the log-out did not reach the server.
    pub fn logout_failed(&mut self) {
        self.notices.say(NoticeKind::LogoutFailed);
    }

    /// Another tab changed what is kept of the outbox: should that tab be closed, what it wrote is sent
    /// by this one.
    pub fn follow_outbox(&mut self, now: Moment, kept: Outbox, effects: &mut Vec<Effect>) {
        self.outbox.follow(now, kept);
        let ids = self.outbox.iter().map(|p| p.client_msg_id.clone());
        self.kept_ids = ids.collect();
        self.due(now, effects);
    }

    /// Says whether the browser kept the outbox, if it did not.
    pub fn outbox_kept(&mut self, kept: bool) {
        if !kept {
            self.keeping = Keeping::NotOutbox;
            self.notices.say(NoticeKind::NotKept);
        } else if self.keeping == Keeping::NotOutbox {
            self.keeping = Keeping::NotDrafts;
        }
        if let Some(thread) = &mut self.thread {
            thread.pending = self.keeping.pending();
        }
    }

    /// Says that the browser did not keep a draft, the first time.
    pub fn draft_not_kept(&mut self) {
        if self.keeping == Keeping::All {
            self.keeping = Keeping::NotDrafts;
            self.notices.say(NoticeKind::NotKept);
        }
    }

    /// Says that messages which waited to be sent could not be read.
    pub fn outbox_set_aside(&mut self) {
        self.notices.say(NoticeKind::OutboxUnreadable);
    }

    /// Says that the server has a newer page.
    pub fn outdated(&mut self) {
        self.notices.say(NoticeKind::NewVersion);
    }

    /// Dismisses a sentence.
    pub fn dismiss(&mut self, id: u64) {
        self.notices.dismiss(id);
    }
}
