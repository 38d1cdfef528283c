//! What is read from the store.

use super::log::{Log, Member};
use super::{Record, Store, in_order, index_of};
use std::rc::Rc;
use tidings_shared::delivery::ReadRequest;
use tidings_shared::frame::ConversationList;
use tidings_shared::session::{ConversationCursor, Position, UnreadCounts};
use tidings_shared::{ConversationId, GroupId, Peer, Seq, UserId};

/// Conversations in one list frame, and cursors in one page: few, so that there are several pages.
const PAGE_MAX: usize = 2;

impl Store {
    /// Whether the group exists.
    pub(crate) fn has_group(&self, group: GroupId) -> bool {
        self.by_group.contains_key(&group)
    }

    /// The last `seq` of a conversation.
    pub(crate) fn last_seq(&self, conversation: ConversationId) -> Seq {
        let log = self.logs.get(index_of(conversation));
        log.map_or(Seq(0), Log::last)
    }

    /// Whether this user may address the peer at all.
    pub(crate) fn has_peer(&self, uid: UserId, peer: Peer) -> bool {
        match peer {
            Peer::User(other) => self.users.contains(&other),
            Peer::Group(_) => self.position(uid, peer).is_some(),
        }
    }

    /// A conversation as one of its members sees it.
    pub(crate) fn position(&self, uid: UserId, peer: Peer) -> Option<Position> {
        let (log, member) = self.find(uid, peer)?;
        Some(log.position(member))
    }

    /// A page of a user's cursors, and whether it is the last one.
    pub(crate) fn cursors(
        &self,
        uid: UserId,
        after: ConversationId,
    ) -> (Vec<ConversationCursor>, bool) {
        let logs = self.logs_of(uid).filter(|(log, _)| log.id > after);
        let mut cursors: Vec<_> = logs.map(|(log, member)| log.cursor(member)).collect();
        let is_last = cursors.len() <= PAGE_MAX;
        cursors.truncate(PAGE_MAX);
        (cursors, is_last)
    }

    /// A page for a feed of this user, oldest first; nothing of what the user is no member of.
    pub(crate) fn page(&self, uid: UserId, request: &ReadRequest) -> Vec<Rc<Record>> {
        let log = self.logs.get(index_of(request.conversation));
        let Some(log) = log.filter(|log| log.member(uid).is_some()) else {
            return Vec::new();
        };
        let below = |record: &&Rc<Record>| request.before.is_none_or(|mid| record.mid < mid);
        let page = log.after(request.after).take_while(below);
        page.take(request.limit).cloned().collect()
    }

    /// The latest messages of a conversation, or those after or before a `seq`.
    pub(crate) fn query(
        &self,
        uid: UserId,
        peer: Peer,
        bounds: (Option<Seq>, Option<Seq>),
        limit: u32,
    ) -> Vec<Rc<Record>> {
        let found = self.find(uid, peer);
        found.map_or(Vec::new(), |(log, _)| log.query(bounds, limit))
    }

    /// A page of a user's conversations, newest first. The cursor is the last `mid` of the last
    /// one. `None`: the cursor is none.
    pub(crate) fn list(&self, uid: UserId, after: Option<&str>) -> Option<ConversationList> {
        let after = after.map_or(Ok(i64::MAX), str::parse).ok()?;
        let last_mid = |log: &Log| log.records.last().map_or(0, |record| record.mid.0);
        let logs = self.logs_of(uid).filter(|(log, _)| last_mid(log) < after);
        let mut logs: Vec<_> = logs.collect();
        logs.sort_by_key(|(log, _)| std::cmp::Reverse(last_mid(log)));
        let next = (logs.len() > PAGE_MAX).then(|| last_mid(logs[PAGE_MAX - 1].0).to_string());
        logs.truncate(PAGE_MAX);
        Some(ConversationList {
            conversations: logs.iter().map(|(log, member)| log.row(member)).collect(),
            next,
            epoch: None,
        })
    }

    /// The number of unread messages in one conversation and in all.
    pub(crate) fn unread(&self, uid: UserId, conversation: ConversationId) -> (u64, u64) {
        let count = |(log, member): (&Log, &Member)| (log.id, log.unread(member));
        self.logs_of(uid).map(count).fold((0, 0), |sum, (id, n)| {
            let here = if id == conversation { n } else { 0 };
            (sum.0 + here, sum.1 + n)
        })
    }

    pub(crate) fn unread_counts(&self, uid: UserId) -> UnreadCounts {
        let mut counts = UnreadCounts {
            total: 0,
            direct: 0,
            from_self: Vec::new(),
        };
        for (log, member) in self.logs_of(uid) {
            let unread = log.unread(member);
            counts.total += unread;
            counts.direct += if log.group.is_none() { unread } else { 0 };
            if unread == 0 && member.read < log.last() {
                counts.from_self.push((log.id, log.last()));
            }
        }
        counts
    }

    /// The filled conversations of a user, by id.
    fn logs_of(&self, uid: UserId) -> impl Iterator<Item = (&Log, &Member)> {
        let filled = self.logs.iter().filter(|log| !log.records.is_empty());
        filled.filter_map(move |log| Some((log, log.member(uid)?)))
    }

    pub(super) fn find(&self, uid: UserId, peer: Peer) -> Option<(&Log, &Member)> {
        let index = match peer {
            Peer::User(other) => *self.by_participants.get(&in_order(uid, other))?,
            Peer::Group(group) => *self.by_group.get(&group)?,
        };
        let log = &self.logs[index];
        Some((log, log.member(uid)?))
    }
}
