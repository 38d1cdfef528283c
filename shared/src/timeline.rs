//! One conversation's messages on a client, merged by `seq`.
//!
//! Inputs are pushes, pages and answers to sends, in any order and with duplicates; what is shown
//! is one run of messages without a hole. Pending messages (see [`outbox`](crate::outbox)) and the
//! look of a message do not belong here.

use crate::{Message, Seq};
use std::collections::VecDeque;

/// The widest hole, in messages, that is filled from below. Beyond it the newest page is fetched
/// instead, and the messages between when the user scrolls up to them.
const FILL_MAX: i64 = 200;

/// The most messages kept beyond a hole. Messages that are not kept are fetched again.
const EARLY_MAX: usize = 64;

/// What to fetch for a timeline with a hole.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fetch {
    /// The newest messages.
    Latest,
    /// Messages after this `seq`.
    After(Seq),
}

/// One conversation's messages.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Timeline {
    /// One run of messages, dense in `seq`.
    run: VecDeque<Message>,
    /// Messages beyond a hole, ordered by `seq`.
    early: Vec<Message>,
    /// The last `seq` known to exist.
    latest: Seq,
}

impl Timeline {
    /// The messages, oldest first, without a hole.
    pub fn messages(&self) -> impl DoubleEndedIterator<Item = &Message> + ExactSizeIterator {
        self.run.iter()
    }

    /// The messages kept beyond a hole, ordered by `seq`: all of them after [`Self::messages`],
    /// with none in both.
    pub fn early(&self) -> impl Iterator<Item = &Message> {
        self.early.iter()
    }

    /// The last `seq` known to exist, shown or not.
    pub const fn latest(&self) -> Seq {
        self.latest
    }

    /// The `seq` of the first message; `Seq(0)`: there is none.
    pub fn first(&self) -> Seq {
        self.run.front().map_or(Seq(0), |message| message.seq)
    }

    /// The `seq` of the last message; `Seq(0)`: there is none.
    pub fn last(&self) -> Seq {
        self.run.back().map_or(Seq(0), |message| message.seq)
    }

    /// Whether there are older messages to fetch.
    pub fn has_older(&self) -> bool {
        self.first() > Seq(1)
    }

    /// Notes that a message with this `seq` exists.
    pub fn handle_latest(&mut self, seq: Seq) {
        self.latest = self.latest.max(seq);
    }

    /// What to fetch next to complete the run up to [`Self::latest`]; `None`: it is complete.
    pub fn poll_fetch(&self) -> Option<Fetch> {
        let last = self.last();
        if last >= self.latest {
            None
        } else if last == Seq(0) || self.latest.0 - last.0 > FILL_MAX {
            Some(Fetch::Latest)
        } else {
            Some(Fetch::After(last))
        }
    }

    /// Merges a single message: a push, or the answer to a send. Returns whether it is new.
    ///
    /// A message whose `mid` contradicts the one known at its `seq` is of another history (the
    /// store was restored from a backup): the timeline begins anew with it.
    pub fn handle_message(&mut self, message: Message) -> bool {
        if self.contradicts(&message) {
            *self = Self::default();
        }
        self.handle_latest(message.seq);
        let last = self.last();
        let slot = self.early.binary_search_by_key(&message.seq, |m| m.seq);
        let (false, Err(at)) = (message.seq <= last, slot) else {
            return false;
        };
        if message.seq == last.next() {
            self.run.push_back(message);
            self.join_early();
        } else {
            self.early.insert(at, message);
            if self.early.len() > EARLY_MAX {
                // Drop the oldest: the user looks at the latest while the hole is filled from
                // below.
                self.early.remove(0);
            }
        }
        true
    }

    /// Merges a page, oldest first and dense: older or newer messages adjacent to the run, or the
    /// latest ones, which replace the run when they are not adjacent to it, or when they contradict
    /// it as in [`Self::handle_message`].
    pub fn handle_page(&mut self, page: Vec<Message>) {
        if page.iter().any(|message| self.contradicts(message)) {
            *self = Self::default();
        }
        let (Some(low), Some(high)) = (page.first().map(|m| m.seq), page.last().map(|m| m.seq))
        else {
            return;
        };
        self.handle_latest(high);
        if self.run.is_empty() {
            self.run = page.into();
        } else if low <= self.last().next() && high.next() >= self.first() {
            let (first, last) = (self.first(), self.last());
            let split = page.partition_point(|message| message.seq < first);
            let mut older = page;
            let newer = older.split_off(split);
            for message in older.into_iter().rev() {
                self.run.push_front(message);
            }
            self.run
                .extend(newer.into_iter().filter(|message| message.seq > last));
        } else if low > self.last() {
            self.run = page.into();
        }
        self.join_early();
    }

    /// Drops the oldest messages beyond `keep`; they can be fetched again.
    pub fn trim(&mut self, keep: usize) {
        let excess = self.run.len().saturating_sub(keep);
        self.run.drain(..excess);
    }

    /// Whether another message is known at its `seq`, so that it is of another history.
    pub fn contradicts(&self, message: &Message) -> bool {
        let at = usize::try_from(message.seq.0 - self.first().0);
        let in_run = at.ok().and_then(|at| self.run.get(at));
        let in_early = || {
            let found = self.early.binary_search_by_key(&message.seq, |m| m.seq);
            found.ok().map(|at| &self.early[at])
        };
        let known = in_run.or_else(in_early);
        known.is_some_and(|known| known.mid != message.mid)
    }

