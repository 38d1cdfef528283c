//! A conversation in the store: its messages, and the cursors of its members.

use super::Record;
use std::rc::Rc;
use tidings_shared::frame::Query;
use tidings_shared::{Conversation, Direction, MsgType, Peer, Preview, Seq, UserId, limits};

/// The bytes of a page's frame beside the JSON of its messages.
const PAGE_OVERHEAD: usize = 64;

/// The cursors of a member.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Marks {
    pub(super) read: Seq,
    pub(super) delivered: Seq,
}

/// A conversation of two users.
#[derive(Debug)]
pub(super) struct Log {
    pub(super) low: UserId,
    pub(super) high: UserId,
    pub(super) records: Vec<Rc<Record>>,
    pub(super) marks: [Marks; 2],
}

impl Log {
    fn other(&self, uid: UserId) -> UserId {
        if uid == self.low { self.high } else { self.low }
    }

    pub(super) fn last(&self) -> Seq {
        self.records.last().map_or(Seq(0), |record| record.seq)
    }

    pub(super) fn unread(&self, uid: UserId) -> u64 {
        let read = self.marks[usize::from(uid == self.high)].read;
        let from = usize::try_from(read.0).unwrap_or(0).min(self.records.len());
        self.records[from..]
            .iter()
            .filter(|record| record.sender != uid)
            .count() as u64
    }

    /// The answer to a query, cut to what fits in a frame.
    pub(super) fn query(&self, query: &Query) -> Vec<Rc<Record>> {
        let records = &self.records;
        let asked = query.limit.unwrap_or(limits::PAGE_DEFAULT);
        let limit = usize::try_from(asked.clamp(1, limits::PAGE_MAX)).unwrap_or(1);
        let mut left = limits::FRAME_BYTES - PAGE_OVERHEAD;
        let mut fits = |record: &&Rc<Record>| {
            let fits = record.bytes < left;
            left = left.saturating_sub(record.bytes + 1);
            fits
        };
        if let Some(after) = query.after_seq {
            let from = usize::try_from(after.0).unwrap_or(0).min(records.len());
            let page = records[from..].iter().take(limit);
            return page.take_while(|record| fits(record)).cloned().collect();
        }
        let end = query.before_seq.map_or(records.len(), |before| {
            usize::try_from(before.0 - 1)
                .unwrap_or(0)
                .min(records.len())
        });
        let page = records[..end].iter().rev().take(limit);
        let mut page: Vec<_> = page.take_while(|record| fits(record)).cloned().collect();
        page.reverse();
        page
    }

    /// The row in this member's list. There must be at least one message.
    pub(super) fn row(&self, uid: UserId) -> Conversation {
        let last = self.records.last().expect("only filled logs are listed");
        let from_self = last.sender == uid;
        Conversation {
            peer: Peer::User(self.other(uid)),
            name: String::new(),
            avatar: String::new(),
            last_seq: last.seq,
            read_seq: self.marks[usize::from(uid == self.high)].read,
            unread: self.unread(uid),
            delivered: Seq(0),
            peer_read: Seq(0),
            last: Preview {
                mid: last.mid,
                content: last.content.chars().take(limits::PREVIEW_CHARS).collect(),
                msg_type: MsgType::TEXT,
                direction: if from_self {
                    Direction::Sent
                } else {
                    Direction::Received
                },
                create_time: last.created_at(),
                sender_name: None,
            },
        }
    }
}
