//! The window of pushes that wait for their acknowledgement.

use crate::{ConversationId, Moment, Seq, Tid, limits};
use std::collections::VecDeque;
use std::time::Duration;

/// When a push that is not acknowledged is repeated and when the connection is given up.
#[derive(Debug, Clone, Copy)]
pub struct Timing {
    /// From the push to its first repeat.
    pub ack_timeout: Duration,
    /// From a repeat to the next one, and from the last one to giving up.
    pub repush_interval: Duration,
    /// Repeats before giving up.
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
    repeats: u32,
}

/// What a timer run of the window found.
#[derive(Debug, PartialEq, Eq)]
pub enum Due<P> {
    /// Push this again.
    Repeat(Tid, P),
    /// A push stayed unacknowledged after its last repeat.
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
    pub fn room(&self) -> usize {
        limits::WINDOW_PUSHES.saturating_sub(self.entries.len())
    }

    /// Whether a push of so many bytes may be made now. An empty window takes any.
    pub fn takes(&self, bytes: usize) -> bool {
        self.entries.is_empty()
            || (self.room() > 0 && self.bytes.saturating_add(bytes) <= limits::WINDOW_BYTES)
    }

    /// Enters a push and gives it its tid. The caller asked [`Self::takes`] before.
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
            repeats: 0,
        });
        tid
    }

    /// Takes out what an acknowledgement settles and calls `settled` with the conversation of
    /// each. A tid that does not wait (never given, or acknowledged before) settles nothing.
    pub fn ack(&mut self, tid: Tid, cumulative: bool, mut settled: impl FnMut(ConversationId)) {
        // Tids are entered in order, so the position can be searched.
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

    /// The lowest place of this conversation that still waits.
    pub fn lowest(&self, conversation: ConversationId) -> Option<Seq> {
        self.entries
            .iter()
            .find(|entry| entry.conversation == conversation)
            .map(|entry| entry.seq)
    }

    /// The one moment at which [`Self::run_timer`] has something to do; `None`: nothing waits, or
    /// the window was given up.
    pub fn deadline(&self) -> Option<Moment> {
        if self.given_up {
            return None;
        }
        self.entries.iter().map(|entry| entry.due).min()
    }

    /// Collects what is due at `now` into `due`, in the order of the pushes.
    pub fn run_timer(&mut self, now: Moment, due: &mut impl Extend<Due<P>>) {
        let timing = self.timing;
        if self.given_up {
            return;
        }
        if self
            .entries
            .iter()
            .any(|e| e.due <= now && e.repeats >= timing.repush_attempts)
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
                    entry.repeats += 1;
                    entry.due = now + timing.repush_interval;
                    Due::Repeat(entry.tid, entry.payload.clone())
                }),
        );
    }

    /// Pushes that wait.
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether nothing waits.
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
        window.run_timer(at(ms), &mut due);
        due
    }

    #[test]
    fn an_unacknowledged_push_repeats_at_5_and_7_s_and_gives_up_at_9_s() {
        let mut window = Window::new(Timing::default());
        assert_eq!(window.deadline(), None);
        let tid = window.push(at(0), A, Seq(1), "x", 1);
        assert_eq!(window.deadline(), Some(at(5_000)));
        assert_eq!(run(&mut window, 4_999), []);
        assert_eq!(run(&mut window, 5_000), [Due::Repeat(tid, "x")]);
        assert_eq!(window.deadline(), Some(at(7_000)));
        assert_eq!(run(&mut window, 7_000), [Due::Repeat(tid, "x")]);
        assert_eq!(run(&mut window, 8_999), []);
        assert_eq!(run(&mut window, 9_000), [Due::GiveUp]);
        assert_eq!(window.deadline(), None);
    }

    #[test]
    fn an_ack_settles_one_push_or_all_up_to_it_and_unknown_tids_none() {
        let mut window = Window::new(Timing::default());
        let tids: Vec<_> = (1..=5)
            .map(|seq| window.push(at(0), A, Seq(seq), "x", 10))
            .collect();
        let mut settled = 0;
        let mut ack = |window: &mut Window<_>, tid, cumulative| {
            window.ack(tid, cumulative, |_| settled += 1);
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
        assert_eq!(window.deadline(), None);
    }

    #[test]
    fn the_window_is_bounded_in_count_and_bytes_but_one_push_always_fits() {
        let mut window = Window::new(Timing::default());
        assert!(window.takes(usize::MAX));
        let huge = window.push(at(0), A, Seq(1), "x", limits::WINDOW_BYTES + 1);
        assert!(!window.takes(1));
        window.ack(huge, false, |_| ());
        for seq in 0..limits::WINDOW_PUSHES {
            assert!(window.takes(1));
            window.push(at(0), A, Seq(i64::try_from(seq).expect("small")), "x", 1);
        }
        assert!(!window.takes(0));
        assert_eq!(window.room(), 0);
    }
}
