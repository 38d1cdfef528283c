//! The store, as a model of the SQL database: it survives every crash, answers from what is
//! committed, and can be made to fail for a while.

mod log;
mod record;

pub(crate) use record::{Draft, Record};

use super::agenda::NodeId;
use log::{Log, Member};
use std::collections::BTreeMap;
use std::rc::Rc;
use tidings_shared::delivery::ReadRequest;
use tidings_shared::frame::ConversationList;
use tidings_shared::session::{ConversationCursor, Position, UnreadCounts};
use tidings_shared::{ClientMsgId, ConversationId, GroupId, Mid, Moment, Peer, Seq, UserId};

/// Conversations in one list frame, and cursors in one page: few, so that there are several pages.
const PAGE_MAX: usize = 2;

/// The error of a send whose recipient does not exist.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct UnknownRecipient;

/// A stored message, and whether it was stored just now.
#[derive(Debug, Clone)]
pub(crate) struct Stored {
    pub(crate) record: Rc<Record>,
    pub(crate) fresh: bool,
}

/// The cursors of a member after an advance.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Marks {
    pub(crate) conversation: ConversationId,
    pub(crate) uid: UserId,
    /// The other user of a direct conversation.
    pub(crate) other: Option<UserId>,
    pub(crate) read: Seq,
    pub(crate) delivered: Seq,
}

/// The store of all nodes.
#[derive(Debug, Default)]
pub(crate) struct Store {
    users: Vec<UserId>,
    logs: Vec<Log>,
    by_participants: BTreeMap<(UserId, UserId), usize>,
    by_group: BTreeMap<GroupId, usize>,
    keys: BTreeMap<(UserId, ClientMsgId), Rc<Record>>,
    last_mid: i64,
    down: bool,
}

impl Store {
    pub(crate) fn new(users: Vec<UserId>) -> Self {
        Self {
            users,
            ..Self::default()
        }
    }

    pub(crate) const fn set_down(&mut self, down: bool) {
        self.down = down;
    }

    pub(crate) const fn is_down(&self) -> bool {
        self.down
    }

    /// Appends in the order of the batch. `jump` returns the step to the next `mid`: messages of
    /// users outside of the simulation have ids too.
    pub(crate) fn append(
        &mut self,
        batch: &[Draft],
        node: NodeId,
        now: Moment,
        mut jump: impl FnMut() -> i64,
    ) -> Vec<Result<Stored, UnknownRecipient>> {
        let append_one = |draft: &Draft| {
            let key = draft.client_msg_id.clone().map(|id| (draft.sender, id));
            if let Some(record) = key.as_ref().and_then(|key| self.keys.get(key)) {
                return Ok(Stored {
                    record: Rc::clone(record),
                    fresh: false,
                });
            }
            let index = self.log_of(draft.sender, draft.peer)?;
            self.last_mid += jump();
            let record = self.insert(index, draft, (node, now));
            if let Some(key) = key {
                self.keys.insert(key, Rc::clone(&record));
            }
            Ok(Stored {
                record,
                fresh: true,
            })
        };
        batch.iter().map(append_one).collect()
    }

    fn insert(&mut self, index: usize, draft: &Draft, source: (NodeId, Moment)) -> Rc<Record> {
        let log = &mut self.logs[index];
        let slot = (log.id, log.last().next(), Mid(self.last_mid));
        let record = Rc::new(Record::new(draft, slot, source));
        log.records.push(Rc::clone(&record));
        record
    }

