//! Delivery cursors that are not in the store yet. They are written together a few times a second,
//! and lost in a crash.

use crate::simulation::agenda::{Event, NodeId};
use crate::simulation::env::Env;
use std::collections::BTreeMap;
use std::time::Duration;
use tidings_shared::{ConversationId, Seq, UserId};

const FLUSH_EVERY: Duration = Duration::from_millis(200);

#[derive(Debug, Default)]
pub(super) struct Cursors {
    waiting: BTreeMap<(ConversationId, UserId), Seq>,
}

impl Cursors {
    pub(super) fn delivered(
        &mut self,
        env: &mut Env,
        (node, incarnation): (NodeId, u32),
        (conversation, uid): (ConversationId, UserId),
        seq: Seq,
    ) {
        if self.waiting.is_empty() {
            env.after(FLUSH_EVERY, Event::Flush { node, incarnation });
        }
        let cursor = self.waiting.entry((conversation, uid)).or_default();
        *cursor = seq.max(*cursor);
    }

    pub(super) fn pending(&self, conversation: ConversationId, uid: UserId) -> Seq {
        let waiting = self.waiting.get(&(conversation, uid));
        waiting.copied().unwrap_or_default()
    }

    pub(super) fn flush(&mut self, env: &mut Env, node: NodeId, incarnation: u32) {
        if env.store.is_down() {
            env.after(FLUSH_EVERY, Event::Flush { node, incarnation });
            return;
        }
        for ((conversation, uid), seq) in std::mem::take(&mut self.waiting) {
            let marks = env.store.advance(conversation, uid, Seq(0), seq);
            env.ledger.moved(conversation, uid, marks);
        }
    }
}
