//! What a client that knows lists is told anew after a gap, besides the messages that its feed reads: how
//! far its user has read on other devices, and under which name. Receipts and presence may be lost.

use super::connection::Connection;
use super::requests::list_page;
use crate::store::{Standing, StoreError, Unread};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::Arc;
use tidings_shared::api;
use tidings_shared::frame::{ServerFrame, UnreadTotal};

/// How far a user has read in all conversations, as one number: one of them for each would be kept in
/// memory by every connection for the rare gap.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct ReadDigest(u64);

impl ReadDigest {
    /// In whatever order. A group that one has just joined changes nothing.
    pub(super) fn add(&mut self, standings: &[Standing]) {
        let read = standings
            .iter()
            .filter(|standing| standing.read_seq > standing.position.joined_seq);
        for standing in read {
            let mut hasher = DefaultHasher::new();
            (standing.position.conversation, standing.read_seq).hash(&mut hasher);
            self.0 = self.0.wrapping_add(hasher.finish());
        }
    }
}

impl Connection {
    /// Tells what is another than when this connection bound, or was told so last.
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
    use tidings_shared::delivery::Position;
    use tidings_shared::{ConversationId, Mid, Seq};

    fn standing(conversation: i64, joined: i64, read: i64) -> Standing {
        Standing {
            position: Position {
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

    fn digest(standings: &[Standing]) -> ReadDigest {
        let mut digest = ReadDigest::default();
        digest.add(standings);
        digest
    }

    #[test]
    fn digest_differs_when_a_mark_moved_and_not_for_a_new_group() {
        let [one, two] = [standing(1, 0, 3), standing(2, 0, 4)];
        let before = digest(&[one, two]);
        assert_eq!(before, digest(&[two, one]));
        assert_eq!(before, digest(&[one, two, standing(3, 5, 5)]));
        assert_ne!(before, digest(&[one, standing(2, 0, 5)]));
        assert_ne!(before, digest(&[standing(1, 0, 4), standing(2, 0, 3)]));
    }
}
