//! The conversations whose rows are in the DOM: the open one, and the last open ones, hidden, so
//! that they show at once when opened again.

use super::chat::ThreadView;
use super::rows::{HIDDEN_ROWS, HIDDEN_THREADS, Row};
use std::rc::Rc;
use tidings_shared::Peer;

/// The rows of a conversation.
#[derive(Debug, Clone)]
pub struct ThreadRows {
    /// The peer of the conversation.
    pub peer: Peer,
    /// Oldest first.
    pub rows: Rc<Vec<Row>>,
    opening: u64,
    follows_end: bool,
}

/// The rendered conversations. Each keeps its position: one that moves is laid out anew.
#[derive(Debug, Default)]
pub struct RenderedThreads(Vec<ThreadRows>);

impl RenderedThreads {
    /// All of them.
    pub fn iter(&self) -> impl Iterator<Item = &ThreadRows> {
        self.0.iter()
    }

    /// Adds or updates the open conversation. The others stay as they were left.
    pub fn show(&mut self, view: &ThreadView) {
        let thread = ThreadRows {
            peer: view.peer,
            rows: view.rows.clone(),
            opening: view.opening,
            follows_end: view.follows_end,
        };
        match self.0.iter_mut().find(|old| old.peer == view.peer) {
            Some(old) => *old = thread,
            None => self.0.push(thread),
        }
        // A person who opens many in a row does not wait for `tidy`, so the number is bounded here.
        if self.0.len() > HIDDEN_THREADS + 2 {
            self.tidy(view.peer);
        }
    }

    /// Removes conversations and rows that do not stay. Removing takes time, and may wait until the
    /// open one has been painted. Returns whether anything was removed.
    pub fn tidy(&mut self, open: Peer) -> bool {
        let openings: Vec<u64> = self.0.iter().map(|thread| thread.opening).collect();
        let before = self.0.len();
        self.0.retain(|thread| {
            let later = openings.iter().filter(|other| **other > thread.opening);
            thread.peer == open || thread.follows_end && later.count() <= HIDDEN_THREADS
        });
        let mut changed = self.0.len() != before;
        for thread in self.0.iter_mut().filter(|thread| thread.peer != open) {
            let excess = thread.rows.len().saturating_sub(HIDDEN_ROWS);
            if excess > 0 {
                thread.rows = Rc::new(thread.rows[excess..].to_vec());
                changed = true;
            }
        }
        changed
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Fetching;
    use tidings_shared::UserId;

    fn view(uid: i64, opening: u64, rows: i64) -> ThreadView {
        ThreadView {
            peer: Peer::User(UserId(uid)),
            opening,
            rows: Rc::new((0..rows).map(Row::Unread).collect()),
            fetching: Fetching::Nothing,
            follows_end: true,
            at_end: true,
            unread: 0,
        }
    }

    fn counts(threads: &RenderedThreads) -> Vec<(Peer, usize)> {
        let counts = threads
            .iter()
            .map(|thread| (thread.peer, thread.rows.len()));
        counts.collect()
    }

    const fn peer(uid: i64) -> Peer {
        Peer::User(UserId(uid))
    }

    #[test]
    fn last_two_threads_keep_their_position_and_last_rows() {
        let mut threads = RenderedThreads::default();
        for (opening, uid) in (1..).zip([1, 2, 3, 4]) {
            threads.show(&view(uid, opening, 60));
        }
        assert!(threads.tidy(peer(4)));
        assert_eq!(
            counts(&threads),
            [
                (peer(2), HIDDEN_ROWS),
                (peer(3), HIDDEN_ROWS),
                (peer(4), 60)
            ]
        );
        assert_eq!(threads.0[0].rows.last(), Some(&Row::Unread(59)));
        assert!(!threads.tidy(peer(4)), "once");

        threads.show(&view(2, 5, 50));
        threads.show(&view(1, 6, 10));
        assert!(threads.tidy(peer(1)));
        assert_eq!(
            counts(&threads),
            [(peer(2), 50), (peer(4), HIDDEN_ROWS), (peer(1), 10)]
        );
    }

    #[test]
    fn thread_left_far_from_its_end_is_removed() {
        let mut threads = RenderedThreads::default();
        threads.show(&ThreadView {
            follows_end: false,
            ..view(1, 1, 10)
        });
        threads.show(&view(2, 2, 10));
        assert!(threads.tidy(peer(2)));
        assert_eq!(counts(&threads), [(peer(2), 10)]);
    }

    #[test]
    fn opening_many_threads_keeps_the_number_bounded() {
        let mut threads = RenderedThreads::default();
        for (opening, uid) in (1..=100).zip(1..) {
            threads.show(&view(uid, opening, 10));
            assert!(threads.iter().count() <= HIDDEN_THREADS + 2);
        }
    }
}
