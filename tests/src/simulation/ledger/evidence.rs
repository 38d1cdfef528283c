//! The messages that a user's devices received and acknowledged, compared with the cursors in the
//! store.

use super::Ledger;
use crate::simulation::store::Marks;
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
    /// The same, if what was read counts as delivered too.
    covered: Seq,
    pub(super) delivered: Seq,
    read: Seq,
}

impl Evidence {
    pub(super) fn from(delivered: Seq, read: Seq) -> Self {
        Self {
            covered: delivered,
            delivered,
            read,
            ..Self::default()
        }
    }

    pub(super) fn given(&mut self, seq: Seq) {
        enter(&mut self.given, seq);
    }

    pub(super) fn was_given(&self, seq: Seq) -> bool {
        seq <= self.claimed.max(self.covered) || holds(&self.given, seq)
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

    /// A device marks messages as read up to this `seq`: by a frame, which counts them as delivered
    /// too, or by a plain query, which does not.
    pub(crate) fn claims_read(&mut self, uid: UserId, peer: Peer, seq: Seq, delivered: bool) {
        if let Some(conversation) = self.conversation(uid, peer) {
            let evidence = self.evidence.entry((uid, conversation)).or_default();
            evidence.claimed = evidence.claimed.max(seq);
            if delivered {
                evidence.covered = evidence.covered.max(seq);
            }
        }
    }

    /// The cursors in the store advanced: never back, and only over messages that were
    /// acknowledged, read, or sent by the user.
    pub(crate) fn moved(&mut self, marks: &Marks) {
        let Marks {
            conversation,
            uid,
            read,
            delivered,
            ..
        } = *marks;
        let evidence = self.evidence.entry((uid, conversation)).or_default();
        let before = std::mem::replace(&mut evidence.delivered, delivered);
        let read_before = std::mem::replace(&mut evidence.read, read);
        let log = self.logs.get(&conversation).map_or(&[][..], Vec::as_slice);
        let is_own = |seq: Seq| {
            let record = index(seq).checked_sub(1).and_then(|at| log.get(at));
            record.is_some_and(|record| record.sender == uid)
        };
        let unread = after(read_before, read).find(|seq| *seq > evidence.claimed && !is_own(*seq));
        let unproven = after(before, delivered).find(|seq| {
            *seq > evidence.covered && !holds(&evidence.acknowledged, *seq) && !is_own(*seq)
        });
        if delivered < before || read < read_before {
            self.fail(|| format!("a position of user {uid} went back to {delivered} or {read}"));
        }
        if let Some(seq) = unread {
            self.fail(|| {
                format!("place {seq} of conversation {conversation} counts as read by user {uid}")
            });
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

    /// A device is told how far another user has received and read: never farther than the store
    /// has it.
    pub(crate) fn receipt(&mut self, uid: UserId, other: UserId, (delivered, read): (Seq, Seq)) {
        let conversation = self.conversation(uid, Peer::User(other));
        let evidence = conversation.and_then(|id| self.evidence.get(&(other, id)));
        let known = evidence.map_or((Seq(0), Seq(0)), |known| (known.delivered, known.read));
        if delivered > known.0 || read > known.1 {
            self.fail(|| {
                format!("user {uid} is told that {other} got {delivered} and read {read}")
            });
        }
    }
}

fn after(before: Seq, last: Seq) -> impl Iterator<Item = Seq> {
    (before.0 + 1..=last.0).map(Seq)
}
