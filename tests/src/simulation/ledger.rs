//! Checks of the promises. The drivers of nodes and devices record here what these do; the first
//! promise that does not hold ends the run.
//!
//! The ledger keeps its own record of everything and trusts neither store, server nor client.

mod ending;
mod evidence;
mod wire;

use super::agenda::{DeviceId, SocketId};
use super::plan::NOBODY;
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
    /// Whether the user could not write to this peer.
    is_stranger: bool,
}

#[derive(Debug, Default)]
pub(crate) struct Ledger {
    failure: Option<String>,
    /// Every message ever committed, by conversation; never shortened.
    logs: BTreeMap<ConversationId, Vec<Rc<Record>>>,
    /// The conversations of each user, by peer.
    by_peer: BTreeMap<(UserId, Peer), ConversationId>,
    /// The last `seq` before a user was a member; absent: no member.
    joined: BTreeMap<(UserId, ConversationId), Seq>,
    contents: BTreeSet<String>,
    written: BTreeMap<ClientMsgId, Written>,
    /// The number of the last message of a device that was stored, by peer.
    reached: BTreeMap<(DeviceId, Peer), u64>,
    /// Messages that were written and that their device does not know to be stored.
    unsettled: BTreeMap<DeviceId, BTreeSet<ClientMsgId>>,
    evidence: BTreeMap<(UserId, ConversationId), Evidence>,
    wires: BTreeMap<SocketId, Wire>,
    /// When something other than a heartbeat last happened.
    last_activity: Moment,
}

impl Ledger {
    pub(crate) fn fail(&mut self, promise: impl FnOnce() -> String) {
        if self.failure.is_none() {
            self.failure = Some(promise());
        }
    }

    pub(crate) const fn failure(&self) -> Option<&String> {
        self.failure.as_ref()
    }

    /// Something other than a heartbeat happened.
    pub(crate) const fn record_activity(&mut self, now: Moment) {
        self.last_activity = now;
    }

    /// A message was committed: with the next `seq`, for the first time, and after the messages
    /// that its device wrote to the same peer before.
    pub(crate) fn committed(&mut self, record: &Rc<Record>) {
        if let Peer::User(other) = record.peer {
            self.add_member(record.sender, record.peer, record.conversation, Seq(0));
            let peer = Peer::User(record.sender);
            self.add_member(other, peer, record.conversation, Seq(0));
        }
        let log = self.logs.entry(record.conversation).or_default();
        let (expected, mid) = (last_seq(log).next(), log.last().map(|last| last.mid));
        log.push(Rc::clone(record));
        if record.seq != expected || mid.is_some_and(|mid| mid >= record.mid) {
            self.fail(|| {
                format!(
                    "place {} of conversation {} was given when {expected} was next",
                    record.seq, record.conversation
                )
            });
        }
        if !self.contents.insert(record.content.clone()) {
            let name = name_of(&record.content);
            self.fail(|| format!("message {name} is stored twice"));
        }
        let written = record.client_msg_id.as_ref();
        if let Some(Written {
            device,
            peer,
            number,
            ..
        }) = written.and_then(|id| self.written.get(id))
        {
            let reached = self.reached.entry((*device, *peer)).or_default();
            let (before, number) = (*reached, *number);
            *reached = number;
            if before > number {
                self.fail(|| format!("message {number} was stored after message {before}"));
            }
        }
    }

    /// Users became members of a group, with this message.
    pub(crate) fn joined(&mut self, record: &Record, added: &[UserId]) {
        for uid in added {
            let (conversation, joined) = (record.conversation, record.seq.prev());
            self.add_member(*uid, record.peer, conversation, joined);
            let evidence = Evidence::from(joined, joined);
            self.evidence.insert((*uid, conversation), evidence);
        }
    }

    fn add_member(&mut self, uid: UserId, peer: Peer, conversation: ConversationId, joined: Seq) {
        self.by_peer.insert((uid, peer), conversation);
        self.joined.insert((uid, conversation), joined);
    }

