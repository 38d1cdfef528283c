//! A conversation in the store: its messages, and its members with their cursors.

use super::Record;
use std::rc::Rc;
use tidings_shared::delivery::DeliveryCursor;
use tidings_shared::session::{ConversationCursor, Position};
use tidings_shared::{
    Body, Conversation, ConversationId, Direction, GroupId, Mid, Peer, Preview, Seq, UserId,
};

/// A member of a conversation, and the member's cursors.
#[derive(Debug, Clone, Copy)]
pub(super) struct Member {
    pub(super) uid: UserId,
    /// The last `seq` before this user was a member.
    pub(super) joined: Seq,
    pub(super) read: Seq,
    pub(super) delivered: Seq,
}

impl Member {
    pub(super) const fn new(uid: UserId, joined: Seq) -> Self {
        Self {
            uid,
            joined,
            read: joined,
            delivered: joined,
        }
    }
}

/// A conversation of two users, or of a group.
#[derive(Debug)]
pub(super) struct Log {
    pub(super) id: ConversationId,
    pub(super) group: Option<GroupId>,
    pub(super) members: Vec<Member>,
    pub(super) records: Vec<Rc<Record>>,
}

impl Log {
    pub(super) fn member(&self, uid: UserId) -> Option<&Member> {
        self.members.iter().find(|member| member.uid == uid)
    }

    pub(super) fn last(&self) -> Seq {
        self.records.last().map_or(Seq(0), |record| record.seq)
    }

    /// The other member of a direct conversation.
    pub(super) fn other(&self, uid: UserId) -> Option<&Member> {
        let mut others = self.members.iter().filter(|member| member.uid != uid);
        others.next().filter(|_| self.group.is_none())
    }

    fn peer(&self, uid: UserId) -> Peer {
        match (self.group, self.other(uid)) {
            (Some(group), _) => Peer::Group(group),
            (None, other) => Peer::User(other.map_or(uid, |other| other.uid)),
        }
    }

    pub(super) fn position(&self, member: &Member) -> Position {
        Position {
            conversation: self.id,
            peer: self.peer(member.uid),
            last_seq: self.last(),
            read_seq: member.read,
        }
    }

    pub(super) fn cursor(&self, member: &Member) -> ConversationCursor {
        let next = self.records.get(index_after(member.delivered));
        ConversationCursor {
            delivery: DeliveryCursor {
                conversation: self.id,
                last_seq: self.last(),
                delivered_seq: member.delivered,
                joined_seq: member.joined,
                head: next.map_or(Mid(0), |record| record.mid),
            },
            read_seq: member.read,
            group: self.group,
        }
    }

    pub(super) fn unread(&self, member: &Member) -> u64 {
        let after = self.after(member.read);
        after.filter(|record| record.sender != member.uid).count() as u64
    }

    /// Messages after this `seq`, oldest first.
    pub(super) fn after(&self, seq: Seq) -> impl Iterator<Item = &Rc<Record>> {
        self.records.iter().skip(index_after(seq))
    }

    /// The answer to a query, oldest first; the session cuts it to a frame.
    pub(super) fn query(
        &self,
        (after, before): (Option<Seq>, Option<Seq>),
        limit: u32,
    ) -> Vec<Rc<Record>> {
        let limit = usize::try_from(limit).unwrap_or(usize::MAX);
        if let Some(after) = after {
            return self.after(after).take(limit).cloned().collect();
        }
        let end = before.map_or(usize::MAX, |before| index_after(before.prev()));
        let end = end.min(self.records.len());
        self.records[end.saturating_sub(limit)..end].to_vec()
    }

    /// The row in this member's list. There must be at least one message.
    pub(super) fn row(&self, member: &Member) -> Conversation {
        let last = self.records.last().expect("only filled logs are listed");
        let other = self.other(member.uid);
        Conversation {
            peer: self.peer(member.uid),
            name: String::new(),
            avatar: String::new(),
            last_seq: last.seq,
            read_seq: member.read,
            unread: self.unread(member),
            delivered: other.map_or(Seq(0), |other| other.delivered),
            peer_read: other.map_or(Seq(0), |other| other.read),
            last: Preview {
                mid: last.mid,
                body: Body::Text(last.content.clone()).preview(),
                direction: if last.sender == member.uid {
                    Direction::Sent
                } else {
                    Direction::Received
                },
                create_time: last.created_at(),
                sender_name: self.group.map(|_| String::new()),
            },
        }
    }
}

/// The index of the message after this `seq`.
fn index_after(seq: Seq) -> usize {
    usize::try_from(seq.0).unwrap_or(0)
}
