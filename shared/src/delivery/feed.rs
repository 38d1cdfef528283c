//! What one connection is pushed, and in which order.

use super::window::{Due, Timing, Window};
use crate::{ConversationId, Mid, Moment, Seq, Tid, limits};
use std::collections::{BTreeSet, HashMap, VecDeque};

/// How many of its own answered sends a feed remembers while it is behind; beyond that a
/// connection may be pushed a message it sent itself, which its receiver removes by `seq`.
const ANSWERED_MAX: usize = 1024;

// Half of an empty window takes whatever one frame can carry.
const _: () = assert!(limits::FRAME_BYTES <= limits::WINDOW_BYTES / 2);

/// One of the user's conversations, as the store has it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Position {
    /// Which.
    pub conversation: ConversationId,
    /// Its last place.
    pub last_seq: Seq,
    /// Up to where this user acknowledged.
    pub delivered_seq: Seq,
    /// Its last place before this user became a member; 0 in a direct conversation.
    pub joined_seq: Seq,
    /// The id of the first message after `delivered_seq`, to order conversations by; any value
    /// will do when there is none.
    pub head: Mid,
}

/// A message that might be pushed.
#[derive(Debug, Clone)]
pub struct Item<P> {
    /// Where it belongs.
    pub conversation: ConversationId,
    /// Its place there.
    pub seq: Seq,
    /// Its id.
    pub mid: Mid,
    /// Whether this connection's own user sent it.
    pub own: bool,
    /// What to push.
    pub payload: P,
    /// Its size in bytes, for the bound of the window.
    pub bytes: usize,
}

/// A page the driver shall read from the store.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ReadRequest {
    /// Of which conversation.
    pub conversation: ConversationId,
    /// Only messages after this place, oldest first.
    pub after: Seq,
    /// Only messages with an id below this one, because another conversation's turn comes then.
    pub before: Option<Mid>,
    /// At most so many.
    pub limit: usize,
}

/// What the driver shall do.
#[derive(Debug, PartialEq, Eq)]
pub enum Effect<P> {
    /// Write a push.
    Push {
        /// Its id.
        tid: Tid,
        /// Whether it was written before.
        dup: bool,
        /// What to push.
        payload: P,
    },
    /// Read a page and give it to [`Feed::handle_page`]. There is one such request at a time.
    Read(ReadRequest),
    /// Read the user's positions again and give them to [`Feed::handle_positions`].
    Reload,
    /// The user has acknowledged this conversation up to and with this place.
    Delivered(ConversationId, Seq),
    /// The same position, without an acknowledgement: what lies before it is the user's own. There
    /// is nothing in it that would concern the other side.
    Passed(ConversationId, Seq),
    /// Close the connection as dead (4001).
    GiveUp,
}

#[derive(Debug, Clone, Copy)]
struct Cursor {
    /// Everything up to here was pushed on this connection, or need not be.
    pushed: Seq,
    /// At the bind, the conversation ended here.
    at_bind: Seq,
    /// There are messages before the cursor that this connection was not pushed and the user has
    /// not acknowledged, so its acknowledgements say nothing about them.
    hole: bool,
}

/// What becomes of what the connection's user sends from other connections.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum FromSelf {
    Push,
    Skip,
}

/// The pushes of one connection: call a `handle_*` with what happened, then [`Self::poll`] until
/// it returns `None`, then wait until [`Self::deadline`].
#[derive(Debug)]
pub struct Feed<P> {
    window: Window<P>,
    cursors: HashMap<ConversationId, Cursor>,
    /// Conversations to be read on from the store, by the id of their next message.
    behind: BTreeSet<(Mid, ConversationId)>,
    /// Conversations to be read on from the store whose next message's id is not known.
    unsure: BTreeSet<ConversationId>,
    /// The id of the next message of both, and how far they are known to go.
    known: HashMap<ConversationId, (Option<Mid>, Seq)>,
    answered: BTreeSet<(ConversationId, Seq)>,
    from_self: FromSelf,
    reading: Option<ReadRequest>,
    /// The page being read is only to tell the id of the next message.
    peeking: bool,
    reloading: bool,
    reload: bool,
    effects: VecDeque<Effect<P>>,
    due: Vec<Due<P>>,
}

