//! The window of pushes that wait for their acknowledgement.

use crate::{ConversationId, Moment, Seq, Tid, limits};
use std::collections::VecDeque;
use std::time::Duration;

/// When a push without an acknowledgement is repeated, and when the connection is given up.
#[derive(Debug, Clone, Copy)]
pub struct Timing {
    /// From the push to its first repush.
    pub ack_timeout: Duration,
    /// From one repush to the next, and from the last one to giving up.
    pub repush_interval: Duration,
    /// Repushes before giving up.
    pub repush_attempts: u32,
}

impl Default for Timing {
    fn default() -> Self {
        Self {
            ack_timeout: Duration::from_secs(5),
            repush_interval: Duration::from_secs(2),
            repush_attempts: 2,
        }
    }
}

#[derive(Debug)]
struct Entry<P> {
    tid: Tid,
    conversation: ConversationId,
    seq: Seq,
    payload: P,
    bytes: usize,
    due: Moment,
    repushes: u32,
}

/// One result of [`Window::handle_timeout`].
#[derive(Debug, PartialEq, Eq)]
pub enum Due<P> {
    /// Push this again.
    Repush(Tid, P),
    /// A push stayed unacknowledged after its last repush.
    GiveUp,
}

/// Pushes of one connection that wait for their acknowledgement, bounded in count
/// ([`limits::WINDOW_PUSHES`]) and bytes ([`limits::WINDOW_BYTES`]).
#[derive(Debug)]
pub struct Window<P> {
    timing: Timing,
    entries: VecDeque<Entry<P>>,
    bytes: usize,
    last_tid: u64,
    given_up: bool,
}

impl<P: Clone> Window<P> {
    /// An empty window.
    pub const fn new(timing: Timing) -> Self {
        Self {
            timing,
            entries: VecDeque::new(),
            bytes: 0,
            last_tid: 0,
            given_up: false,
        }
    }

    /// How many more pushes the count allows.
    pub fn capacity(&self) -> usize {
        limits::WINDOW_PUSHES.saturating_sub(self.entries.len())
    }

    /// Whether a push of this many bytes fits now. Any push fits into an empty window.
    pub fn fits(&self, bytes: usize) -> bool {
        self.entries.is_empty()
            || (self.capacity() > 0 && self.bytes.saturating_add(bytes) <= limits::WINDOW_BYTES)
    }

    /// Adds a push and returns its tid. The caller has checked [`Self::fits`].
    pub fn push(
        &mut self,
        now: Moment,
        conversation: ConversationId,
        seq: Seq,
        payload: P,
        bytes: usize,
    ) -> Tid {
        self.last_tid += 1;
        let tid = Tid(self.last_tid);
        let due = now + self.timing.ack_timeout;
        self.bytes += bytes;
        self.entries.push_back(Entry {
            tid,
            conversation,
            seq,
            payload,
            bytes,
            due,
            repushes: 0,
        });
        tid
    }

    /// Removes the pushes that an acknowledgement covers and calls `settled` with the conversation
    /// of each. A tid that is not in the window (never assigned, or acknowledged before) covers
    /// nothing.
    pub fn handle_ack(
        &mut self,
        tid: Tid,
        cumulative: bool,
        mut settled: impl FnMut(ConversationId),
    ) {
        // Tids are added in increasing order, so binary search works.
        let found = self.entries.binary_search_by_key(&tid, |entry| entry.tid);
        let range = match (found, cumulative) {
            (Ok(at), true) => 0..at + 1,
            (Err(at), true) if tid.0 <= self.last_tid => 0..at,
            (Ok(at), false) => at..at + 1,
            (Err(_), _) => return,
        };
        for entry in self.entries.drain(range) {
            self.bytes -= entry.bytes;
            settled(entry.conversation);
        }
    }

    /// The lowest `seq` of this conversation that waits for its acknowledgement.
    pub fn lowest(&self, conversation: ConversationId) -> Option<Seq> {
        self.entries
            .iter()
            .find(|entry| entry.conversation == conversation)
            .map(|entry| entry.seq)
    }

