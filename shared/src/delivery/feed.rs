//! The feed of one connection: which messages it is pushed, and in which order.

use super::window::{Due, Timing, Window};
use crate::{ConversationId, Mid, Moment, Seq, Tid, limits};
use std::collections::{BTreeSet, HashMap, VecDeque};

/// The most answered sends of its own connection that a feed remembers while it is behind. Beyond
/// that a connection may be pushed a message it sent itself, which its receiver removes by `seq`.
const ANSWERED_MAX: usize = 1024;

// The largest frame fits into half of an empty window.
const _: () = assert!(limits::FRAME_BYTES <= limits::WINDOW_BYTES / 2);

/// The user's delivery cursor in one conversation, as the store has it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DeliveryCursor {
    /// The conversation.
    pub conversation: ConversationId,
    /// The `seq` of its last message.
    pub last_seq: Seq,
    /// The last `seq` that this user acknowledged.
    pub delivered_seq: Seq,
    /// The last `seq` before this user became a member; 0 in a direct conversation.
    pub joined_seq: Seq,
    /// The id of the first message after `delivered_seq`, to order conversations by; any value when
    /// there is none.
    pub head: Mid,
}

/// A message that might be pushed.
#[derive(Debug, Clone)]
pub struct FeedItem<P> {
    /// Its conversation.
    pub conversation: ConversationId,
    /// Its `seq` in the conversation.
    pub seq: Seq,
    /// Its id.
    pub mid: Mid,
    /// Whether the user of this connection sent it.
    pub from_self: bool,
    /// The payload to push.
    pub payload: P,
    /// Its size in bytes, for the bound of the window.
    pub bytes: usize,
}

/// A page for the driver to read from the store.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ReadRequest {
    /// The conversation.
    pub conversation: ConversationId,
    /// Only messages after this `seq`, oldest first.
    pub after: Seq,
    /// Only messages with an id below this one: the next message of another conversation, which
    /// comes first from there on.
    pub before: Option<Mid>,
    /// The most messages of the page.
    pub limit: usize,
}

/// An effect for the driver to run.
#[derive(Debug, PartialEq, Eq)]
pub enum FeedEffect<P> {
    /// Write a push.
    Push {
        /// Its id.
        tid: Tid,
        /// Whether it was written before.
        dup: bool,
        /// The payload to push.
        payload: P,
    },
    /// Read a page and give it to [`Feed::handle_page`]. There is one such request at a time.
    Read(ReadRequest),
    /// Read the user's delivery cursors again and give them to [`Feed::handle_cursors`].
    Reload,
    /// The user has acknowledged this conversation up to and including this `seq`.
    Delivered(ConversationId, Seq),
    /// The delivery cursor advances to this `seq` without an acknowledgement: the messages before
    /// it are from self. The other side need not be notified.
    Passed(ConversationId, Seq),
    /// Close the connection as dead (4001).
    GiveUp,
}

#[derive(Debug, Clone, Copy)]
struct PushCursor {
    /// Every message up to this `seq` was pushed on this connection, or need not be.
    pushed: Seq,
    /// The last `seq` of the conversation at the bind.
    at_bind: Seq,
    /// Messages before the cursor were neither pushed on this connection nor acknowledged by the
    /// user, so acknowledgements on this connection do not cover them.
    hole: bool,
}

/// Whether messages that the user sends from other connections are pushed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum FromSelf {
    Push,
    Skip,
}

/// The pushes of one connection, a [state machine](crate#state-machines).
#[derive(Debug)]
pub struct Feed<P> {
    window: Window<P>,
    cursors: HashMap<ConversationId, PushCursor>,
    /// Conversations with messages to read from the store, by the id of the next one.
    behind: BTreeSet<(Mid, ConversationId)>,
    /// Conversations with messages to read from the store, where the id of the next is not known.
    head_unknown: BTreeSet<ConversationId>,
    /// Of the conversations of both sets: the id of the next message, and the last known `seq`.
    backlogs: HashMap<ConversationId, (Option<Mid>, Seq)>,
    answered: BTreeSet<(ConversationId, Seq)>,
    from_self: FromSelf,
    reading: Option<ReadRequest>,
    /// The page being read is only for the id of the next message.
    peeking: bool,
    reloading: bool,
    reload: bool,
    effects: VecDeque<FeedEffect<P>>,
    due: Vec<Due<P>>,
}

