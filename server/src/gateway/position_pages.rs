//! Reads a user's conversations for a bind or after a resync, page by page: a user with 100,000
//! conversations takes no more memory at once than one with 1,000.

use super::hub::Membership;
use super::refresh::ReadDigest;
use crate::admission::UserRateLimits;
use crate::store::{CURSORS_PAGE, ConversationCursor, Store, StoreError};
use tidings_shared::{ConversationId, UserId};

/// The cost of a full page in requests (`--user-requests`): as much time of the store as some sends.
const PAGE_COST: u32 = 5;

/// Call [`Self::read`], then [`Self::join`] with its page, until [`Self::read`] returns `None`.
#[derive(Debug)]
pub(super) struct PositionPages {
    uid: UserId,
    /// A legacy client gets no groups, and does not advance their cursors: the next connection that
    /// asks for all gets them.
    legacy: bool,
    after: ConversationId,
    is_last: bool,
    /// Of the pages joined so far.
    digest: ReadDigest,
}

impl PositionPages {
    pub(super) fn new(uid: UserId, legacy: bool) -> Self {
        Self {
            uid,
            legacy,
            after: ConversationId(0),
            is_last: false,
            digest: ReadDigest::default(),
        }
    }

    /// The next page, lowest conversation id first; `None` after the last.
    pub(super) async fn read(
        &self,
        store: &dyn Store,
    ) -> Result<Option<Vec<ConversationCursor>>, StoreError> {
        if self.is_last {
            return Ok(None);
        }
        store.cursors(self.uid, self.after).await.map(Some)
    }

    /// Joins the groups of this page and removes what is not pushed to the connection. Returns false if
    /// a group is new: messages committed between reading and joining are in no event, so the same page
    /// is read again.
    pub(super) async fn join(
        &mut self,
        page: &mut Vec<ConversationCursor>,
        membership: &mut Membership,
        rate_limits: &UserRateLimits,
    ) -> bool {
        let is_full = page.len() >= usize::try_from(CURSORS_PAGE).unwrap_or(usize::MAX);
        let last = page.last().map(|cursor| cursor.delivery.conversation);
        page.retain(|cursor| !self.legacy || cursor.group.is_none());
        let groups = page.iter().filter_map(|cursor| cursor.group);
        if membership.join_groups(groups).await {
            return false;
        }
        self.after = last.unwrap_or(self.after);
        self.is_last = !is_full;
        if is_full {
            // Read already: later requests wait for it.
            let _ = rate_limits.charge_request(self.uid, PAGE_COST);
        }
        self.digest.add(page);
        true
    }

    /// The digest of all read cursors.
    pub(super) const fn digest(&self) -> ReadDigest {
        self.digest
    }
}
