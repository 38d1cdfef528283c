//! The pushes a device gets on one connection: tids count up, each stands for one message, and a
//! conversation's messages come in order.

use super::Ledger;
use crate::simulation::agenda::SocketId;
use crate::simulation::store::Record;
use std::collections::{BTreeMap, BTreeSet};
use tidings_shared::frame::{Ack, Bind, Push};
use tidings_shared::{ConversationId, Message, Moment, Seq, Tid, UserId};

#[derive(Debug, Default)]
pub(super) struct Wire {
    /// By tid, from 1.
    pushes: Vec<(ConversationId, Seq)>,
    last: BTreeMap<ConversationId, Seq>,
    /// The answers to sends of a client that cannot know a message again.
    answered: BTreeSet<(ConversationId, Seq)>,
    bound_at: Moment,
    /// Bound without asking for what its own user sends.
    plain: bool,
}

impl Wire {
    /// Enters a push or an answer that a client without memory would show; what is wrong with it.
    fn show(&mut self, record: &Record, uid: UserId, is_push: bool) -> Option<&'static str> {
        if is_push && record.sender == uid && (self.plain || record.at < self.bound_at) {
            return Some("is of the user's own, not asked for or from before the bind");
        }
        let new = self.answered.insert((record.conversation, record.seq));
        (!new).then_some("is the user's own, who was told of it on this connection")
    }

    /// Enters a push; returns what is wrong with it.
    fn enter(&mut self, push: &Push, place: (ConversationId, Seq)) -> Option<&'static str> {
        let tids = self.pushes.len() as u64;
        if push.dup {
            let first = tid_index(push.tid).and_then(|at| self.pushes.get(at));
            return (first != Some(&place)).then_some("repeats what was not pushed before");
        }
        if push.tid.0 != tids + 1 {
            return Some("does not have the next tid");
        }
        self.pushes.push(place);
        let last = self.last.entry(place.0).or_default();
        let ordered = *last < place.1;
        *last = place.1;
        (!ordered).then_some("is out of order")
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
        wire.plain = bind.is_plain();
    }

    /// A client of the course's kind shows what it is pushed and answered, for it cannot tell
    /// whether it has shown it before: on one connection, each message comes to it once.
    pub(crate) fn shown_blindly(
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
            self.broke(|| format!("on connection {}, place {seq} {wrong}", socket.0));
        }
    }

    /// A push reached a device.
    pub(crate) fn pushed(&mut self, socket: SocketId, uid: UserId, push: &Push) {
        self.received(uid, &push.message);
        let (peer, _) = push.message.seen_by(uid);
        let Some(conversation) = self.conversation(uid, peer) else {
            return;
        };
        let wire = self.wires.entry(socket).or_default();
        if let Some(wrong) = wire.enter(push, (conversation, push.message.seq)) {
            let (tid, seq) = (push.tid, push.message.seq);
            self.broke(|| {
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
            self.broke(|| format!("tid {} is acknowledged and was never pushed", ack.tid));
            return;
        };
        let first = if ack.cumulative { 0 } else { last };
        let places = wire.pushes[first..=last].to_vec();
        for (conversation, seq) in places {
            self.acknowledged(uid, conversation, seq);
        }
    }
}