    fn join_early(&mut self) {
        while let Some(first) = self.early.first()
            && first.seq <= self.last().next()
        {
            let message = self.early.remove(0);
            if message.seq > self.last() {
                self.run.push_back(message);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Body, Direction, Mid, Peer, UserId};
    use proptest::prelude::*;

    fn message(seq: i64) -> Message {
        Message {
            mid: Mid(seq * 10),
            seq: Seq(seq),
            body: Body::Text(seq.to_string()),
            owner_uid: UserId(1),
            peer: Peer::User(UserId(2)),
            direction: Direction::Sent,
            create_time: seq,
            owner_uid_avatar: String::new(),
            other_uid_avatar: String::new(),
            owner_name: String::new(),
            other_name: String::new(),
            client_msg_id: None,
        }
    }

    fn page(range: std::ops::RangeInclusive<i64>) -> Vec<Message> {
        range.map(message).collect()
    }

    fn seqs(timeline: &Timeline) -> Vec<i64> {
        timeline.messages().map(|m| m.seq.0).collect()
    }

    fn early(timeline: &Timeline) -> Vec<i64> {
        timeline.early().map(|m| m.seq.0).collect()
    }

    #[test]
    fn contradicting_message_begins_the_timeline_anew() {
        let mut timeline = Timeline::default();
        timeline.handle_page((1..=9).map(message).collect());
        assert!(!timeline.handle_message(message(7)));
        let restored = Message {
            mid: Mid(1),
            ..message(7)
        };
        assert!(timeline.handle_message(restored.clone()));
        assert_eq!(timeline.messages().len(), 0);
        assert!(timeline.early().eq([&restored]));
        assert_eq!(timeline.poll_fetch(), Some(Fetch::Latest));
        let page = vec![message(6), message(7)];
        timeline.handle_page(page.clone());
        assert!(timeline.messages().eq(&page));
    }

    #[test]
    fn a_push_beyond_a_hole_waits_for_the_fetch_that_fills_it() {
        let mut timeline = Timeline::default();
        timeline.handle_page(page(1..=3));
        assert!(timeline.handle_message(message(6)));
        assert!(!timeline.handle_message(message(6)));
        assert_eq!(seqs(&timeline), [1, 2, 3]);
        assert_eq!(early(&timeline), [6]);
        assert_eq!(timeline.poll_fetch(), Some(Fetch::After(Seq(3))));
        timeline.handle_page(page(4..=5));
        assert_eq!(seqs(&timeline), [1, 2, 3, 4, 5, 6]);
        assert_eq!(early(&timeline), [0; 0]);
        assert_eq!(timeline.poll_fetch(), None);
    }

    #[test]
    fn messages_beyond_a_hole_are_bounded_and_the_latest_kept() {
        let mut timeline = Timeline::default();
        timeline.handle_page(page(1..=3));
        for seq in 5..=200 {
            timeline.handle_message(message(seq));
        }
        assert_eq!(early(&timeline), (137..=200).collect::<Vec<_>>());
        timeline.handle_page(page(4..=199));
        assert_eq!(seqs(&timeline), (1..=200).collect::<Vec<_>>());
        assert_eq!(early(&timeline), [0; 0]);
    }

    #[test]
    fn a_wide_hole_is_skipped_and_the_latest_page_is_fetched() {
        let mut timeline = Timeline::default();
        timeline.handle_page(page(1..=3));
        timeline.handle_latest(Seq(1000));
        assert_eq!(timeline.poll_fetch(), Some(Fetch::Latest));
        timeline.handle_page(page(951..=1000));
        assert_eq!(timeline.first(), Seq(951));
        assert!(timeline.has_older());
        timeline.handle_page(page(901..=950));
        assert_eq!(seqs(&timeline), (901..=1000).collect::<Vec<_>>());
    }

    #[test]
    fn the_first_message_of_a_conversation_needs_no_fetch() {
        let mut timeline = Timeline::default();
        assert!(timeline.handle_message(message(1)));
        assert_eq!(timeline.poll_fetch(), None);
        assert!(!timeline.has_older());
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        /// The store holds 1 to `total`; pushes arrive in any order, some never; every fetch the
        /// timeline asks for is answered, sometimes only in part.
        #[test]
        fn the_run_stays_dense_and_fetches_complete_it(
            total in 1..400_i64,
            pushes in proptest::collection::vec(1..400_i64, 0..60),
            size in 1..60_i64,
        ) {
            let mut timeline = Timeline::default();
            for seq in pushes.into_iter().filter(|seq| *seq <= total) {
                timeline.handle_message(message(seq));
                let run = seqs(&timeline);
                prop_assert!(run.windows(2).all(|pair| pair[0] + 1 == pair[1]));
                let beyond = early(&timeline);
                prop_assert!(beyond.iter().all(|seq| *seq > timeline.last().0 + 1));
            }
            timeline.handle_latest(Seq(total));
            let mut fetches = 0;
            while let Some(fetch) = timeline.poll_fetch() {
                let range = match fetch {
                    Fetch::Latest => (total - size + 1).max(1)..=total,
                    Fetch::After(seq) => seq.0 + 1..=(seq.0 + size).min(total),
                };
                timeline.handle_page(page(range));
                fetches += 1;
                prop_assert!(fetches <= 401);
            }
            prop_assert_eq!(timeline.last(), Seq(total));
            while timeline.has_older() {
                let first = timeline.first().0;
                timeline.handle_page(page((first - size).max(1)..=first - 1));
            }
            prop_assert_eq!(seqs(&timeline), (1..=total).collect::<Vec<_>>());
        }
    }
}
