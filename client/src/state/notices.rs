//! Short sentences that the person may dismiss: what went wrong and belongs to no message.

use tidings_shared::ErrorCode;

/// So many are shown at once; the oldest goes first.
const MOST: usize = 3;

/// What to say.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NoticeKind {
    /// The outbox is full.
    OutboxFull,
    /// The browser does not keep what is written.
    NotKept,
    /// Messages that waited to be sent could not be read, and were set aside.
    OutboxUnreadable,
    /// The server answered a frame with this.
    Server(ErrorCode),
    /// The log-out could not reach the server.
    LogoutFailed,
    /// The server has a newer page than this one.
    NewVersion,
}

/// A sentence on the page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Notice {
    /// For dismissing it.
    pub id: u64,
    /// What it says.
    pub kind: NoticeKind,
}

/// The sentences shown now.
#[derive(Debug, Default)]
pub(super) struct Notices {
    shown: Vec<Notice>,
    next_id: u64,
}

impl Notices {
    pub(super) fn shown(&self) -> &[Notice] {
        &self.shown
    }

    /// Says something, once: what is shown already is not said again.
    pub(super) fn say(&mut self, kind: NoticeKind) {
        if self.shown.iter().any(|notice| notice.kind == kind) {
            return;
        }
        if self.shown.len() == MOST {
            self.shown.remove(0);
        }
        self.shown.push(Notice {
            id: self.next_id,
            kind,
        });
        self.next_id += 1;
    }

    pub(super) fn dismiss(&mut self, id: u64) {
        self.shown.retain(|notice| notice.id != id);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sentence_is_said_once_until_it_is_dismissed() {
        let mut notices = Notices::default();
        notices.say(NoticeKind::OutboxFull);
        notices.say(NoticeKind::OutboxFull);
        assert_eq!(notices.shown().len(), 1);
        notices.dismiss(notices.shown()[0].id);
        assert_eq!(notices.shown(), []);
    }

    #[test]
    fn there_are_never_more_than_fit_the_page() {
        let mut notices = Notices::default();
        notices.say(NoticeKind::OutboxFull);
        notices.say(NoticeKind::LogoutFailed);
        notices.say(NoticeKind::Server(ErrorCode::Busy));
        notices.say(NoticeKind::Server(ErrorCode::Malformed));
        assert_eq!(notices.shown().len(), MOST);
        assert_eq!(notices.shown()[0].kind, NoticeKind::LogoutFailed);
    }
}