    /// When [`Self::handle_timeout`] next has something to do; `None`: nothing waits, or the window was
    /// given up.
    pub fn poll_timeout(&self) -> Option<Moment> {
        if self.given_up {
            return None;
        }
        self.entries.iter().map(|entry| entry.due).min()
    }

    /// Collects what is due at `now` into `due`, in the order of the pushes.
    pub fn handle_timeout(&mut self, now: Moment, due: &mut impl Extend<Due<P>>) {
        let timing = self.timing;
        if self.given_up {
            return;
        }
        if self
            .entries
            .iter()
            .any(|e| e.due <= now && e.repushes >= timing.repush_attempts)
        {
            self.given_up = true;
            due.extend([Due::GiveUp]);
            return;
        }
        due.extend(
            self.entries
                .iter_mut()
                .filter(|entry| entry.due <= now)
                .map(|entry| {
                    entry.repushes += 1;
                    entry.due = now + timing.repush_interval;
                    Due::Repush(entry.tid, entry.payload.clone())
                }),
        );
    }

    /// Pushes that wait for their acknowledgement.
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether no push waits for its acknowledgement.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const A: ConversationId = ConversationId(1);

    fn at(ms: u64) -> Moment {
        Moment::after_origin(Duration::from_millis(ms))
    }

    fn run(window: &mut Window<&'static str>, ms: u64) -> Vec<Due<&'static str>> {
        let mut due = Vec::new();
        window.handle_timeout(at(ms), &mut due);
        due
    }

    #[test]
    fn an_unacknowledged_push_repeats_at_5_and_7_s_and_ends_at_9_s() {
        let mut window = Window::new(Timing::default());
        assert_eq!(window.poll_timeout(), None);
        let tid = window.push(at(0), A, Seq(1), "x", 1);
        assert_eq!(window.poll_timeout(), Some(at(5_000)));
        assert_eq!(run(&mut window, 4_999), []);
        assert_eq!(run(&mut window, 5_000), [Due::Repush(tid, "x")]);
        assert_eq!(window.poll_timeout(), Some(at(7_000)));
        assert_eq!(run(&mut window, 7_000), [Due::Repush(tid, "x")]);
        assert_eq!(run(&mut window, 8_999), []);
        assert_eq!(run(&mut window, 9_000), [Due::GiveUp]);
        assert_eq!(window.poll_timeout(), None);
    }

    #[test]
    fn an_ack_settles_one_push_or_all_up_to_it() {
        let mut window = Window::new(Timing::default());
        let tids: Vec<_> = (1..=5)
            .map(|seq| window.push(at(0), A, Seq(seq), "x", 10))
            .collect();
        let mut settled = 0;
        let mut ack = |window: &mut Window<_>, tid, cumulative| {
            window.handle_ack(tid, cumulative, |_| settled += 1);
            std::mem::take(&mut settled)
        };
        assert_eq!(ack(&mut window, tids[2], false), 1);
        assert_eq!(ack(&mut window, tids[2], false), 0);
        assert_eq!(ack(&mut window, Tid(0), true), 0);
        assert_eq!(ack(&mut window, Tid(99), true), 0);
        assert_eq!(ack(&mut window, Tid(99), false), 0);
        assert_eq!(window.lowest(A), Some(Seq(1)));
        assert_eq!(ack(&mut window, tids[2], true), 2);
        assert_eq!(window.lowest(A), Some(Seq(4)));
        assert_eq!(ack(&mut window, tids[4], true), 2);
        assert!(window.is_empty());
        assert_eq!(window.poll_timeout(), None);
    }

    #[test]
    fn the_window_is_bounded_but_one_push_always_fits() {
        let mut window = Window::new(Timing::default());
        assert!(window.fits(usize::MAX));
        let huge = window.push(at(0), A, Seq(1), "x", limits::WINDOW_BYTES + 1);
        assert!(!window.fits(1));
        window.handle_ack(huge, false, |_| ());
        for seq in 0..limits::WINDOW_PUSHES {
            assert!(window.fits(1));
            window.push(at(0), A, Seq(i64::try_from(seq).expect("small")), "x", 1);
        }
        assert!(!window.fits(0));
        assert_eq!(window.capacity(), 0);
    }
}