impl<P: Clone> Feed<P> {
    /// The feed of a connection without a memory of its own: everything the user has not
    /// acknowledged is pushed, oldest first, then what comes.
    pub fn from_acknowledged(
        timing: Timing,
        positions: impl IntoIterator<Item = Position>,
    ) -> Self {
        let mut feed = Self::empty(timing);
        for position in positions {
            let cursor = Cursor {
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

    /// The feed of a connection of the legacy (v0) protocol: as [`Self::from_acknowledged`], but what
    /// its own user sends is never pushed. The course's page would show it as the other side's.
    pub fn legacy(timing: Timing, positions: impl IntoIterator<Item = Position>) -> Self {
        Self {
            from_self: FromSelf::Skip,
            ..Self::from_acknowledged(timing, positions)
        }
    }

    /// The feed of a connection that fetches by gaps itself: only what comes after `positions`.
    pub fn from_latest(timing: Timing, positions: impl IntoIterator<Item = Position>) -> Self {
        let mut feed = Self::empty(timing);
        feed.cursors.extend(positions.into_iter().map(|position| {
            let cursor = Cursor {
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
            unsure: BTreeSet::new(),
            known: HashMap::new(),
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

    /// A live message, in whatever order and however often the bus brings it.
    pub fn handle_message(&mut self, now: Moment, item: Item<P>) {
        let cursor = self.cursor(item.conversation);
        if item.seq <= cursor.pushed {
            return;
        }
        let is_next = item.seq == cursor.pushed.next();
        let caught_up = !self.known.contains_key(&item.conversation);
        let fits = self.skips(&item, cursor) || self.window.takes(item.bytes);
        if is_next && caught_up && fits {
            self.advance(now, item);
        } else {
            let head = is_next.then_some(item.mid);
            self.fall_behind(item.conversation, head, item.seq);
        }
    }

    /// A send of this connection was answered with this place, so it need not be pushed.
    pub fn handle_answered(&mut self, conversation: ConversationId, seq: Seq) {
        if seq > self.cursor(conversation).pushed {
            self.remember_answered(conversation, seq);
            if self.skip_answered(conversation) {
                self.report_if_settled(conversation);
            }
        }
    }

    /// Whether this place, which is of the user's own, need not be pushed: [`Self::handle_answered`]
    /// named it, the feed has passed it, or pushes nothing of that kind.
    pub fn has_answered(&self, conversation: ConversationId, seq: Seq) -> bool {
        let passed = |cursor: &Cursor| seq <= cursor.pushed;
        self.from_self == FromSelf::Skip
            || self.cursors.get(&conversation).is_some_and(passed)
            || self.answered.contains(&(conversation, seq))
    }

    /// A page read for [`Effect::Read`], oldest first.
    pub fn handle_page(&mut self, now: Moment, items: Vec<Item<P>>) {
        let Some(request) = self.reading.take() else {
            return;
        };
        let conversation = request.conversation;
        let Some((head, known)) = self.known.remove(&conversation) else {
            return;
        };
        match head {
            Some(head) => self.behind.remove(&(head, conversation)),
            None => self.unsure.remove(&conversation),
        };
        if std::mem::take(&mut self.peeking) {
            if let Some(item) = items.first() {
                self.fall_behind(conversation, Some(item.mid), known);
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
            if !skip && !self.window.takes(item.bytes) {
                self.fall_behind(conversation, Some(item.mid), known);
                return;
            }
            self.advance(now, item);
        }
        let pushed = self.cursor(conversation).pushed;
        // An event may have named a place the store does not show yet (another node commits it
        // this moment): its own event, or the next one, brings it. Without a full page and
        // without a `before` there is nothing more to read now.
        if pushed < known && (full || request.before.is_some()) {
            self.fall_behind(conversation, None, known);
        }
    }

    /// The store could not be read: the request is made again at the next occasion.
    pub fn handle_read_failed(&mut self) {
        self.reading = None;
        self.peeking = false;
        if self.reloading {
            self.reloading = false;
            self.reload = true;
        }
    }

    /// Events were lost, so any conversation may have moved on.
    pub fn handle_gap(&mut self) {
        self.reload = true;
    }

    /// The positions read for [`Effect::Reload`].
    pub fn handle_positions(&mut self, positions: impl IntoIterator<Item = Position>) {
        self.reloading = false;
        for position in positions {
            // Not known at the bind: pushes begin where the user's membership does.
            self.cursors.entry(position.conversation).or_insert(Cursor {
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
        self.window.ack(tid, cumulative, |conversation| {
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
                    .push_back(Effect::Delivered(conversation, delivered));
            }
        }
    }

    /// The user has read this conversation up to `seq`, and so has what was before it.
    pub fn handle_read(&mut self, conversation: ConversationId, seq: Seq) {
        if let Some(cursor) = self.cursors.get_mut(&conversation)
            && seq >= cursor.at_bind
        {
            cursor.hole = false;
        }
    }

    /// [`Self::deadline`] has come.
    pub fn handle_timer(&mut self, now: Moment) {
        self.window.run_timer(now, &mut self.due);
        self.effects.extend(self.due.drain(..).map(|due| match due {
            Due::Repeat(tid, payload) => Effect::Push {
                tid,
                dup: true,
                payload,
            },
            Due::GiveUp => Effect::GiveUp,
        }));
    }

    /// When to call [`Self::handle_timer`]; `None`: no push waits.
    pub fn deadline(&self) -> Option<Moment> {
        self.window.deadline()
    }

    /// The next thing to do.
    pub fn poll(&mut self) -> Option<Effect<P>> {
        if let Some(effect) = self.effects.pop_front() {
            return Some(effect);
        }
        if self.reading.is_some() || self.reloading {
            return None;
        }
        if self.reload {
            self.reload = false;
            self.reloading = true;
            return Some(Effect::Reload);
        }
        // A page at a time and only into room for at least a part of it: reading row by row as
        // single acknowledgements trickle in would cost a query a message, and a page whose first
        // message did not fit would be read again and again.
        let room = self.window.room();
        if room * 2 < limits::WINDOW_PUSHES || !self.window.takes(limits::WINDOW_BYTES / 2) {
            return None;
        }
        let (conversation, before, limit) = match self.unsure.first() {
            // Whose turn it is can be told when the next message of each is known.
            Some(conversation) if self.known.len() > 1 => {
                self.peeking = true;
                (*conversation, None, 1)
            }
            Some(conversation) => (*conversation, None, room),
            None => {
                let mut heads = self.behind.iter();
                let (_, conversation) = *heads.next()?;
                (conversation, heads.next().map(|(mid, _)| *mid), room)
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
        Some(Effect::Read(request))
    }

    /// Pushes that wait for their acknowledgement.
    pub fn unacknowledged(&self) -> usize {
        self.window.len()
    }

    fn cursor(&mut self, conversation: ConversationId) -> Cursor {
        // Unknown at the bind: it began after that, so all of it is to be pushed.
        *self.cursors.entry(conversation).or_insert(Cursor {
            pushed: Seq(0),
            at_bind: Seq(0),
            hole: false,
        })
    }

    fn skips(&self, item: &Item<P>, cursor: Cursor) -> bool {
        let own = item.own && (self.from_self == FromSelf::Skip || item.seq <= cursor.at_bind);
        own || self.answered.contains(&(item.conversation, item.seq))
    }

    /// Moves the cursor over `item` and pushes it unless it is to be skipped.
    fn advance(&mut self, now: Moment, item: Item<P>) {
        let cursor = self.cursor(item.conversation);
        let skip = self.skips(&item, cursor);
        self.answered.remove(&(item.conversation, item.seq));
        self.cursors.insert(
            item.conversation,
            Cursor {
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
            self.effects.push_back(Effect::Push {
                tid,
                dup: false,
                payload,
            });
        }
        self.skip_answered(conversation);
        self.report_if_settled(conversation);
    }

    /// Moves the cursor over answered places that come next; whether there were any.
    fn skip_answered(&mut self, conversation: ConversationId) -> bool {
        let mut cursor = self.cursor(conversation);
        let before = cursor.pushed;
        while self.answered.remove(&(conversation, cursor.pushed.next())) {
            cursor.pushed = cursor.pushed.next();
        }
        self.cursors.insert(conversation, cursor);
        cursor.pushed > before
    }

    /// Where nothing waits for an acknowledgement, everything up to the cursor is delivered.
    fn report_if_settled(&mut self, conversation: ConversationId) {
        let cursor = self.cursor(conversation);
        if self.window.lowest(conversation).is_none() && !cursor.hole {
            self.effects
                .push_back(Effect::Passed(conversation, cursor.pushed));
        }
    }

    fn remember_answered(&mut self, conversation: ConversationId, seq: Seq) {
        if self.answered.len() < ANSWERED_MAX {
            self.answered.insert((conversation, seq));
        }
    }

    /// This conversation is to be read on, up to `upto`. A `head` that is too low costs a read; it
    /// is never too high.
    fn fall_behind(&mut self, conversation: ConversationId, head: Option<Mid>, upto: Seq) {
        if self.cursor(conversation).pushed >= upto {
            return;
        }
        if let Some((_, known)) = self.known.get_mut(&conversation) {
            *known = upto.max(*known);
        } else {
            self.known.insert(conversation, (head, upto));
            match head {
                Some(head) => self.behind.insert((head, conversation)),
                None => self.unsure.insert(conversation),
            };
        }
    }
}

#[cfg(test)]
#[path = "feed_tests.rs"]
mod tests;
