//! The rows of a thread: messages, what is pending, and the separators between them.
//!
//! [`RowCache`] gives back the same [`Rc`] for a message that looks the same as before, so that
//! its component is not rendered again.

use super::content::{Content, Event};
use super::thread::Thread;
use std::rc::Rc;
use tidings_shared::outbox::Pending;
use tidings_shared::{ClientMsgId, Direction, ErrorCode, Message, Mid, Peer, Seq, UserId};

/// The most rows in the page.
pub(super) const MOST_ROWS: usize = 400;

/// Messages of one sender this close together form a group.
const GROUP_MS: i64 = 10 * 60 * 1000;

/// A row of the thread.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Row {
    /// A new day begins, which holds this moment (ms since 1970); and the day's number.
    Day(i64, i64),
    /// Unread messages begin, and so many messages since what was read lie further up.
    Unread(i64),
    /// A message.
    Bubble(Rc<Bubble>),
    /// What the server says happened to the group, which is never a bubble.
    Event(Event, Rc<Bubble>),
}

/// Who wrote a message of a group.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sender {
    /// Who.
    pub uid: UserId,
    /// Their name.
    pub name: Rc<str>,
    /// URL of their picture; empty: none.
    pub avatar: Rc<str>,
}

/// How far a message is on its way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BubbleState {
    /// The server has it.
    Sent,
    /// Not answered yet.
    Pending,
    /// Refused for good.
    Failed(ErrorCode),
}

/// A message as it is shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bubble {
    /// Stays the same when a pending message becomes a sent one.
    pub key: Rc<str>,
    /// The id, once the server gave it one.
    pub mid: Option<Mid>,
    /// The place, once the server gave it one.
    pub seq: Option<Seq>,
    /// The id in the outbox of a message that is not sent.
    pub unsent: Option<ClientMsgId>,
    /// The text.
    pub text: Rc<str>,
    /// What the text is.
    pub content: Content,
    /// Whether the person sent it.
    pub direction: Direction,
    /// Who sent it, in a group, unless it was the person.
    pub sender: Option<Sender>,
    /// How far it is.
    pub state: BubbleState,
    /// In ms since 1970.
    pub time: i64,
    /// The first of a group.
    pub first: bool,
    /// The last of a group.
    pub last: bool,
}

/// The bubbles rendered before.
#[derive(Debug, Default)]
pub struct RowCache {
    bubbles: Vec<Rc<Bubble>>,
}

impl RowCache {
    /// The rows of an open conversation. `day_of` gives a moment's local day as a number.
    pub fn rows<'a>(
        &mut self,
        thread: &Thread,
        pending: impl Iterator<Item = &'a Pending>,
        day_of: impl Fn(i64) -> i64,
    ) -> Vec<Row> {
        let mut bubbles: Vec<Bubble> = Vec::new();
        if thread.timeline.last() > Seq(0) {
            let (low, high) = thread.window.range(&thread.timeline);
            let skip = usize::try_from(low.0 - thread.timeline.first().0).unwrap_or(0);
            let take = usize::try_from(high.0 - low.0 + 1).unwrap_or(0);
            let shown = thread.timeline.messages().skip(skip).take(take);
            bubbles.extend(shown.map(Bubble::from));
        }
        if thread.window.follows_end() {
            // What was answered must not vanish while the hole before it is filled. Where nothing
            // is here yet, only that is shown: a view begins with the first page.
            let whole = thread.timeline.last() > Seq(0);
            let shown = |m: &&Message| whole || m.direction == Direction::Sent;
            bubbles.extend(thread.timeline.early().filter(shown).map(Bubble::from));
            bubbles.extend(pending.map(Bubble::from));
        }
        let days: Vec<i64> = bubbles.iter().map(|bubble| day_of(bubble.time)).collect();
        let divider = divider(&bubbles, thread.divider);
        group(&mut bubbles, &days, divider.map(|(at, _)| at));
        let rows = self.assemble(bubbles, &days, divider);
        bounded(rows, thread.window.follows_end())
    }

    fn assemble(
        &mut self,
        bubbles: Vec<Bubble>,
        days: &[i64],
        divider: Option<(usize, i64)>,
    ) -> Vec<Row> {
        let mut rows = Vec::with_capacity(bubbles.len() + 8);
        let mut fresh = Vec::with_capacity(bubbles.len());
        // Old and new ones are in the same order, but for a few.
        let mut from = 0;
        for (at, bubble) in bubbles.into_iter().enumerate() {
            if at == 0 || days[at] != days[at - 1] {
                rows.push(Row::Day(bubble.time, days[at]));
            }
            if let Some((_, above)) = divider.filter(|(before, _)| *before == at) {
                rows.push(Row::Unread(above));
            }
            let old = &self.bubbles[from..];
            let found = old.iter().position(|old| old.key == bubble.key);
            let shared = match found.map(|at| &old[at]) {
                Some(same) if **same == bubble => same.clone(),
                _ => Rc::new(bubble),
            };
            from += found.map_or(0, |at| at + 1);
            fresh.push(shared.clone());
            rows.push(match shared.content {
                Content::Event(event) => Row::Event(event, shared),
                Content::Text | Content::Unsupported => Row::Bubble(shared),
            });
        }
        self.bubbles = fresh;
        rows
    }
}

