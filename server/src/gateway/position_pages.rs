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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bus::MemoryBus;
    use crate::config::Limits;
    use crate::gateway::{ConnectionId, Hub};
    use crate::presence::MemoryPresence;
    use crate::store::{NewMessage, NewUser, SqliteStore};
    use std::sync::Arc;
    use tidings_shared::delivery::DeliveryCursor;
    use tidings_shared::{GroupId, Mid, MsgType, Peer, Seq};

    const ME: UserId = UserId(1);

    async fn member() -> Membership {
        let (bus, notices) = MemoryBus::new();
        let presence = Arc::new(MemoryPresence::default());
        let (hub, task) = Hub::new(Arc::new(bus), presence, 1, 1, notices);
        tokio::spawn(task);
        hub.join(ME, hub.next_id(), true).await.expect("the first")
    }

    fn rate_limits() -> UserRateLimits {
        UserRateLimits::new(&Limits {
            user_requests: 0,
            user_bytes: 0,
            user_additions: 0,
            max_groups_owned: 0,
            max_groups: 0,
            disk_floor_mb: 0,
        })
    }

    fn user(uid: UserId) -> NewUser {
        NewUser {
            uid: Some(uid),
            email: format!("{uid}@example.org"),
            username: uid.to_string(),
            avatar: String::new(),
            password_hash: String::new(),
            created_at: 0,
        }
    }

    #[tokio::test]
    async fn conversations_beyond_a_page_are_read_too() {
        let folder = tempfile::tempdir().expect("a folder");
        let url = format!("sqlite://{}", folder.path().join("x.db").display());
        let store = SqliteStore::open(&url).await.expect("a file");
        store.migrate().await.expect("a schema");
        let others: Vec<_> = (1001..=2000 + i64::from(CURSORS_PAGE))
            .map(UserId)
            .collect();
        let users: Vec<_> = others.iter().copied().chain([ME]).map(user).collect();
        store.add_users(&users).await.expect("new users");
        let message = |sender: &UserId| NewMessage {
            sender: *sender,
            peer: Peer::User(ME),
            content: "x".into(),
            msg_type: MsgType::TEXT,
            client_msg_id: None,
            origin: ConnectionId::NONE,
            created_at: 0,
        };
        let batch: Vec<_> = others.iter().map(message).collect();
        store.append(&batch).await.expect("no error");

        let (mut pages, mut membership) = (PositionPages::new(ME, false), member().await);
        let mut read = 0;
        while let Some(mut page) = pages.read(&store).await.expect("no error") {
            assert!(pages.join(&mut page, &mut membership, &rate_limits()).await);
            read += page.len();
        }
        assert_eq!(read, others.len(), "two full pages and an empty one");
    }

    #[tokio::test]
    async fn page_with_a_new_group_is_read_again_unless_legacy() {
        let cursor = ConversationCursor {
            delivery: DeliveryCursor {
                conversation: ConversationId(5),
                last_seq: Seq(1),
                delivered_seq: Seq(0),
                joined_seq: Seq(0),
                head: Mid(1),
            },
            read_seq: Seq(0),
            group: Some(GroupId(5)),
        };
        let (mut membership, limits) = (member().await, rate_limits());
        let mut legacy = PositionPages::new(ME, true);
        let mut page = vec![cursor];
        assert!(legacy.join(&mut page, &mut membership, &limits).await);
        assert_eq!(page, []);
        let mut pages = PositionPages::new(ME, false);
        for expected in [false, true] {
            let mut page = vec![cursor];
            let joined = pages.join(&mut page, &mut membership, &limits).await;
            assert_eq!((joined, page.len()), (expected, 1));
        }
    }
}
