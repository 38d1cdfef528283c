//! After lost events: whether the login is still valid and the store the same, the delivery cursors,
//! and for a client that knows lists also how far its user has read on other devices, and the user's
//! profile. Receipts and presence are best effort.

use super::cursor_pages::CursorPages;
use super::{Answer, Payload, Request, Session, StoreUnavailable, Waiting};
use crate::Moment;
use crate::api::User;
use crate::close::CloseCode;
use crate::frame::{ConversationList, ServerFrame, UnreadTotal};

/// A reload that is under way.
#[derive(Debug)]
pub(super) struct Reloading {
    pages: CursorPages,
    user: Option<User>,
    list: ConversationList,
}

impl<P: Payload> Session<P> {
    pub(super) fn reload(&mut self, legacy: bool) {
        let reloading = Reloading {
            pages: CursorPages::new(legacy),
            user: None,
            list: ConversationList::default(),
        };
        self.request(Request::Login, Waiting::Reload(reloading));
    }

    pub(super) fn handle_reload_answer(
        &mut self,
        now: Moment,
        mut reloading: Reloading,
        answer: Result<Answer<P>, StoreUnavailable>,
    ) {
        let Some(bound) = &mut self.bound else { return };
        let next = match answer {
            Ok(Answer::Login(Some(user))) => {
                reloading.user = Some(user);
                Some(Request::Epoch)
            }
            // The client has to begin anew, and so has its feed: a new connection does both. Resyncs
            // are spread already, and so are these closes.
            Ok(Answer::Epoch(epoch)) if epoch != bound.epoch => {
                return self.close(now, CloseCode::GoingAway);
            }
            Ok(Answer::Epoch(_)) => Some(reloading.pages.first()),
            Ok(Answer::Login(None)) => return self.close(now, CloseCode::NotLoggedIn),
            Ok(answer @ (Answer::Cursors { .. } | Answer::Joined(_))) => {
                let progress = reloading.pages.handle_answer(answer, &mut self.outputs);
                // Also of a page that is read again: the feed has to know where this member's part
                // of a group begins before its first event, even if that reading fails.
                let cursors = progress.cursors.iter();
                bound
                    .feed
                    .handle_cursors(cursors.map(|cursor| cursor.delivery));
                progress.next.or_else(|| self.refresh(now, &mut reloading))
            }
            Ok(Answer::List(Some(list))) => {
                reloading.list = list;
                Some(Request::Unread)
            }
            Ok(Answer::Unread(unread)) => {
                bound.read = reloading.pages.digest();
                let unread = unread.total;
                self.send_list(now, reloading.list);
                self.send(now, ServerFrame::Unread(UnreadTotal { unread }));
                return;
            }
            _ => {
                // Repeats everything once the store answers.
                bound.feed.handle_resync();
                return self.store_failed(now);
            }
        };
        if let Some(request) = next {
            self.request(request, Waiting::Reload(reloading));
        }
    }

    /// Sends a changed profile; returns the first request for changed read cursors.
    fn refresh(&mut self, now: Moment, reloading: &mut Reloading) -> Option<Request> {
        let bound = self.bound.as_ref().filter(|bound| bound.lists)?;
        let has_read = bound.read != reloading.pages.digest();
        if let Some(user) = reloading.user.take_if(|user| *user != self.user) {
            self.user = user.clone();
            self.send(now, ServerFrame::Profile(user));
        }
        has_read.then_some(Request::List { after: None })
    }
}
