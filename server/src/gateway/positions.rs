//! A user's conversations as a bind, or what follows a gap, reads them: page by page, so that a user with
//! a hundred thousand of them takes no more memory at once than one with a thousand.

use super::hub::Membership;
use super::refresh::ReadDigest;
use crate::admission::Allowances;
use crate::store::{POSITIONS_PAGE, Standing, Store, StoreError};
use tidings_shared::{ConversationId, UserId};

/// What a page costs its user, in requests (`--user-requests`): as much time of the store as some sends.
const PAGE_COST: u32 = 5;

/// Reads a user's conversations, lowest id first: [`Self::read`] a page, then [`Self::join`] its groups.
#[derive(Debug)]
pub(super) struct PositionPages {
    uid: UserId,
    /// A legacy (v0) connection gets nothing of groups. It does not move the positions in them either:
    /// the next connection that asks for all is pushed them.
    plain: bool,
    after: ConversationId,
    is_last: bool,
    /// Of the pages that were joined.
    digest: ReadDigest,
}

impl PositionPages {
    pub(super) fn new(uid: UserId, plain: bool) -> Self {
        Self {
            uid,
            plain,
            after: ConversationId(0),
            is_last: false,
            digest: ReadDigest::default(),
        }
    }

    /// The page that comes next; `None` after the last.
    pub(super) async fn read(
        &self,
        store: &dyn Store,
    ) -> Result<Option<Vec<Standing>>, StoreError> {
        if self.is_last {
            return Ok(None);
        }
        store.positions(self.uid, self.after).await.map(Some)
    }

    /// Enters the groups of this page. If one is new, what it got between the reading and the joining
    /// is in no event: false, and [`Self::read`] reads the same page again. Else the next page is next,
    /// and this one has only what concerns the connection.
    pub(super) async fn join(
        &mut self,
        page: &mut Vec<Standing>,
        membership: &mut Membership,
        allowances: &Allowances,
    ) -> bool {
        self.is_last = page.len() < usize::try_from(POSITIONS_PAGE).unwrap_or(usize::MAX);
        let last = page.last().map(|standing| standing.position.conversation);
        page.retain(|standing| !self.plain || standing.group.is_none());
        let groups = page.iter().filter_map(|standing| standing.group);
        if membership.join_groups(groups).await {
            self.is_last = false;
            return false;
        }
        if let Some(last) = last {
            self.after = last;
        }
        if !self.is_last {
            // Already read: the next request waits for it.
            let _ = allowances.request(self.uid, PAGE_COST);
        }
        self.digest.add(page);
        true
    }

    /// How far the user had read in all of them.
    pub(super) const fn digest(&self) -> ReadDigest {
        self.digest
    }
}