/// Before which bubble the unread messages begin, and how many messages lie between the first
/// unread one and that because they are not rendered.
fn divider(bubbles: &[Bubble], first_unread: Option<Seq>) -> Option<(usize, i64)> {
    let first_unread = first_unread?;
    let at = bubbles.iter().position(|bubble| {
        bubble.direction == Direction::Received && bubble.seq.is_some_and(|seq| seq >= first_unread)
    })?;
    let first_here = bubbles.iter().find_map(|bubble| bubble.seq)?;
    Some((at, (first_here.0 - first_unread.0).max(0)))
}

fn group(bubbles: &mut [Bubble], days: &[i64], divider: Option<usize>) {
    for at in 1..bubbles.len() {
        let (above, below) = (&bubbles[at - 1], &bubbles[at]);
        let joined = above.direction == below.direction
            && above.writer() == below.writer()
            && !above.is_event()
            && !below.is_event()
            && days[at - 1] == days[at]
            && divider != Some(at)
            && (below.time - above.time).abs() < GROUP_MS;
        if joined {
            bubbles[at - 1].last = false;
            bubbles[at].first = false;
        }
    }
}

fn bounded(mut rows: Vec<Row>, follows_end: bool) -> Vec<Row> {
    if let Some(excess) = rows.len().checked_sub(MOST_ROWS) {
        if follows_end {
            rows.drain(..excess);
        } else {
            rows.truncate(MOST_ROWS);
        }
    }
    rows
}

impl Bubble {
    fn writer(&self) -> Option<UserId> {
        self.sender.as_ref().map(|sender| sender.uid)
    }

    const fn is_event(&self) -> bool {
        matches!(self.content, Content::Event(_))
    }
}

impl From<&Message> for Bubble {
    fn from(message: &Message) -> Self {
        let in_group = matches!(message.peer, Peer::Group(_));
        let from_other = in_group && message.direction == Direction::Received;
        // Whatever its `type` said on the wire, in the timeline a message is seen by the person
        // already (see `Chat::take` and `Chat::page`).
        let key = match &message.client_msg_id {
            Some(id) if message.direction == Direction::Sent => id.0.as_str().into(),
            _ => format!("m{}", message.mid).into(),
        };
        Self {
            key,
            mid: Some(message.mid),
            seq: Some(message.seq),
            unsent: None,
            text: message.content.as_str().into(),
            content: message.msg_type.into(),
            direction: message.direction,
            sender: from_other.then(|| Sender {
                uid: message.owner_uid,
                name: message.owner_name.as_str().into(),
                avatar: message.owner_uid_avatar.as_str().into(),
            }),
            state: BubbleState::Sent,
            time: message.create_time,
            first: true,
            last: true,
        }
    }
}

impl From<&Pending> for Bubble {
    fn from(pending: &Pending) -> Self {
        Self {
            key: pending.client_msg_id.0.as_str().into(),
            mid: None,
            seq: None,
            unsent: Some(pending.client_msg_id.clone()),
            text: pending.content.as_str().into(),
            content: Content::Text,
            direction: Direction::Sent,
            sender: None,
            state: pending
                .failed
                .map_or(BubbleState::Pending, BubbleState::Failed),
            time: pending.written_at,
            first: true,
            last: true,
        }
    }
}

#[cfg(test)]
#[path = "rows_tests.rs"]
mod tests;