impl<P: Clone> Feed<P> {
    /// The feed of a connection that keeps no messages itself: pushes everything the user has not
    /// acknowledged, oldest first, then live messages.
    pub fn from_acknowledged(
        timing: Timing,
        positions: impl IntoIterator<Item = DeliveryCursor>,
    ) -> Self {
        let mut feed = Self::empty(timing);
        for position in positions {
            let cursor = PushCursor {
                pushed: position.delivered_seq,
                at_bind: position.last_seq,
                hole: false,
            };
            feed.cursors.insert(position.conversation, cursor);
            let head = Some(position.head);
            feed.fall_behind(position.conversation, head, position.last_seq);
        }
        feed
    }

    /// The feed of a connection of the legacy (v0) protocol: as [`Self::from_acknowledged`], but
    /// messages from self are never pushed. The page of that protocol would show them as received.
    pub fn legacy(timing: Timing, positions: impl IntoIterator<Item = DeliveryCursor>) -> Self {
        Self {
            from_self: FromSelf::Skip,
            ..Self::from_acknowledged(timing, positions)
        }
    }

    /// The feed of a connection that fetches missing messages itself: pushes only messages after
    /// `positions`.
    pub fn from_latest(
        timing: Timing,
        positions: impl IntoIterator<Item = DeliveryCursor>,
    ) -> Self {
        let mut feed = Self::empty(timing);
        feed.cursors.extend(positions.into_iter().map(|position| {
            let cursor = PushCursor {
                pushed: position.last_seq,
                at_bind: position.last_seq,
                hole: position.delivered_seq < position.last_seq,
            };
            (position.conversation, cursor)
        }));
        feed
    }

    fn empty(timing: Timing) -> Self {
        Self {
            window: Window::new(timing),
            cursors: HashMap::new(),
            behind: BTreeSet::new(),
            head_unknown: BTreeSet::new(),
            backlogs: HashMap::new(),
            answered: BTreeSet::new(),
            from_self: FromSelf::Push,
            reading: None,
            peeking: false,
            reloading: false,
            reload: false,
            effects: VecDeque::new(),
            due: Vec::new(),
        }
    }

    /// A live message from the bus, which may deliver out of order and more than once.
    pub fn handle_message(&mut self, now: Moment, item: FeedItem<P>) {
        let cursor = self.cursor(item.conversation);
        if item.seq <= cursor.pushed {
            return;
        }
        let is_next = item.seq == cursor.pushed.next();
        let caught_up = !self.backlogs.contains_key(&item.conversation);
        let fits = self.skips(&item, cursor) || self.window.fits(item.bytes);
        if is_next && caught_up && fits {
            self.advance(now, item);
        } else {
            let head = is_next.then_some(item.mid);
            self.fall_behind(item.conversation, head, item.seq);
        }
    }

    /// A send of this connection was answered with this `seq`, so it need not be pushed. To a group
    /// that the feed does not know: it asks where this member's part of the group begins.
    pub fn handle_answered(&mut self, conversation: ConversationId, seq: Seq, is_group: bool) {
        if is_group && self.from_self == FromSelf::Skip {
            // It pushes nothing from self, and nothing of groups.
            return;
        }
        if is_group && !self.cursors.contains_key(&conversation) {
            self.remember_answered(conversation, seq);
            self.reload = true;
        } else if seq > self.cursor(conversation).pushed {
            self.remember_answered(conversation, seq);
            if self.skip_answered(conversation) {
                self.report_if_settled(conversation);
            }
        }
    }

    /// Whether the message with this `seq`, which is from self, need not be pushed:
    /// [`Self::handle_answered`] named it, the feed is past it, or it pushes nothing from self.
    pub fn has_answered(&self, conversation: ConversationId, seq: Seq) -> bool {
        let passed = |cursor: &PushCursor| seq <= cursor.pushed;
        self.from_self == FromSelf::Skip
            || self.cursors.get(&conversation).is_some_and(passed)
            || self.answered.contains(&(conversation, seq))
    }

