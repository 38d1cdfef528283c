//! Cursors that are not in the store yet. They are written together a few times a second, and lost
//! in a crash.

use super::Core;
use crate::simulation::agenda::Step;
use crate::simulation::bus::{BusEvent, Notice, Topic};
use crate::simulation::env::Env;
use crate::simulation::store::Marks;
use std::collections::BTreeMap;
use std::time::Duration;
use tidings_shared::frame::Receipt;
use tidings_shared::{ConversationId, Seq, UserId};

const FLUSH_EVERY: Duration = Duration::from_millis(200);

/// A pending advance of a user in a conversation.
#[derive(Debug, Default)]
struct Pending {
    read: Seq,
    delivered: Seq,
    /// Whether the other side is notified.
    acknowledged: bool,
}

#[derive(Debug, Default)]
pub(super) struct Cursors(BTreeMap<(UserId, ConversationId), Pending>);

impl Cursors {
    pub(super) fn delivered(&self, uid: UserId, conversation: ConversationId) -> Seq {
        let pending = self.0.get(&(uid, conversation));
        pending.map_or(Seq(0), |pending| pending.delivered)
    }
}

impl Core {
    pub(super) fn delivered(
        &mut self,
        env: &mut Env,
        (uid, conversation): (UserId, ConversationId),
        seq: Seq,
        acknowledged: bool,
    ) {
        let pending = self.pending(env, uid, conversation);
        pending.delivered = seq.max(pending.delivered);
        pending.acknowledged |= acknowledged;
    }

    /// Only the user's own messages follow the read cursor, up to here.
    pub(super) fn own_read(
        &mut self,
        env: &mut Env,
        (uid, conversation): (UserId, ConversationId),
        seq: Seq,
    ) {
        let pending = self.pending(env, uid, conversation);
        pending.read = seq.max(pending.read);
    }

    fn pending(
        &mut self,
        env: &mut Env,
        uid: UserId,
        conversation: ConversationId,
    ) -> &mut Pending {
        if self.cursors.0.is_empty() {
            self.after(env, FLUSH_EVERY, Step::Flush);
        }
        self.cursors.0.entry((uid, conversation)).or_default()
    }

    pub(super) fn flush(&mut self, env: &mut Env) {
        if env.store.is_down() {
            return self.after(env, FLUSH_EVERY, Step::Flush);
        }
        for ((uid, conversation), pending) in std::mem::take(&mut self.cursors.0) {
            let (read, delivered) = (pending.read, pending.delivered);
            if let Some(marks) = env.store.advance(conversation, uid, read, delivered) {
                env.ledger.moved(&marks);
                if pending.acknowledged {
                    self.publish_receipt(env, &marks);
                }
            }
        }
    }

    /// Notifies the other user of a direct conversation.
    pub(super) fn publish_receipt(&self, env: &mut Env, marks: &Marks) {
        if let Some(other) = marks.other {
            let receipt = Receipt {
                other_uid: marks.uid,
                delivered: marks.delivered,
                read: marks.read,
            };
            let notice = Notice::new(vec![Topic::User(other)], BusEvent::Receipt(receipt));
            env.publish(self.id, vec![notice]);
        }
    }
}
