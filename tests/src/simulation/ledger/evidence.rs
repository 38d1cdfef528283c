//! The messages that a user's devices received and acknowledged, compared with the cursors in the
//! store.

use super::Ledger;
use tidings_shared::{ConversationId, Peer, Seq, UserId};

/// The evidence of one user in one conversation.
#[derive(Debug, Default)]
pub(super) struct Evidence {
    /// Whether a device received the message, by `seq`.
    given: Vec<bool>,
    /// Whether a device acknowledged the message after it received it, by `seq`.
    acknowledged: Vec<bool>,
    /// The last `seq` that a device marked as read.
    claimed: Seq,
    pub(super) delivered: Seq,
    read: Seq,
}

impl Evidence {
    pub(super) fn from(delivered: Seq) -> Self {
        Self {
            claimed: delivered,
            delivered,
            ..Self::default()
        }
    }

    pub(super) fn given(&mut self, seq: Seq) {
        enter(&mut self.given, seq);
    }

    pub(super) fn was_given(&self, seq: Seq) -> bool {
        seq <= self.claimed || holds(&self.given, seq)
    }
}

fn index(seq: Seq) -> usize {
    usize::try_from(seq.0).unwrap_or(0)
}

fn enter(seqs: &mut Vec<bool>, seq: Seq) {
    let at = index(seq);
    if seqs.len() <= at {
        seqs.resize(at + 1, false);
    }
    seqs[at] = true;
}

fn holds(seqs: &[bool], seq: Seq) -> bool {
    seqs.get(index(seq)).copied().unwrap_or(false)
}

impl Ledger {
    /// A device acknowledges a message that it received.
    pub(super) fn acknowledged(&mut self, uid: UserId, conversation: ConversationId, seq: Seq) {
        let evidence = self.evidence.entry((uid, conversation)).or_default();
        enter(&mut evidence.acknowledged, seq);
    }

    /// A device marks messages as read up to this `seq`, by a frame or by a plain query.
    pub(crate) fn claims_read(&mut self, uid: UserId, peer: Peer, seq: Seq) {
        if let Some(conversation) = self.conversation(uid, peer) {
            let evidence = self.evidence.entry((uid, conversation)).or_default();
            evidence.claimed = evidence.claimed.max(seq);
        }
    }

    /// The cursors in the store advanced: never back, and only over messages that were
    /// acknowledged, read, or sent by the user.
    pub(crate) fn moved(
        &mut self,
        conversation: ConversationId,
        uid: UserId,
        (read, delivered): (Seq, Seq),
    ) {
        let evidence = self.evidence.entry((uid, conversation)).or_default();
        let before = std::mem::replace(&mut evidence.delivered, delivered);
        let read_before = std::mem::replace(&mut evidence.read, read);
        let log = self.logs.get(&conversation).map_or(&[][..], Vec::as_slice);
        let proven = |seq: Seq| {
            let record = index(seq).checked_sub(1).and_then(|at| log.get(at));
            seq <= evidence.claimed
                || holds(&evidence.acknowledged, seq)
                || record.is_some_and(|record| record.sender == uid)
        };
        let claimed = evidence.claimed;
        let unproven = (before.0 + 1..=delivered.0)
            .map(Seq)
            .find(|seq| !proven(*seq));
        if delivered < before || read < read_before {
            self.fail(|| format!("a position of user {uid} went back to {delivered} or {read}"));
        }
        if read > claimed {
            self.fail(|| format!("user {uid} counts as having read up to {read}"));
        }
        if let Some(seq) = unproven {
            self.fail(|| {
                format!(
                    "place {seq} of conversation {conversation} counts as delivered to user {uid}, \
                     whose devices never acknowledged it"
                )
            });
        }
    }
}