    /// A page read for [`FeedEffect::Read`], oldest first.
    pub fn handle_page(&mut self, now: Moment, items: Vec<FeedItem<P>>) {
        let Some(request) = self.reading.take() else {
            return;
        };
        let conversation = request.conversation;
        let Some((head, upto)) = self.backlogs.remove(&conversation) else {
            return;
        };
        match head {
            Some(head) => self.behind.remove(&(head, conversation)),
            None => self.head_unknown.remove(&conversation),
        };
        if std::mem::take(&mut self.peeking) {
            if let Some(item) = items.first() {
                self.fall_behind(conversation, Some(item.mid), upto);
            }
            return;
        }
        let full = items.len() >= request.limit;
        for item in items {
            let cursor = self.cursor(conversation);
            if item.seq != cursor.pushed.next() {
                continue;
            }
            let skip = self.skips(&item, cursor);
            if !skip && !self.window.fits(item.bytes) {
                self.fall_behind(conversation, Some(item.mid), upto);
                return;
            }
            self.advance(now, item);
        }
        let pushed = self.cursor(conversation).pushed;
        // An event may have named a `seq` that the store does not show yet, because another node is
        // committing it: the event of that message, or the next one, brings it. Without a full page
        // and without a `before` there is nothing more to read now.
        if pushed < upto && (full || request.before.is_some()) {
            self.fall_behind(conversation, None, upto);
        }
    }

    /// The store could not be read: [`Self::poll_effect`] makes the request again.
    pub fn handle_read_failed(&mut self) {
        self.reading = None;
        self.peeking = false;
        if self.reloading {
            self.reloading = false;
            self.reload = true;
        }
    }

    /// Events were lost, so any conversation may have new messages.
    pub fn handle_resync(&mut self) {
        self.reload = true;
    }

    /// The delivery cursors read for [`FeedEffect::Reload`].
    pub fn handle_cursors(&mut self, positions: impl IntoIterator<Item = DeliveryCursor>) {
        self.reloading = false;
        for position in positions {
            // Not known at the bind: pushes start where the user became a member.
            self.cursors
                .entry(position.conversation)
                .or_insert(PushCursor {
                    pushed: position.joined_seq,
                    at_bind: position.joined_seq,
                    hole: false,
                });
            let pushed = self.cursor(position.conversation).pushed;
            let head = (position.delivered_seq == pushed).then_some(position.head);
            self.fall_behind(position.conversation, head, position.last_seq);
        }
    }

    /// An acknowledgement from the client. Unknown tids are ignored.
    pub fn handle_ack(&mut self, tid: Tid, cumulative: bool) {
        let mut settled = Vec::new();
        self.window.handle_ack(tid, cumulative, |conversation| {
            if !settled.contains(&conversation) {
                settled.push(conversation);
            }
        });
        for conversation in settled {
            let cursor = self.cursor(conversation);
            if !cursor.hole {
                let delivered = self
                    .window
                    .lowest(conversation)
                    .map_or(cursor.pushed, Seq::prev);
                self.effects
                    .push_back(FeedEffect::Delivered(conversation, delivered));
            }
        }
    }

    /// The user has read this conversation up to `seq`, which covers the messages before it too.
    pub fn handle_read(&mut self, conversation: ConversationId, seq: Seq) {
        if let Some(cursor) = self.cursors.get_mut(&conversation)
            && seq >= cursor.at_bind
        {
            cursor.hole = false;
        }
    }

    /// [`Self::poll_timeout`] has come.
    pub fn handle_timeout(&mut self, now: Moment) {
        self.window.handle_timeout(now, &mut self.due);
        self.effects.extend(self.due.drain(..).map(|due| match due {
            Due::Repush(tid, payload) => FeedEffect::Push {
                tid,
                dup: true,
                payload,
            },
            Due::GiveUp => FeedEffect::GiveUp,
        }));
    }

    /// When to call [`Self::handle_timeout`]; `None`: no push waits for its acknowledgement.
    pub fn poll_timeout(&self) -> Option<Moment> {
        self.window.poll_timeout()
    }

