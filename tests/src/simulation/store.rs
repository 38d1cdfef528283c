//! The store, as a model of the SQL database: it survives every crash, answers from what is
//! committed, and can be made to fail for a while.

mod log;
mod record;

pub(crate) use record::{Draft, Record};

use super::agenda::NodeId;
use log::{Log, Marks};
use std::collections::BTreeMap;
use std::rc::Rc;
use tidings_shared::delivery::DeliveryCursor;
use tidings_shared::frame::{ConversationList, Query};
use tidings_shared::{ClientMsgId, ConversationId, Mid, Moment, Peer, Seq, UserId};

/// Conversations in one list frame: few, so that lists take several pages.
const LIST_MAX: usize = 2;

/// The error of a send whose recipient does not exist.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct UnknownRecipient;

/// A stored message, and whether it was stored just now.
#[derive(Debug, Clone)]
pub(crate) struct Stored {
    pub(crate) record: Rc<Record>,
    pub(crate) fresh: bool,
}

/// The store of all nodes.
#[derive(Debug, Default)]
pub(crate) struct Store {
    users: Vec<UserId>,
    logs: Vec<Log>,
    by_participants: BTreeMap<(UserId, UserId), usize>,
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
            if let Some(id) = &draft.client_msg_id
                && let Some(record) = self.keys.get(&(draft.sender, id.clone()))
            {
                return Ok(Stored {
                    record: Rc::clone(record),
                    fresh: false,
                });
            }
            let Peer::User(recipient) = draft.peer else {
                return Err(UnknownRecipient);
            };
            if !self.users.contains(&recipient) {
                return Err(UnknownRecipient);
            }
            self.last_mid += jump();
            let (mid, index) = (Mid(self.last_mid), self.log_of(draft.sender, recipient));
            let log = &mut self.logs[index];
            let record = Rc::new(Record::new(
                draft,
                id_of(index),
                recipient,
                (log.last().next(), mid),
                (node, now),
            ));
            log.records.push(Rc::clone(&record));
            if let Some(id) = &draft.client_msg_id {
                self.keys
                    .insert((draft.sender, id.clone()), Rc::clone(&record));
            }
            Ok(Stored {
                record,
                fresh: true,
            })
        };
        batch.iter().map(append_one).collect()
    }

    /// Advances cursors, never beyond the last message. Returns both cursors.
    pub(crate) fn advance(
        &mut self,
        conversation: ConversationId,
        uid: UserId,
        read: Seq,
        delivered: Seq,
    ) -> (Seq, Seq) {
        let log = &mut self.logs[index_of(conversation)];
        let last = log.last();
        let marks = &mut log.marks[usize::from(uid == log.high)];
        marks.read = marks.read.max(read.min(last));
        marks.delivered = marks.delivered.max(delivered.max(read).min(last));
        (marks.read, marks.delivered)
    }

    /// A conversation as one of its members sees it: its id, its last `seq` and their read cursor.
    pub(crate) fn conversation(
        &self,
        uid: UserId,
        peer: Peer,
    ) -> Option<(ConversationId, Seq, Seq)> {
        let Peer::User(other) = peer else { return None };
        let index = *self
            .by_participants
            .get(&(uid.min(other), uid.max(other)))?;
        let log = &self.logs[index];
        let marks = log.marks[usize::from(uid == log.high)];
        Some((id_of(index), log.last(), marks.read))
    }

    pub(crate) fn cursors(&self, uid: UserId) -> Vec<DeliveryCursor> {
        let is_member = |log: &&Log| log.low == uid || log.high == uid;
        let cursor = |log: &Log| {
            let delivered = log.marks[usize::from(uid == log.high)].delivered;
            let head = usize::try_from(delivered.0)
                .ok()
                .and_then(|at| log.records.get(at));
            DeliveryCursor {
                conversation: log.records[0].conversation,
                last_seq: log.last(),
                delivered_seq: delivered,
                joined_seq: Seq(0),
                head: head.map_or(Mid(0), |record| record.mid),
            }
        };
        let filled = self.logs.iter().filter(|log| !log.records.is_empty());
        filled.filter(is_member).map(cursor).collect()
    }

    /// Messages after a `seq` and below an id, oldest first.
    pub(crate) fn page(
        &self,
        conversation: ConversationId,
        after: Seq,
        before: Option<Mid>,
        limit: usize,
    ) -> Vec<Rc<Record>> {
        let records = &self.logs[index_of(conversation)].records;
        let from = usize::try_from(after.0).unwrap_or(0).min(records.len());
        let below = |record: &&Rc<Record>| before.is_none_or(|mid| record.mid < mid);
        let page = records[from..].iter().take_while(below).take(limit);
        page.cloned().collect()
    }

    /// The answer to a query, cut to what fits in a frame.
    pub(crate) fn query(&self, query: &Query) -> Vec<Rc<Record>> {
        let Some((conversation, ..)) = self.conversation(query.owner_uid, query.peer) else {
            return Vec::new();
        };
        self.logs[index_of(conversation)].query(query)
    }

    /// A page of a user's conversations, newest first. The cursor is the last `mid` of the last
    /// one.
    pub(crate) fn list(&self, uid: UserId, after: Option<&str>) -> ConversationList {
        let after = after.and_then(|text| text.parse().ok());
        let is_member = |log: &&Log| (log.low == uid || log.high == uid) && !log.records.is_empty();
        let last_mid = |log: &Log| log.records.last().map_or(0, |record| record.mid.0);
        let mut logs: Vec<_> = self.logs.iter().filter(is_member).collect();
        logs.retain(|log| after.is_none_or(|after: i64| last_mid(log) < after));
        logs.sort_by_key(|log| std::cmp::Reverse(last_mid(log)));
        let next = (logs.len() > LIST_MAX).then(|| last_mid(logs[LIST_MAX - 1]).to_string());
        logs.truncate(LIST_MAX);
        ConversationList {
            conversations: logs.into_iter().map(|log| log.row(uid)).collect(),
            next,
        }
    }

    /// The number of unread messages in one conversation and in all.
    pub(crate) fn unread(&self, uid: UserId, conversation: ConversationId) -> (u64, u64) {
        let is_member = |log: &&Log| log.low == uid || log.high == uid;
        let total = self
            .logs
            .iter()
            .filter(is_member)
            .map(|log| log.unread(uid))
            .sum();
        let here = self.logs.get(index_of(conversation));
        (here.map_or(0, |log| log.unread(uid)), total)
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

    fn log_of(&mut self, one: UserId, other: UserId) -> usize {
        let participants = (one.min(other), one.max(other));
        *self.by_participants.entry(participants).or_insert_with(|| {
            self.logs.push(Log {
                low: participants.0,
                high: participants.1,
                records: Vec::new(),
                marks: [Marks::default(); 2],
            });
            self.logs.len() - 1
        })
    }
}

fn id_of(index: usize) -> ConversationId {
    ConversationId(i64::try_from(index + 1).unwrap_or(i64::MAX))
}

fn index_of(conversation: ConversationId) -> usize {
    usize::try_from(conversation.0 - 1).unwrap_or(usize::MAX)
}
