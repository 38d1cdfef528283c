//! Notices that the person may dismiss: errors and news that belong to no message.

use tidings_shared::ErrorCode;

/// So many are shown at once; the oldest is dropped first.
const MAX_NOTICES: usize = 3;

/// The kind of a notice.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NoticeKind {
    /// The outbox is full.
    OutboxFull,
    /// The browser does not store what is written.
    NotSaved,
    /// Messages that waited to be sent could not be read, and were set aside.
    OutboxUnreadable,
    /// The server answered a frame with this error.
    Server(ErrorCode),
    /// The log-out could not reach the server.
    LogoutFailed,
    /// The server has a newer page than this one.
    NewVersion,
}

/// A notice on the page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Notice {
    /// Identifies it when it is dismissed.
    pub id: u64,
    /// Its kind.
    pub kind: NoticeKind,
}

/// The notices shown now.
#[derive(Debug, Default)]
pub(super) struct Notices {
    shown: Vec<Notice>,
    next_id: u64,
}

impl Notices {
    pub(super) fn shown(&self) -> &[Notice] {
        &self.shown
    }

    /// Shows a notice, unless one of the same kind is shown already.
    pub(super) fn show(&mut self, kind: NoticeKind) {
        if self.shown.iter().any(|notice| notice.kind == kind) {
            return;
        }
        if self.shown.len() == MAX_NOTICES {
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
    fn notice_is_shown_once_until_dismissed() {
        let mut notices = Notices::default();
        notices.show(NoticeKind::OutboxFull);
        notices.show(NoticeKind::OutboxFull);
        assert_eq!(notices.shown().len(), 1);
        notices.dismiss(notices.shown()[0].id);
        assert_eq!(notices.shown(), []);
    }

    #[test]
    fn number_of_notices_is_bounded() {
        let mut notices = Notices::default();
        notices.show(NoticeKind::OutboxFull);
        notices.show(NoticeKind::LogoutFailed);
        notices.show(NoticeKind::Server(ErrorCode::Busy));
        notices.show(NoticeKind::Server(ErrorCode::Malformed));
        assert_eq!(notices.shown().len(), MAX_NOTICES);
        assert_eq!(notices.shown()[0].kind, NoticeKind::LogoutFailed);
    }
}
