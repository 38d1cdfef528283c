//! What the page shows of a login.

use super::Chat;
use crate::group::OpenGroup;
use crate::names::{name_of, number_of};
use crate::rows::{Row, RowCache};
use crate::thread::QueryState;
use std::rc::Rc;
use tidings_shared::Peer;

/// What is being fetched for the open conversation, as far as it shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fetching {
    /// Nothing.
    Nothing,
    /// The first messages: nothing can be shown yet.
    First,
    /// Older messages.
    Older,
    /// Something could not be fetched.
    Failed,
}

/// The open conversation as the page shows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ThreadView {
    /// The peer.
    pub peer: Peer,
    /// Changes each time a conversation is opened, or the person jumps to its end: the view then
    /// starts anew.
    pub opening: u64,
    /// The rows, oldest first.
    pub rows: Rc<Vec<Row>>,
    /// What is being fetched.
    pub fetching: Fetching,
    /// Whether the rows reach to the end.
    pub follows_end: bool,
    /// Whether the person is at the end of them.
    pub at_end: bool,
    /// Unread messages of this conversation.
    pub unread: u64,
}

impl Chat {
    /// The name and the picture URL of a peer, as far as they are known.
    pub fn name_and_avatar(&self, peer: Peer) -> (Rc<str>, Rc<str>) {
        if let Some(entry) = self.directory.get(peer) {
            return (entry.name.clone(), entry.avatar.clone());
        }
        if let Peer::User(uid) = peer
            && let Some(contact) = self.contacts.get(uid)
        {
            return (contact.name.clone(), contact.avatar.clone());
        }
        if let Some(group) = self.group.as_ref().and_then(OpenGroup::group)
            && peer == Peer::Group(group.group_id)
        {
            return (name_of(peer, &group.name), group.avatar.as_str().into());
        }
        (number_of(peer), "".into())
    }

    /// The open conversation as the page shows it.
    pub fn thread_view(
        &self,
        cache: &mut RowCache,
        day_of: impl Fn(i64) -> i64,
    ) -> Option<ThreadView> {
        let thread = self.thread.as_ref()?;
        let rows = cache.rows(thread, self.outbox.to(thread.peer), day_of);
        Some(ThreadView {
            peer: thread.peer,
            opening: self.opening,
            fetching: match (thread.newer, thread.older) {
                (QueryState::Failed, _) | (_, QueryState::Failed) => Fetching::Failed,
                _ if thread.is_blank() && rows.is_empty() => Fetching::First,
                _ if thread.is_seeking() => Fetching::First,
                (_, QueryState::Waiting(_)) => Fetching::Older,
                _ => Fetching::Nothing,
            },
            rows: Rc::new(rows),
            follows_end: thread.window.follows_end(),
            at_end: thread.at_end,
            unread: self.directory.get(thread.peer).map_or(0, |e| e.unread),
        })
    }
}
