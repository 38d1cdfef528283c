//! The promises, watched. What nodes and devices do is entered here by their drivers; the first
//! promise that does not hold ends the run.
//!
//! The ledger keeps its own record of everything and believes neither store, server nor client.

mod ending;
mod evidence;
mod wire;

use super::agenda::{DeviceId, SocketId};
use super::store::Record;
use evidence::Evidence;
use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;
use tidings_shared::outbox::Outbox;
use tidings_shared::{ClientMsgId, ConversationId, Message, Moment, Peer, Seq, UserId};
use wire::Wire;

/// A message a person wrote.
#[derive(Debug)]
struct Written {
    device: DeviceId,
    peer: Peer,
    number: u64,
}

#[derive(Debug, Default)]
pub(crate) struct Ledger {
    broken: Option<String>,
    /// Every message ever committed, by conversation; never shortened.
    logs: BTreeMap<ConversationId, Vec<Rc<Record>>>,
    pairs: BTreeMap<(UserId, UserId), ConversationId>,
    contents: BTreeSet<String>,
    written: BTreeMap<ClientMsgId, Written>,
    /// The last message of a device that reached each peer.
    reached: BTreeMap<(DeviceId, Peer), u64>,
    /// Written and not known by its device to be stored.
    unsettled: BTreeMap<DeviceId, BTreeSet<ClientMsgId>>,
    evidence: BTreeMap<(UserId, ConversationId), Evidence>,
    wires: BTreeMap<SocketId, Wire>,
    /// When something other than a heartbeat happened last.
    stirred: Moment,
}

impl Ledger {
    pub(crate) fn broke(&mut self, promise: impl FnOnce() -> String) {
        if self.broken.is_none() {
            self.broken = Some(promise());
        }
    }

    pub(crate) const fn broken(&self) -> Option<&String> {
        self.broken.as_ref()
    }

    /// Something other than a heartbeat happened.
    pub(crate) const fn stirred(&mut self, now: Moment) {
        self.stirred = now;
    }

    /// A message was committed: at the next place, for the first time, after what its device wrote
    /// to the same peer before.
    pub(crate) fn committed(&mut self, record: &Rc<Record>) {
        let pair = (
            record.sender.min(record.recipient),
            record.sender.max(record.recipient),
        );
        self.pairs.insert(pair, record.conversation);
        let log = self.logs.entry(record.conversation).or_default();
        let (expected, mid) = (places(log).next(), log.last().map(|last| last.mid));
        log.push(Rc::clone(record));
        if record.seq != expected || mid.is_some_and(|mid| mid >= record.mid) {
            self.broke(|| {
                format!(
                    "place {} of conversation {} was given when {expected} was next",
                    record.seq, record.conversation
                )
            });
        }
        if !self.contents.insert(record.content.clone()) {
            let name = name_of(&record.content);
            self.broke(|| format!("message {name} is stored twice"));
        }
        let written = record.client_msg_id.as_ref();
        if let Some(Written {
            device,
            peer,
            number,
        }) = written.and_then(|id| self.written.get(id))
        {
            let reached = self.reached.entry((*device, *peer)).or_default();
            let (before, number) = (*reached, *number);
            *reached = number;
            if before > number {
                self.broke(|| format!("message {number} was stored after message {before}"));
            }
        }
    }

    /// A person wrote a message, and the outbox took it.
    pub(crate) fn wrote(&mut self, device: DeviceId, id: &ClientMsgId, peer: Peer, number: u64) {
        let written = Written {
            device,
            peer,
            number,
        };
        self.written.insert(id.clone(), written);
        self.unsettled.entry(device).or_default().insert(id.clone());
    }

    /// A device was told that a message of its own is stored.
    pub(crate) fn settled(&mut self, device: DeviceId, id: &ClientMsgId) {
        if let Some(unsettled) = self.unsettled.get_mut(&device) {
            unsettled.remove(id);
        }
    }

    /// What a device keeps is what it wrote and was not told to be stored.
    pub(crate) fn check_outbox(&mut self, device: DeviceId, outbox: &Outbox) {
        let unsettled = self.unsettled.get(&device);
        let kept = |id: &ClientMsgId| outbox.iter().any(|pending| pending.client_msg_id == *id);
        if let Some(lost) = unsettled.and_then(|ids| ids.iter().find(|id| !kept(id))) {
            let words = format!("device {} lost message {lost} from its outbox", device.0);
            self.broke(|| words);
        }
    }

    /// A device received a message in whatever frame: it is the one in the store.
    pub(crate) fn received(&mut self, uid: UserId, message: &Message) {
        match self.find(uid, message) {
            Some(record) => {
                let key = (uid, record.conversation);
                let seq = record.seq;
                self.evidence.entry(key).or_default().given(seq);
            }
            None => self.broke(|| {
                format!(
                    "user {uid} was given {} at place {}, which the store does not have there",
                    name_of(&message.content),
                    message.seq
                )
            }),
        }
    }

    /// What a device shows of a conversation: no hole, no repeat, no disorder, nothing but what
    /// is stored.
    pub(crate) fn shown<'a>(
        &mut self,
        device: DeviceId,
        uid: UserId,
        messages: impl Iterator<Item = &'a Message>,
    ) {
        let mut last: Option<Seq> = None;
        for message in messages {
            let dense = last.is_none_or(|last| message.seq == last.next());
            if !dense || self.find(uid, message).is_none() {
                let (name, seq) = (name_of(&message.content), message.seq);
                self.broke(|| {
                    format!(
                        "device {} shows {name} of place {seq} after {last:?}",
                        device.0
                    )
                });
                return;
            }
            last = Some(message.seq);
        }
    }

    /// A feed reads a page: it may do so only for a reason.
    pub(crate) fn read_on(&mut self, socket: SocketId, allowed: &mut u64) {
        match allowed.checked_sub(1) {
            Some(left) => *allowed = left,
            None => self.broke(|| format!("connection {} reads the store on and on", socket.0)),
        }
    }

    /// Enters messages that were there before all began, delivered up to there.
    pub(crate) fn history(&mut self, uid: UserId, conversation: ConversationId, delivered: Seq) {
        let evidence = self.evidence.entry((uid, conversation)).or_default();
        *evidence = Evidence::from(delivered);
    }

    fn conversation(&self, uid: UserId, peer: Peer) -> Option<ConversationId> {
        let Peer::User(other) = peer else { return None };
        self.pairs.get(&(uid.min(other), uid.max(other))).copied()
    }

    /// The stored message this one is, as this user may see it.
    fn find(&self, uid: UserId, message: &Message) -> Option<&Rc<Record>> {
        let (peer, _) = message.seen_by(uid);
        let log = self.logs.get(&self.conversation(uid, peer)?)?;
        let record = log.get(usize::try_from(message.seq.0 - 1).ok()?)?;
        let id = record
            .client_msg_id
            .as_ref()
            .filter(|_| record.sender == uid);
        let own = message.seen_by(uid).1 == tidings_shared::Direction::Sent;
        let same = record.mid == message.mid
            && record.content == message.content
            && own == (record.sender == uid)
            && id == message.client_msg_id.as_ref();
        same.then_some(record)
    }
}

/// The last place of a log that holds every place.
fn places(log: &[Rc<Record>]) -> Seq {
    Seq(i64::try_from(log.len()).unwrap_or(i64::MAX))
}

/// Every content begins with a name of its own.
fn name_of(content: &str) -> &str {
    content.split(' ').next().unwrap_or(content)
}
