//! The store, as a model of the SQL database: it survives every crash, answers from what is
//! committed, and can be made to fail for a while.

mod log;
mod reads;
mod record;

pub(crate) use record::{Draft, Record};

use super::agenda::NodeId;
use log::{Log, Member};
use std::collections::BTreeMap;
use std::rc::Rc;
use tidings_shared::{ClientMsgId, ConversationId, GroupId, Mid, Moment, Peer, Seq, UserId};

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
