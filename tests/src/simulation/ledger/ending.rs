//! What must hold when all faults have ended and everybody had time: nothing waits, nothing is
//! missing, nothing happens any more.

use super::{Ledger, places};
use crate::simulation::agenda::DeviceId;
use crate::simulation::plan::{NOBODY, QUIET};
use tidings_shared::outbox::Outbox;
use tidings_shared::{Moment, Peer, Seq, UserId};

impl Ledger {
    /// An outbox holds nothing but what was refused for good, and that is what nobody could get.
    pub(crate) fn end_outbox(&mut self, device: DeviceId, outbox: &Outbox) {
        let waits = |pending: &&tidings_shared::outbox::Pending| {
            pending.failed.is_none() || pending.peer != NOBODY
        };
        if let Some(pending) = outbox.iter().find(waits) {
            let words = format!(
                "message {} still waits on device {}: {:?}",
                pending.client_msg_id, device.0, pending.failed
            );
            self.broke(|| words);
        }
    }

    /// A device that opened this conversation shows all of it.
    pub(crate) fn end_shown(&mut self, device: DeviceId, uid: UserId, peer: Peer, shown: usize) {
        let log = self
            .conversation(uid, peer)
            .and_then(|id| self.logs.get(&id));
        let stored = log.map_or(0, Vec::len);
        if stored != shown {
            self.broke(|| {
                format!(
                    "device {} shows {shown} of {stored} messages with {peer:?}",
                    device.0
                )
            });
        }
    }

    /// A user with a client of the course's kind was given everything others wrote, and all of it
    /// counts as delivered.
    pub(crate) fn end_plain(&mut self, uid: UserId) {
        for ((low, high), conversation) in &self.pairs {
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
            let words = match missing {
                Some(record) => format!("user {uid} was never given place {}", record.seq),
                None if delivered < places(log) => {
                    format!(
                        "only {delivered} of {} counts as delivered to {uid}",
                        log.len()
                    )
                }
                None => continue,
            };
            self.broken
                .get_or_insert(format!("{words} of {conversation}"));
        }
    }

    /// Every committed message is where it was committed.
    pub(crate) fn end_stored(&mut self, stored: impl Fn(UserId, Peer) -> Option<Seq>) {
        for ((low, high), conversation) in &self.pairs {
            let last = stored(*low, Peer::User(*high)).unwrap_or_default();
            let committed = places(&self.logs[conversation]);
            if last != committed {
                self.broken.get_or_insert(format!(
                    "{committed} messages of {conversation} were committed, {last} are stored"
                ));
            }
        }
    }

    /// Nothing but heartbeats happened for a while.
    pub(crate) fn end_quiet(&mut self, now: Moment) {
        let stirred = self.stirred;
        if now.since(stirred) < QUIET {
            self.broke(|| format!("at {stirred:?} there was still something to do"));
        }
    }
}
