//! The checks at the end of a run, some time after all faults have ended: nothing is pending,
//! nothing is missing, and nothing happens any more.

use super::{Ledger, last_seq};
use crate::simulation::agenda::DeviceId;
use crate::simulation::plan::QUIET;
use tidings_shared::outbox::Outbox;
use tidings_shared::{ConversationId, Moment, Peer, Seq, UserId};

impl Ledger {
    /// An outbox holds only messages that were refused for good, because their recipient does not
    /// exist, or the user was no member of the group.
    pub(crate) fn end_outbox(&mut self, device: DeviceId, outbox: &Outbox) {
        let waits = |pending: &&tidings_shared::outbox::Pending| {
            let written = self.written.get(&pending.client_msg_id);
            let is_stranger = written.is_some_and(|written| written.is_stranger);
            pending.failed.is_none() || !is_stranger
        };
        if let Some(pending) = outbox.iter().find(waits) {
            let text = format!(
                "message {} still waits on device {}: {:?}",
                pending.client_msg_id, device.0, pending.failed
            );
            self.fail(|| text);
        }
    }

    /// A device that opened this conversation shows all of it.
    pub(crate) fn end_shown(&mut self, device: DeviceId, uid: UserId, peer: Peer, shown: usize) {
        let log = self
            .conversation(uid, peer)
            .and_then(|id| self.logs.get(&id));
        let stored = log.map_or(0, Vec::len);
        if stored != shown {
            self.fail(|| {
                format!(
                    "device {} shows {shown} of {stored} messages with {peer:?}",
                    device.0
                )
            });
        }
    }

    /// A user with a client that stores nothing received everything that others wrote since the
    /// user was a member, and all of it counts as delivered; direct messages only if the client is a
    /// legacy (v0) one.
    pub(crate) fn end_pushed(&mut self, uid: UserId, legacy: bool) {
        for ((member, peer), conversation) in &self.by_peer {
            if *member != uid || legacy && matches!(peer, Peer::Group(_)) {
                continue;
            }
            let log = &self.logs[conversation];
            let evidence = self.evidence.get(&(uid, *conversation));
            let joined = self.joined[&(uid, *conversation)];
            let since = log.iter().filter(|record| record.seq > joined);
            let missing = since.into_iter().find(|record| {
                let given = evidence.is_some_and(|evidence| evidence.was_given(record.seq));
                record.sender != uid && !given
            });
            let delivered = evidence.map_or(Seq(0), |evidence| evidence.delivered);
            let text = match missing {
                Some(record) => format!("user {uid} was never given place {}", record.seq),
                None if delivered < last_seq(log) => {
                    format!(
                        "only {delivered} of {} counts as delivered to {uid}",
                        log.len()
                    )
                }
                None => continue,
            };
            self.failure
                .get_or_insert(format!("{text} of {conversation}"));
        }
    }

    /// Every committed message is still stored.
    pub(crate) fn end_stored(&mut self, stored: impl Fn(ConversationId) -> Seq) {
        for (conversation, log) in &self.logs {
            let (last, committed) = (stored(*conversation), last_seq(log));
            if last != committed {
                self.failure.get_or_insert(format!(
                    "{committed} messages of {conversation} were committed, {last} are stored"
                ));
            }
        }
    }

    /// Nothing but heartbeats happened for a while.
    pub(crate) fn end_quiet(&mut self, now: Moment) {
        let last_activity = self.last_activity;
        if now.since(last_activity) < QUIET {
            self.fail(|| format!("at {last_activity:?} there was still something to do"));
        }
    }
}