    /// A person wrote a message, and the outbox accepted it.
    pub(crate) fn wrote(
        &mut self,
        (uid, device): (UserId, DeviceId),
        id: &ClientMsgId,
        peer: Peer,
        number: u64,
    ) {
        let is_group = matches!(peer, Peer::Group(_));
        let written = Written {
            device,
            peer,
            number,
            is_stranger: peer == NOBODY || is_group && self.conversation(uid, peer).is_none(),
        };
        self.written.insert(id.clone(), written);
        self.unsettled.entry(device).or_default().insert(id.clone());
    }

    /// A device learned that one of its messages is stored.
    pub(crate) fn settled(&mut self, device: DeviceId, id: &ClientMsgId) {
        if let Some(unsettled) = self.unsettled.get_mut(&device) {
            unsettled.remove(id);
        }
    }

    /// An outbox holds every message that its device wrote and does not know to be stored.
    pub(crate) fn check_outbox(&mut self, device: DeviceId, outbox: &Outbox) {
        let unsettled = self.unsettled.get(&device);
        let kept = |id: &ClientMsgId| outbox.iter().any(|pending| pending.client_msg_id == *id);
        if let Some(lost) = unsettled.and_then(|ids| ids.iter().find(|id| !kept(id))) {
            let text = format!("device {} lost message {lost} from its outbox", device.0);
            self.fail(|| text);
        }
    }

    /// A device received a message in any frame: it must be the one in the store.
    pub(crate) fn received(&mut self, uid: UserId, message: &Message) {
        match self.find(uid, message) {
            Some(record) => {
                let key = (uid, record.conversation);
                let seq = record.seq;
                self.evidence.entry(key).or_default().given(seq);
            }
            None => self.fail(|| {
                format!(
                    "user {uid} was given {} at place {}, which the store does not have there",
                    name_of(message.body.content()),
                    message.seq
                )
            }),
        }
    }

    /// The messages that a device shows of a conversation: no gaps, no duplicates, in order, and
    /// all of them stored.
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
                let (name, seq) = (name_of(message.body.content()), message.seq);
                self.fail(|| {
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

    /// A feed reads a page. Each reason to read allows a limited number of pages, so that a loop
    /// is detected.
    pub(crate) fn read_on(&mut self, socket: SocketId, allowed: &mut u64) {
        match allowed.checked_sub(1) {
            Some(left) => *allowed = left,
            None => self.fail(|| format!("connection {} reads the store on and on", socket.0)),
        }
    }

    /// Records the history of a conversation before the run, delivered up to this `seq`.
    pub(crate) fn history(&mut self, uid: UserId, conversation: ConversationId, delivered: Seq) {
        let evidence = self.evidence.entry((uid, conversation)).or_default();
        *evidence = Evidence::from(delivered, Seq(0));
    }

    fn conversation(&self, uid: UserId, peer: Peer) -> Option<ConversationId> {
        self.by_peer.get(&(uid, peer)).copied()
    }

    /// The stored message that equals this one, as this user may see it.
    fn find(&self, uid: UserId, message: &Message) -> Option<&Rc<Record>> {
        let (peer, _) = message.seen_by(uid);
        let log = self.logs.get(&self.conversation(uid, peer)?)?;
        let record = log.get(usize::try_from(message.seq.0 - 1).ok()?)?;
        let id = record
            .client_msg_id
            .as_ref()
            .filter(|_| record.sender == uid);
        let from_self = message.seen_by(uid).1 == tidings_shared::Direction::Sent;
        let same = record.mid == message.mid
            && record.content == *message.body.content()
            && from_self == (record.sender == uid)
            && id == message.client_msg_id.as_ref();
        same.then_some(record)
    }
}

/// The last `seq` of a log without gaps.
fn last_seq(log: &[Rc<Record>]) -> Seq {
    Seq(i64::try_from(log.len()).unwrap_or(i64::MAX))
}

/// The unique name that every content begins with.
fn name_of(content: &str) -> &str {
    content.split(' ').next().unwrap_or(content)
}
