//! Which conversations have their rows in the page: the one that is open, and those that were open
//! last, hidden, so that they are there at once when they are opened again.

use super::chat::ThreadView;
use super::rows::{LEFT, LEFT_ROWS, Row};
use std::rc::Rc;
use tidings_shared::Peer;

/// The rows of a conversation.
#[derive(Debug, Clone)]
pub struct List {
    /// With whom.
    pub peer: Peer,
    /// Oldest first.
    pub rows: Rc<Vec<Row>>,
    opening: u64,
    follows_end: bool,
}

/// Those in the page. Each stays where it came in: one that moves is laid out anew.
#[derive(Debug, Default)]
pub struct Lists(Vec<List>);

impl Lists {
    /// They.
    pub fn iter(&self) -> impl Iterator<Item = &List> {
        self.0.iter()
    }

    /// The open conversation is shown, or otherwise than before. The others are as they were left.
    pub fn show(&mut self, view: &ThreadView) {
        let list = List {
            peer: view.peer,
            rows: view.rows.clone(),
            opening: view.opening,
            follows_end: view.follows_end,
        };
        match self.0.iter_mut().find(|old| old.peer == view.peer) {
            Some(old) => *old = list,
            None => self.0.push(list),
        }
        // Whoever runs through many does not wait until they are seen.
        if self.0.len() > LEFT + 2 {
            self.tidy(view.peer);
        }
    }

    /// Takes out what is not to stay of the others. That takes its time, and may wait until the open one
    /// has been seen. Returns whether there was anything.
    pub fn tidy(&mut self, open: Peer) -> bool {
        let openings: Vec<u64> = self.0.iter().map(|list| list.opening).collect();
        let before = self.0.len();
        self.0.retain(|list| {
            let later = openings.iter().filter(|other| **other > list.opening);
            list.peer == open || list.follows_end && later.count() <= LEFT
        });
        let mut changed = self.0.len() != before;
        for list in self.0.iter_mut().filter(|list| list.peer != open) {
            let excess = list.rows.len().saturating_sub(LEFT_ROWS);
            if excess > 0 {
                list.rows = Rc::new(list.rows[excess..].to_vec());
                changed = true;
            }
        }
        changed
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::state::Fetching;
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

    fn counts(lists: &Lists) -> Vec<(Peer, usize)> {
        let counts = lists.iter().map(|list| (list.peer, list.rows.len()));
        counts.collect()
    }

    const fn peer(uid: i64) -> Peer {
        Peer::User(UserId(uid))
    }

    #[test]
    fn the_last_two_stay_where_they_were_by_their_last_rows() {
        let mut lists = Lists::default();
        for (opening, uid) in (1..).zip([1, 2, 3, 4]) {
            lists.show(&view(uid, opening, 60));
        }
        assert!(lists.tidy(peer(4)));
        assert_eq!(
            counts(&lists),
            [(peer(2), LEFT_ROWS), (peer(3), LEFT_ROWS), (peer(4), 60)]
        );
        assert_eq!(lists.0[0].rows.last(), Some(&Row::Unread(59)));
        assert!(!lists.tidy(peer(4)), "once");

        lists.show(&view(2, 5, 50));
        lists.show(&view(1, 6, 10));
        assert!(lists.tidy(peer(1)));
        assert_eq!(
            counts(&lists),
            [(peer(2), 50), (peer(4), LEFT_ROWS), (peer(1), 10)]
        );
    }

    #[test]
    fn what_was_left_far_from_its_end_goes() {
        let mut lists = Lists::default();
        lists.show(&ThreadView {
            follows_end: false,
            ..view(1, 1, 10)
        });
        lists.show(&view(2, 2, 10));
        assert!(lists.tidy(peer(2)));
        assert_eq!(counts(&lists), [(peer(2), 10)]);
    }

    #[test]
    fn whoever_runs_through_the_list_leaves_no_more_behind() {
        let mut lists = Lists::default();
        for (opening, uid) in (1..=100).zip(1..) {
            lists.show(&view(uid, opening, 10));
            assert!(lists.iter().count() <= LEFT + 2);
        }
    }
}
