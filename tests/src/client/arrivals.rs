//! Handling of server frames.

use super::device::Device;
use tidings_shared::acks::Acks;
use tidings_shared::frame::{
    Bound, ClientFrame, ConversationList, ListConversations, Page, Push, ServerFrame,
};
use tidings_shared::{ClientMsgId, Direction, ErrorBody, Message, Moment, Peer, Seq};

impl Device {
    /// The connection is bound. Returns the frame to send next, if any.
    pub(super) fn bound(&mut self, bound: Bound) -> Option<ClientFrame> {
        self.connected = true;
        self.acks = Acks::default();
        self.outbox.handle_reconnect();
        self.listed(bound.list.unwrap_or_default())
    }

    /// Handles a frame. Returns the frame to send next, if any.
    pub(super) fn frame(&mut self, now: Moment, frame: ServerFrame) -> Option<ClientFrame> {
        match frame {
            ServerFrame::Push(push) => self.pushed(now, *push),
            ServerFrame::Sent(message) => {
                self.take(*message);
            }
            ServerFrame::Page(page) => self.page(now, page),
            ServerFrame::Conversations(list) => return self.listed(list),
            ServerFrame::Error(error) => self.refusal(now, &error),
            // A refused bind is followed by a close, whose code says what to do.
            ServerFrame::BindRefused(_)
            | ServerFrame::Bound(_)
            | ServerFrame::Heartbeat(_)
            | ServerFrame::Unread(_)
            | ServerFrame::Read(_)
            | ServerFrame::Receipt(_)
            | ServerFrame::Presence(_)
            | ServerFrame::Profile(_) => {}
        }
        None
    }

    fn listed(&mut self, list: ConversationList) -> Option<ClientFrame> {
        for row in list.conversations {
            let thread = self.threads.entry(row.peer).or_default();
            thread.timeline.handle_latest(row.last_seq);
            self.changed(row.peer);
        }
        let after = Some(list.next?);
        Some(ClientFrame::ListConversations(ListConversations { after }))
    }

    fn pushed(&mut self, now: Moment, push: Push) {
        self.acks.handle_push(now, push.tid);
        self.figures.pushes += 1;
        self.figures.repeated += u64::from(push.dup);
        if !self.take(push.message) {
            self.figures.duplicates += 1;
        }
    }

    /// Merges a message of a push or an answer. Returns whether it is new.
    fn take(&mut self, mut message: Message) -> bool {
        let (peer, direction) = message.seen_by(self.me);
        message.direction = direction;
        self.check(peer, &message);
        let is_new = self
            .threads
            .entry(peer)
            .or_default()
            .timeline
            .handle_message(message);
        self.changed(peer);
        is_new
    }

    fn page(&mut self, now: Moment, page: Page) {
        let asked = self
            .threads
            .iter()
            .find(|(_, thread)| thread.asked.is_some() && thread.asked == page.reference)
            .map(|(peer, _)| *peer);
        let Some(peer) = asked else {
            return self.report_violation(format!("a page nobody asked for: {:?}", page.reference));
        };
        for message in &page.messages {
            self.check(peer, message);
        }
        let thread = self.threads.entry(peer).or_default();
        thread.asked = None;
        let before = (thread.timeline.first(), thread.timeline.last());
        thread.timeline.handle_page(page.messages);
        let moved = before != (thread.timeline.first(), thread.timeline.last());
        self.changed(peer);
        if !moved && self.incomplete.contains(&peer) {
            self.refused(now);
        }
    }

    /// Compares a message with the one known at its `seq`, and removes it from the outbox if it is
    /// from this device.
    fn check(&mut self, peer: Peer, message: &Message) {
        let thread = self.threads.entry(peer).or_default();
        let at = usize::try_from(message.seq.0 - thread.timeline.first().0);
        let shown = at.ok().and_then(|at| thread.timeline.messages().nth(at));
        if let Some(shown) = shown.filter(|shown| shown.seq == message.seq)
            && (shown.mid, &shown.body) != (message.mid, &message.body)
        {
            let text = format!("{peer:?} {} was {shown:?}, is {message:?}", message.seq);
            self.report_violation(text);
        }
        let from_self = message.direction == Direction::Sent;
        if let Some(id) = message.client_msg_id.as_ref().filter(|_| from_self) {
            self.settled(id, peer, message.seq);
        }
    }

    fn settled(&mut self, id: &ClientMsgId, peer: Peer, seq: Seq) {
        let known = self.answered.get(id).copied();
        if self.settle(id) {
            self.figures.settled += 1;
            self.answered.insert(id.clone(), (peer, seq));
        }
        if known.is_some_and(|known| known != (peer, seq)) {
            self.report_violation(format!("{id} was at {known:?}, is at {seq} to {peer:?}"));
        }
    }

    fn refusal(&mut self, now: Moment, error: &ErrorBody) {
        if !error.code.is_transient() {
            return self.report_violation(format!("refused: {error:?}"));
        }
        if let Some(id) = &error.client_msg_id {
            self.outbox.handle_error(now, id, error);
            return;
        }
        for thread in self.threads.values_mut() {
            if thread.asked.is_some() && thread.asked == error.reference {
                thread.asked = None;
            }
        }
        self.refused(now);
    }
}
