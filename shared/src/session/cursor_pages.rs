//! Reads a user's conversations for a bind or after lost events, page by page: a user with 100,000
//! conversations takes no more memory at once than one with 1,000.

use super::{Answer, ConversationCursor, Output, Request};
use crate::ConversationId;
use std::collections::VecDeque;
use std::hash::{DefaultHasher, Hash, Hasher};

/// The cost of a full page in requests: as much time of the store as some sends.
const PAGE_COST: u32 = 5;

/// A digest of a user's read cursors in all conversations, as one number, because each connection
/// keeps it in memory for the rare reload.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct ReadDigest(u64);

impl ReadDigest {
    /// Independent of order. A group just joined does not change it.
    fn add(&mut self, cursors: &[ConversationCursor]) {
        let read = cursors
            .iter()
            .filter(|cursor| cursor.read_seq > cursor.delivery.joined_seq);
        for cursor in read {
            let mut hasher = DefaultHasher::new();
            (cursor.delivery.conversation, cursor.read_seq).hash(&mut hasher);
            self.0 = self.0.wrapping_add(hasher.finish());
        }
    }
}

/// What an answer brought.
#[derive(Debug)]
pub(super) struct Progress {
    /// The cursors of a page whose groups are joined.
    pub(super) cursors: Vec<ConversationCursor>,
    /// The same page is read once more: a group was new, and messages committed between reading
    /// and joining are in no event.
    pub(super) reads_again: bool,
    /// `None`: all pages were read.
    pub(super) next: Option<Request>,
}

/// Starts with the request [`Self::first`]; every answer is given to [`Self::handle_answer`].
#[derive(Debug)]
pub(super) struct CursorPages {
    /// A legacy client gets no groups, and does not advance their cursors: the next connection that
    /// asks for all gets them.
    legacy: bool,
    after: ConversationId,
    page: Vec<ConversationCursor>,
    /// The last conversation of the page.
    last: ConversationId,
    is_last: bool,
    /// Of the pages so far.
    digest: ReadDigest,
}

impl CursorPages {
    pub(super) fn new(legacy: bool) -> Self {
        Self {
            legacy,
            after: ConversationId(0),
            page: Vec::new(),
            last: ConversationId(0),
            is_last: false,
            digest: ReadDigest::default(),
        }
    }

    pub(super) const fn first(&self) -> Request {
        Request::Cursors { after: self.after }
    }

    /// [`Answer::Cursors`] or [`Answer::Joined`]; others are ignored.
    pub(super) fn handle_answer<P>(
        &mut self,
        answer: Answer<P>,
        outputs: &mut VecDeque<Output>,
    ) -> Progress {
        let reads_again = match answer {
            Answer::Cursors { mut page, is_last } => {
                let last = page.last().map(|cursor| cursor.delivery.conversation);
                self.last = last.unwrap_or(self.after);
                self.is_last = is_last;
                page.retain(|cursor| !self.legacy || cursor.group.is_none());
                self.page = page;
                let groups: Vec<_> = self.page.iter().filter_map(|cursor| cursor.group).collect();
                if !groups.is_empty() {
                    return Progress {
                        cursors: Vec::new(),
                        reads_again: false,
                        next: Some(Request::JoinGroups(groups)),
                    };
                }
                false
            }
            Answer::Joined(any_is_new) => any_is_new,
            _ => false,
        };
        let cursors = std::mem::take(&mut self.page);
        if !reads_again {
            self.digest.add(&cursors);
            self.after = self.last;
            if !self.is_last {
                // Read already: later requests wait for it.
                outputs.push_back(Output::Charge(PAGE_COST));
            }
        }
        Progress {
            cursors,
            reads_again,
            next: (reads_again || !self.is_last).then(|| self.first()),
        }
    }

    /// The digest of all read cursors.
    pub(super) const fn digest(&self) -> ReadDigest {
        self.digest
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::delivery::DeliveryCursor;
    use crate::{GroupId, Mid, Seq};

    fn cursor(conversation: i64, joined: i64, read: i64) -> ConversationCursor {
        ConversationCursor {
            delivery: DeliveryCursor {
                conversation: ConversationId(conversation),
                last_seq: Seq(9),
                delivered_seq: Seq(9),
                joined_seq: Seq(joined),
                head: Mid(0),
            },
            read_seq: Seq(read),
            group: None,
        }
    }

    fn in_group(conversation: i64) -> ConversationCursor {
        ConversationCursor {
            group: Some(GroupId(conversation)),
            ..cursor(conversation, 0, 9)
        }
    }

    fn digest(cursors: &[ConversationCursor]) -> ReadDigest {
        let mut digest = ReadDigest::default();
        digest.add(cursors);
        digest
    }

    fn page(page: &[ConversationCursor], is_last: bool) -> Answer<()> {
        Answer::Cursors {
            page: page.to_vec(),
            is_last,
        }
    }

    #[test]
    fn digest_changes_with_a_read_mark_but_not_a_new_group() {
        let [one, two] = [cursor(1, 0, 3), cursor(2, 0, 4)];
        let before = digest(&[one, two]);
        assert_eq!(before, digest(&[two, one]));
        assert_eq!(before, digest(&[one, two, cursor(3, 5, 5)]));
        assert_ne!(before, digest(&[one, cursor(2, 0, 5)]));
        assert_ne!(before, digest(&[cursor(1, 0, 4), cursor(2, 0, 3)]));
    }

    #[test]
    fn page_with_a_new_group_is_read_again_and_counted_once() {
        let mut pages = CursorPages::new(false);
        let mut outputs = VecDeque::new();
        let rows = [cursor(1, 0, 3), in_group(2)];
        let joins = pages.handle_answer(page(&rows, false), &mut outputs);
        assert_eq!(joins.next, Some(Request::JoinGroups(vec![GroupId(2)])));
        let joined = pages.handle_answer(Answer::<()>::Joined(true), &mut outputs);
        assert!(joined.reads_again);
        assert_eq!(joined.cursors, rows);
        let after = ConversationId(0);
        assert_eq!(joined.next, Some(Request::Cursors { after }));
        pages.handle_answer(page(&rows, false), &mut outputs);
        let known = pages.handle_answer(Answer::<()>::Joined(false), &mut outputs);
        assert!(!known.reads_again);
        assert_eq!(known.cursors, rows);
        let after = ConversationId(2);
        assert_eq!(known.next, Some(Request::Cursors { after }));
        assert_eq!(outputs, [Output::Charge(PAGE_COST)]);
        let end = pages.handle_answer(page(&[cursor(3, 0, 1)], true), &mut outputs);
        assert_eq!(end.next, None);
        assert_eq!(outputs.len(), 1);
        assert_eq!(pages.digest(), digest(&[rows[0], rows[1], cursor(3, 0, 1)]));
    }

    #[test]
    fn legacy_client_joins_no_group_and_reads_on_after_it() {
        let mut pages = CursorPages::new(true);
        let rows = [cursor(1, 0, 3), in_group(2)];
        let progress = pages.handle_answer(page(&rows, false), &mut VecDeque::new());
        assert_eq!(progress.cursors, rows[..1]);
        let after = ConversationId(2);
        assert_eq!(progress.next, Some(Request::Cursors { after }));
    }
}
