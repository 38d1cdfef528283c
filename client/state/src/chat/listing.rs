//! Binds and pages of the list, and conversations that begin anew: what arrives is of another
//! history than what is known, because the store was restored from a backup.

use super::{Chat, Effect};
use crate::directory::{Directory, Entry};
use crate::group::OpenGroup;
use crate::reads::Reads;
use tidings_shared::frame::{Bound, ClientFrame, ListConversations};
use tidings_shared::timeline::Timeline;
use tidings_shared::{Message, Moment, Peer, Seq};

impl Chat {
    /// A connection is bound.
    pub fn handle_bound(&mut self, now: Moment, bound: Bound) {
        // The page may not have noticed that the last one ended.
        self.disconnected();
        self.connected = true;
        self.reads.reconnected(now);
        self.outbox.handle_reconnect();
        self.total_unread = bound.unread;
        let epoch = bound.epoch.or_else(|| self.epoch.clone());
        let before = std::mem::replace(&mut self.epoch, epoch);
        if before.is_some() && before != self.epoch {
            self.begin_anew();
        }
        let list = bound.list.unwrap_or_default();
        self.handle_list(|directory| directory.handle_first_page(list));
        let read = |entry: &&Entry| entry.unread == 0;
        let read = self.directory.iter().filter(read).map(|e| e.peer);
        self.effects.push_back(Effect::Withdraw(read.collect()));
        if let Some(id) = self.group.as_ref().map(OpenGroup::id) {
            self.group_changed(id);
        }
        self.send_due(now);
    }

    /// The connection is gone; pending answers will not come.
    pub fn disconnected(&mut self) {
        self.connected = false;
        self.presences.forget();
        self.directory.page_failed();
        if let Some(thread) = &mut self.thread {
            thread.disconnected();
        }
    }

    /// Lets the directory handle a page of the list, and updates the loaded conversations.
    pub(super) fn handle_list(
        &mut self,
        handle: impl FnOnce(&mut Directory) -> Option<ListConversations>,
    ) {
        let open = self.open_peer();
        let was_unlisted = open.filter(|peer| self.directory.is_unlisted(*peer));
        let more = handle(&mut self.directory);
        self.request_list(more);
        self.forget_messages();
        self.expect_listed();
        if let Some(peer) = was_unlisted.filter(|peer| !self.directory.is_unlisted(*peer)) {
            // It began before its first unread message was known.
            let divider = self.divider_of(peer);
            let thread = self.thread.as_mut();
            if let Some(thread) = thread.filter(|thread| thread.divider != divider) {
                thread.begin(divider);
                self.opening += 1;
            }
        }
    }

    pub(super) fn request_list(&mut self, ask: Option<ListConversations>) {
        self.effects
            .extend(ask.map(|ask| Effect::Send(ClientFrame::ListConversations(ask))));
    }

    fn expect_listed(&mut self) {
        let listed = |entry: &Entry| (entry.peer, entry.last_seq);
        let listed: Vec<(Peer, Seq)> = self.directory.iter().map(listed).collect();
        for (peer, seq) in listed {
            if let Some(timeline) = self.timeline_mut(peer) {
                timeline.handle_latest(seq);
            }
        }
    }

    /// The store's history is not the one that was known: drops the conversations and read marks.
    /// What the person wrote stays: drafts and the outbox.
    fn begin_anew(&mut self) {
        self.directory.begin_anew(self.open_peer());
        self.reads = Reads::default();
        self.cached.clear();
    }

    /// Whether a message is of another history than what is known of its conversation.
    pub(super) fn contradicts(&mut self, peer: Peer, message: &Message) -> bool {
        let entry = self.directory.get(peer);
        entry.is_some_and(|entry| entry.contradicts(message.seq, message.mid))
            || self
                .timeline_mut(peer)
                .is_some_and(|timeline| timeline.contradicts(message))
    }

    /// A message contradicted what is known of this conversation, which begins anew.
    pub(super) fn begin_conversation_anew(&mut self, peer: Peer) {
        self.directory.forget(peer);
        self.forget_messages();
    }

    /// Drops the messages and the read marks of the conversations that begin anew, and shows the
    /// open one as when it is opened.
    fn forget_messages(&mut self) {
        for peer in self.directory.take_begun_anew() {
            self.reads.forget(peer);
            self.cached.retain(|cached| cached.peer != peer);
            if self.directory.get(peer).is_none() {
                let ask = self.directory.look_up(peer);
                self.request_list(ask);
            }
            if self.open_peer() == Some(peer) {
                self.announcements.clear();
                self.begin_thread(peer, Timeline::default());
            }
        }
    }
}
