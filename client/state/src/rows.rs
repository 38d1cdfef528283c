//! The rows of a thread: messages, pending ones, and the separators between them.
//!
//! [`RowCache`] returns the same [`Rc`] for an unchanged message, so that its component is not
//! rendered again.

use super::bubble::{Bubble, BubbleState};
use super::content::{Content, GroupEvent};
use super::thread::Thread;
use std::rc::Rc;
use tidings_shared::outbox::Pending;
use tidings_shared::{Direction, Message, Seq};

/// So many recently open conversations stay in the DOM, hidden: showing them again costs next to
/// nothing.
pub(super) const HIDDEN_THREADS: usize = 2;
/// The most rows of each hidden conversation.
pub(super) const HIDDEN_ROWS: usize = 50;
/// The most rows of the open conversation; with the hidden ones 400.
pub(super) const MAX_ROWS: usize = 400 - HIDDEN_THREADS * HIDDEN_ROWS;

/// Messages of one sender this close together form a group.
const GROUP_MS: i64 = 10 * 60 * 1000;

/// A row of the thread.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Row {
    /// A new day begins: a moment of it (ms since 1970), and the day's number.
    Day(i64, i64),
    /// Unread messages begin; so many more unread ones are further up and not rendered.
    Unread(i64),
    /// A message.
    Bubble(Rc<Bubble>),
    /// An event of the group, which is never a bubble.
    Event(GroupEvent, Rc<Bubble>),
}

/// The bubbles of the last render.
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
            // A sent message must not vanish while the gap before it is fetched. While nothing is
            // loaded, only the person's own ones are shown: the view begins with the first page.
            let whole = thread.timeline.last() > Seq(0);
            let shown = |m: &&Message| whole || m.direction == Direction::Sent;
            bubbles.extend(thread.timeline.early().filter(shown).map(Bubble::from));
            bubbles.extend(pending.map(Bubble::from));
        }
        for bubble in &mut bubbles {
            bubble.apply_receipts(thread.receipt_state);
            if bubble.state == BubbleState::Pending {
                bubble.state = thread.pending;
            }
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
        // Old and new bubbles are in the same order, except for a few.
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

/// The bubble before which the unread messages begin, and how many messages after the first unread
/// one are not rendered.
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
    if let Some(excess) = rows.len().checked_sub(MAX_ROWS) {
        if follows_end {
            rows.drain(..excess);
        } else {
            rows.truncate(MAX_ROWS);
        }
    }
    rows
}

#[cfg(test)]
#[path = "rows_tests.rs"]
mod tests;
