//! Acknowledged positions on their way to the store, written together a few times a second. A
//! crash forgets them.

use crate::simulation::agenda::{Event, NodeId};
use crate::simulation::env::Env;
use std::collections::BTreeMap;
use std::time::Duration;
use tidings_shared::{ConversationId, Seq, UserId};

const FLUSH_EVERY: Duration = Duration::from_millis(200);

#[derive(Debug, Default)]
pub(super) struct Positions {
    waiting: BTreeMap<(ConversationId, UserId), Seq>,
}

impl Positions {
    pub(super) fn delivered(
        &mut self,
        env: &mut Env,
        (node, life): (NodeId, u32),
        (conversation, uid): (ConversationId, UserId),
        seq: Seq,
    ) {
        if self.waiting.is_empty() {
            env.after(FLUSH_EVERY, Event::Flush { node, life });
        }
        let position = self.waiting.entry((conversation, uid)).or_default();
        *position = seq.max(*position);
    }

    pub(super) fn pending(&self, conversation: ConversationId, uid: UserId) -> Seq {
        let waiting = self.waiting.get(&(conversation, uid));
        waiting.copied().unwrap_or_default()
    }

    pub(super) fn flush(&mut self, env: &mut Env, node: NodeId, life: u32) {
        if env.store.is_down() {
            env.after(FLUSH_EVERY, Event::Flush { node, life });
            return;
        }
        for ((conversation, uid), seq) in std::mem::take(&mut self.waiting) {
            let marks = env.store.advance(conversation, uid, Seq(0), seq);
            env.ledger.moved(conversation, uid, marks);
        }
    }
}
