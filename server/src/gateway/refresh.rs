//! Restores state of a client that knows lists after a resync, besides the messages that its feed
//! reads: how far its user has read on other devices, and the user's profile. Receipts and presence
//! are best effort.

use super::connection::Connection;
use super::requests::list_page;
use crate::store::{ConversationCursor, StoreError, Unread};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::Arc;
use tidings_shared::api;
use tidings_shared::frame::{ServerFrame, UnreadTotal};

/// A digest of a user's read cursors in all conversations, as one number, because each connection
/// keeps it in memory for the rare resync.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct ReadDigest(u64);

impl ReadDigest {
    /// Independent of order. A group just joined does not change it.
    pub(super) fn add(&mut self, cursors: &[ConversationCursor]) {
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

impl Connection {
    /// Sends what changed since the bind or the last refresh.
    pub(super) async fn refresh(
        &mut self,
        user: api::User,
        read: ReadDigest,
    ) -> Result<(), StoreError> {
        if !self.bound.as_ref().is_some_and(|bound| bound.lists) {
            return Ok(());
        }
        if self.user != user {
            self.user = user.clone();
            self.push_frame(&ServerFrame::Profile(user));
        }
        if self.bound.as_ref().is_some_and(|bound| bound.read == read) {
            return Ok(());
        }
        let store = Arc::clone(&self.app.store);
        let list = list_page(store.as_ref(), self.user.uid, None).await?;
        let Unread { total, .. } = store.unread_total(self.user.uid).await?;
        self.push_frame(&ServerFrame::Conversations(list));
        self.push_frame(&ServerFrame::Unread(UnreadTotal { unread: total }));
        if let Some(bound) = &mut self.bound {
            bound.read = read;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tidings_shared::delivery::DeliveryCursor;
    use tidings_shared::{ConversationId, Mid, Seq};

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

    fn digest(cursors: &[ConversationCursor]) -> ReadDigest {
        let mut digest = ReadDigest::default();
        digest.add(cursors);
        digest
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
}
