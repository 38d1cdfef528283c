//! The pushes that a device gets on one connection: tids count up, each belongs to one message,
//! and the messages of a conversation come in order.

use super::Ledger;
use crate::simulation::agenda::SocketId;
use crate::simulation::store::Record;
use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;
use tidings_shared::frame::{Ack, Bind, Push};
use tidings_shared::{ConversationId, Message, Moment, Peer, Seq, Tid, UserId};

#[derive(Debug, Default)]
pub(super) struct Wire {
    /// By tid, from 1.
    pushes: Vec<(ConversationId, Seq)>,
    last: BTreeMap<ConversationId, Seq>,
    /// Messages shown by a client without deduplication, by push or answer.
    answered: BTreeSet<(ConversationId, Seq)>,
    bound_at: Moment,
    /// Whether the bind did not ask for messages from self.
    legacy: bool,
}

impl Wire {
    /// Records a push or an answer that a client without deduplication shows. Returns what is
    /// wrong with it.
    fn show(&mut self, record: &Record, uid: UserId, is_push: bool) -> Option<&'static str> {
        if is_push && record.sender == uid && (self.legacy || record.at < self.bound_at) {
            return Some("is of the user's own, not asked for or from before the bind");
        }
        if is_push && self.legacy && matches!(record.peer, Peer::Group(_)) {
            return Some("is of a group, and the client knows none");
        }
        let new = self.answered.insert((record.conversation, record.seq));
        (!new).then_some("is the user's own, who was told of it on this connection")
    }

    /// Records a push of this log. Returns what is wrong with it.
    fn enter(&mut self, push: &Push, log: &[Rc<Record>], uid: UserId) -> Option<&'static str> {
        let (seq, conversation) = (push.message.seq, log.first()?.conversation);
        let slot = (conversation, seq);
        let tids = self.pushes.len() as u64;
        if push.dup {
            let first = tid_index(push.tid).and_then(|at| self.pushes.get(at));
            return (first != Some(&slot)).then_some("repeats what was not pushed before");
        }
        if push.tid.0 != tids + 1 {
            return Some("does not have the next tid");
        }
        self.pushes.push(slot);
        let last = self.last.insert(conversation, seq)?;
        // Only the user's own messages may be left out.
        let mut between = log.iter().skip_while(|record| record.seq <= last);
        let gap = between.find(|record| record.seq >= seq || record.sender != uid);
        match gap {
            _ if seq <= last => Some("is out of order"),
            Some(record) if record.seq < seq => Some("leaves out a message"),
            _ => None,
        }
    }
}

fn tid_index(tid: Tid) -> Option<usize> {
    usize::try_from(tid.0.checked_sub(1)?).ok()
}

impl Ledger {
    /// A device asks to be bound.
    pub(crate) fn binds(&mut self, socket: SocketId, now: Moment, bind: &Bind) {
        let wire = self.wires.entry(socket).or_default();
        wire.bound_at = now;
        wire.legacy = bind.is_plain();
    }

    /// A legacy (v0) client shows every push and answer, because it does not deduplicate. So on one
    /// connection each message must come to it once.
    pub(crate) fn shown_without_dedup(
        &mut self,
        socket: SocketId,
        uid: UserId,
        message: &Message,
        is_push: bool,
    ) {
        let Some(record) = self.find(uid, message).cloned() else {
            return;
        };
        let wire = self.wires.entry(socket).or_default();
        if let Some(wrong) = wire.show(&record, uid, is_push) {
            let seq = record.seq;
            self.fail(|| format!("on connection {}, place {seq} {wrong}", socket.0));
        }
    }

    /// A push reached a device.
    pub(crate) fn pushed(&mut self, socket: SocketId, uid: UserId, push: &Push) {
        self.received(uid, &push.message);
        let (peer, _) = push.message.seen_by(uid);
        let Some(conversation) = self.conversation(uid, peer) else {
            return;
        };
        let Some(log) = self.logs.get(&conversation) else {
            return;
        };
        let wire = self.wires.entry(socket).or_default();
        let is_early = push.message.seq <= self.joined[&(uid, conversation)];
        let early = is_early.then_some("is from before the user was a member");
        if let Some(wrong) = early.or_else(|| wire.enter(push, log, uid)) {
            let (tid, seq) = (push.tid, push.message.seq);
            self.fail(|| {
                format!(
                    "on connection {}, push {tid} of place {seq} {wrong}",
                    socket.0
                )
            });
        }
    }

    /// A device acknowledges.
    pub(crate) fn acks(&mut self, socket: SocketId, uid: UserId, ack: &Ack) {
        let Some(wire) = self.wires.get(&socket) else {
            return;
        };
        let Some(last) = tid_index(ack.tid).filter(|at| *at < wire.pushes.len()) else {
            self.fail(|| format!("tid {} is acknowledged and was never pushed", ack.tid));
            return;
        };
        let first = if ack.cumulative { 0 } else { last };
        let seqs = wire.pushes[first..=last].to_vec();
        for (conversation, seq) in seqs {
            self.acknowledged(uid, conversation, seq);
        }
    }
}