    /// The next effect; `None`: nothing to do until the next `handle_*`.
    pub fn poll_effect(&mut self) -> Option<FeedEffect<P>> {
        if let Some(effect) = self.effects.pop_front() {
            return Some(effect);
        }
        if self.reading.is_some() || self.reloading {
            return None;
        }
        if self.reload {
            self.reload = false;
            self.reloading = true;
            return Some(FeedEffect::Reload);
        }
        // One page at a time, and only into a window that is at least half empty: reading as single
        // acknowledgements come in would cost one query a message, and a page whose first message
        // does not fit would be read again and again.
        let capacity = self.window.capacity();
        if capacity * 2 < limits::WINDOW_PUSHES || !self.window.fits(limits::WINDOW_BYTES / 2) {
            return None;
        }
        let (conversation, before, limit) = match self.head_unknown.first() {
            // The conversations are ordered by their next messages: first read the unknown ids.
            Some(conversation) if self.backlogs.len() > 1 => {
                self.peeking = true;
                (*conversation, None, 1)
            }
            Some(conversation) => (*conversation, None, capacity),
            None => {
                let mut heads = self.behind.iter();
                let (_, conversation) = *heads.next()?;
                (conversation, heads.next().map(|(mid, _)| *mid), capacity)
            }
        };
        let after = self
            .cursors
            .get(&conversation)
            .map_or(Seq(0), |cursor| cursor.pushed);
        let request = ReadRequest {
            conversation,
            after,
            before,
            limit,
        };
        self.reading = Some(request);
        Some(FeedEffect::Read(request))
    }

    /// Pushes that wait for their acknowledgement.
    pub fn unacknowledged(&self) -> usize {
        self.window.len()
    }

    fn cursor(&mut self, conversation: ConversationId) -> PushCursor {
        // Unknown at the bind: it started after that, so all of it is pushed.
        *self.cursors.entry(conversation).or_insert(PushCursor {
            pushed: Seq(0),
            at_bind: Seq(0),
            hole: false,
        })
    }

    fn skips(&self, item: &FeedItem<P>, cursor: PushCursor) -> bool {
        let from_self =
            item.from_self && (self.from_self == FromSelf::Skip || item.seq <= cursor.at_bind);
        from_self || self.answered.contains(&(item.conversation, item.seq))
    }

    /// Moves the push cursor past `item` and pushes it unless it is to be skipped.
    fn advance(&mut self, now: Moment, item: FeedItem<P>) {
        let cursor = self.cursor(item.conversation);
        let skip = self.skips(&item, cursor);
        self.answered.remove(&(item.conversation, item.seq));
        self.cursors.insert(
            item.conversation,
            PushCursor {
                pushed: item.seq,
                ..cursor
            },
        );
        let conversation = item.conversation;
        if !skip {
            let payload = item.payload.clone();
            let tid = self
                .window
                .push(now, conversation, item.seq, item.payload, item.bytes);
            self.effects.push_back(FeedEffect::Push {
                tid,
                dup: false,
                payload,
            });
        }
        self.skip_answered(conversation);
        self.report_if_settled(conversation);
    }

    /// Moves the push cursor past the answered sends that come next; whether there were any.
    fn skip_answered(&mut self, conversation: ConversationId) -> bool {
        let mut cursor = self.cursor(conversation);
        let before = cursor.pushed;
        while self.answered.remove(&(conversation, cursor.pushed.next())) {
            cursor.pushed = cursor.pushed.next();
        }
        self.cursors.insert(conversation, cursor);
        cursor.pushed > before
    }

    /// Reports everything up to the push cursor as passed if nothing waits for an acknowledgement.
    fn report_if_settled(&mut self, conversation: ConversationId) {
        let cursor = self.cursor(conversation);
        if self.window.lowest(conversation).is_none() && !cursor.hole {
            self.effects
                .push_back(FeedEffect::Passed(conversation, cursor.pushed));
        }
    }

    fn remember_answered(&mut self, conversation: ConversationId, seq: Seq) {
        if self.answered.len() < ANSWERED_MAX {
            self.answered.insert((conversation, seq));
        }
    }

    /// Marks this conversation to be read from the store up to `upto`. A `head` that is too low
    /// costs one read; it is never too high.
    fn fall_behind(&mut self, conversation: ConversationId, head: Option<Mid>, upto: Seq) {
        if self.cursor(conversation).pushed >= upto {
            return;
        }
        if let Some((_, last)) = self.backlogs.get_mut(&conversation) {
            *last = upto.max(*last);
        } else {
            self.backlogs.insert(conversation, (head, upto));
            match head {
                Some(head) => self.behind.insert((head, conversation)),
                None => self.head_unknown.insert(conversation),
            };
        }
    }
}

#[cfg(test)]
#[path = "feed_tests.rs"]
mod tests;
