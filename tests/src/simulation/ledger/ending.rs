//! The checks at the end of a run, some time after all faults have ended: nothing is pending,
//! nothing is missing, and nothing happens any more.

use super::{Ledger, last_seq};
use crate::simulation::agenda::DeviceId;
use crate::simulation::plan::{NOBODY, QUIET};
use tidings_shared::outbox::Outbox;
use tidings_shared::{Moment, Peer, Seq, UserId};

impl Ledger {
    /// An outbox holds only messages that were refused for good, because their recipient does not
    /// exist.
    pub(crate) fn end_outbox(&mut self, device: DeviceId, outbox: &Outbox) {
        let waits = |pending: &&tidings_shared::outbox::Pending| {
            pending.failed.is_none() || pending.peer != NOBODY
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

    /// A user with a legacy (v0) client received everything that others wrote, and all of it counts
    /// as delivered.
    pub(crate) fn end_legacy(&mut self, uid: UserId) {
        for ((low, high), conversation) in &self.by_participants {
            if *low != uid && *high != uid {
                continue;
            }
            let log = &self.logs[conversation];
            let evidence = self.evidence.get(&(uid, *conversation));
            let missing = log.iter().find(|record| {
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
    pub(crate) fn end_stored(&mut self, stored: impl Fn(UserId, Peer) -> Option<Seq>) {
        for ((low, high), conversation) in &self.by_participants {
            let last = stored(*low, Peer::User(*high)).unwrap_or_default();
            let committed = last_seq(&self.logs[conversation]);
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