    /// Adds members to a group, and the message about them, in one transaction. The first addition
    /// creates the group. Returns the message and those who were no members before, if any.
    pub(crate) fn add_members(
        &mut self,
        (group, owner): (GroupId, UserId),
        uids: &[UserId],
        source: (NodeId, Moment),
        jump: i64,
    ) -> Option<(Rc<Record>, Vec<UserId>)> {
        let index = match self.by_group.get(&group) {
            Some(index) => *index,
            None => self.add_log(Some(group), &[]),
        };
        self.by_group.insert(group, index);
        let log = &mut self.logs[index];
        let mut added = uids.to_vec();
        added.retain(|uid| log.member(*uid).is_none());
        if added.is_empty() {
            return None;
        }
        let joined = log.last();
        let new = added.iter().map(|uid| Member::new(*uid, joined));
        log.members.extend(new);
        let draft = Draft {
            sender: owner,
            peer: Peer::Group(group),
            content: format!("g{group}:{}", joined.next()),
            client_msg_id: None,
            origin: None,
        };
        self.last_mid += jump;
        Some((self.insert(index, &draft, source), added))
    }

    /// Whether the group exists.
    pub(crate) fn has_group(&self, group: GroupId) -> bool {
        self.by_group.contains_key(&group)
    }

    /// The last `seq` of a conversation.
    pub(crate) fn last_seq(&self, conversation: ConversationId) -> Seq {
        let log = self.logs.get(index_of(conversation));
        log.map_or(Seq(0), Log::last)
    }

    /// Advances cursors, never beyond the last message.
    pub(crate) fn advance(
        &mut self,
        conversation: ConversationId,
        uid: UserId,
        read: Seq,
        delivered: Seq,
    ) -> Option<Marks> {
        let log = self.logs.get_mut(index_of(conversation))?;
        let (last, other) = (log.last(), log.other(uid).map(|other| other.uid));
        let member = log.members.iter_mut().find(|member| member.uid == uid)?;
        member.read = member.read.max(read.min(last));
        member.delivered = member.delivered.max(delivered.min(last));
        Some(Marks {
            conversation,
            uid,
            other,
            read: member.read,
            delivered: member.delivered,
        })
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

    /// For a broken variant: loses what this node committed since then.
    pub(crate) fn forget_tail(&mut self, node: NodeId, since: Moment) {
        for log in &mut self.logs {
            while let Some(record) = log
                .records
                .pop_if(|record| record.node == node && record.at >= since)
            {
                if let Some(id) = &record.client_msg_id {
                    self.keys.remove(&(record.sender, id.clone()));
                }
            }
        }
    }

    /// The filled conversations of a user, by id.
    fn logs_of(&self, uid: UserId) -> impl Iterator<Item = (&Log, &Member)> {
        let filled = self.logs.iter().filter(|log| !log.records.is_empty());
        filled.filter_map(move |log| Some((log, log.member(uid)?)))
    }

    fn find(&self, uid: UserId, peer: Peer) -> Option<(&Log, &Member)> {
        let index = match peer {
            Peer::User(other) => *self.by_participants.get(&in_order(uid, other))?,
            Peer::Group(group) => *self.by_group.get(&group)?,
        };
        let log = &self.logs[index];
        Some((log, log.member(uid)?))
    }

    /// The conversation of a message, which its first message creates.
    fn log_of(&mut self, sender: UserId, peer: Peer) -> Result<usize, UnknownRecipient> {
        if let Some((log, _)) = self.find(sender, peer) {
            return Ok(index_of(log.id));
        }
        match peer {
            Peer::User(other) if self.users.contains(&other) => {
                let (low, high) = in_order(sender, other);
                self.by_participants.insert((low, high), self.logs.len());
                Ok(self.add_log(None, &[low, high]))
            }
            _ => Err(UnknownRecipient),
        }
    }

    fn add_log(&mut self, group: Option<GroupId>, members: &[UserId]) -> usize {
        let index = self.logs.len();
        let new = |uid: &UserId| Member::new(*uid, Seq(0));
        self.logs.push(Log {
            id: ConversationId(i64::try_from(index + 1).unwrap_or(i64::MAX)),
            group,
            members: members.iter().map(new).collect(),
            records: Vec::new(),
        });
        index
    }
}

fn in_order(one: UserId, other: UserId) -> (UserId, UserId) {
    (one.min(other), one.max(other))
}

fn index_of(conversation: ConversationId) -> usize {
    usize::try_from(conversation.0 - 1).unwrap_or(usize::MAX)
}
