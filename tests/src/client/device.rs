//! The state of a device, and the frames it sends.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::time::Duration;
use tidings_shared::acks::Acks;
use tidings_shared::frame::{ClientFrame, Query};
use tidings_shared::outbox::Outbox;
use tidings_shared::timeline::{Fetch, Timeline};
use tidings_shared::{ClientMsgId, Message, Moment, Peer, Seq, UserId, limits};

/// The delay between a refused query and the next one.
const ASK_AGAIN: Duration = Duration::from_secs(1);
/// The most violations that are kept as text; one is enough for a test to fail.
const VIOLATIONS: usize = 20;

/// Counts of what happened to a device.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Figures {
    /// Messages answered.
    pub settled: u64,
    /// Messages sent again because a connection was lost before the answer.
    pub resent: u64,
    /// Messages refused because the outbox was full.
    pub full: u64,
    /// Pushes that arrived.
    pub pushes: u64,
    /// Pushes that the server marked as repeated.
    pub repeated: u64,
    /// Pushes of messages that the device had already.
    pub duplicates: u64,
    /// Queries for missing messages.
    pub fetches: u64,
    /// Frames that broke a promise; see [`Device::violations`].
    pub violations: u64,
}

/// One conversation.
#[derive(Debug, Default)]
pub(super) struct Thread {
    pub(super) timeline: Timeline,
    /// The `ref` of the query that is not answered yet.
    pub(super) asked: Option<u64>,
    /// The share of this conversation in [`Device::shown`].
    counted: i64,
}

/// The state of a device. It handles what arrives and returns the frames to send.
#[derive(Debug)]
pub struct Device {
    pub(super) me: UserId,
    name: String,
    keep: usize,
    pub(super) connected: bool,
    pub(super) threads: BTreeMap<Peer, Thread>,
    pub(super) incomplete: BTreeSet<Peer>,
    shown: i64,
    whole: bool,
    pub(super) outbox: Outbox,
    attempted: HashSet<ClientMsgId>,
    pub(super) answered: HashMap<ClientMsgId, (Peer, Seq)>,
    pub(super) acks: Acks,
    pub(super) ask_after: Option<Moment>,
    last_ref: u64,
    pub(super) figures: Figures,
    violations: Vec<String>,
    written: u64,
}

impl Device {
    pub(super) fn new(me: UserId, name: String, keep: usize) -> Self {
        Self {
            me,
            name,
            keep,
            connected: false,
            threads: BTreeMap::new(),
            incomplete: BTreeSet::new(),
            shown: 0,
            whole: false,
            outbox: Outbox::default(),
            attempted: HashSet::new(),
            answered: HashMap::new(),
            acks: Acks::default(),
            ask_after: None,
            last_ref: 0,
            figures: Figures::default(),
            violations: Vec::new(),
            written: 0,
        }
    }

    /// The messages shown of a conversation, oldest first.
    pub fn messages(&self, peer: Peer) -> impl Iterator<Item = &Message> {
        let thread = self.threads.get(&peer);
        thread
            .into_iter()
            .flat_map(|thread| thread.timeline.messages())
    }

    /// The conversations known.
    pub fn peers(&self) -> impl Iterator<Item = Peer> {
        self.threads.keys().copied()
    }

    /// The conversation and `seq` of every message of this device that was answered.
    pub const fn answered(&self) -> &HashMap<ClientMsgId, (Peer, Seq)> {
        &self.answered
    }

    /// The first violations of promises, as text.
    pub fn violations(&self) -> &[String] {
        &self.violations
    }

    /// Counts of what happened.
    pub const fn figures(&self) -> Figures {
        self.figures
    }

    pub(super) fn pending(&self) -> usize {
        self.outbox.iter().len()
    }

    pub(super) const fn shown(&self) -> i64 {
        self.shown
    }

    pub(super) fn write(&mut self, peer: Peer, content: String) {
        let id = ClientMsgId(format!("{}-{}", self.name, self.written));
        self.written += 1;
        if self.outbox.write(id, peer, content, 0).is_err() {
            self.figures.full += 1;
        }
    }

    pub(super) const fn is_whole(&self) -> bool {
        self.whole
    }

    pub(super) fn fetch_whole(&mut self) {
        self.whole = true;
        let peers: Vec<_> = self.peers().collect();
        for peer in peers {
            self.changed(peer);
        }
    }

    /// The connection is gone, and with it the answers to running queries.
    pub(super) fn disconnected(&mut self) {
        self.connected = false;
        self.ask_after = None;
        for thread in self.threads.values_mut() {
            thread.asked = None;
        }
    }

    /// Updates the state after a change of this conversation.
    pub(super) fn changed(&mut self, peer: Peer) {
        let thread = self.threads.entry(peer).or_default();
        if !self.whole {
            thread.timeline.trim(self.keep);
        }
        let last = thread.timeline.last().0;
        self.shown += last - thread.counted;
        thread.counted = last;
        let lacks = thread.timeline.poll_fetch().is_some();
        let lacks_older = self.whole && thread.timeline.has_older();
        if lacks || lacks_older {
            self.incomplete.insert(peer);
        } else {
            self.incomplete.remove(&peer);
        }
    }

    /// The frames that are due now. Called after every event.
    pub(super) fn due(&mut self, now: Moment) -> Vec<ClientFrame> {
        if !self.connected {
            return Vec::new();
        }
        let mut frames: Vec<_> = self
            .acks
            .poll_ack(now)
            .map(ClientFrame::Ack)
            .into_iter()
            .collect();
        if self.ask_after.is_none_or(|moment| moment <= now) {
            self.ask_after = None;
            frames.extend(self.fetches());
        }
        for send in self.outbox.poll_sends(now, self.me) {
            let id = send.client_msg_id.clone();
            if id.is_some_and(|id| !self.attempted.insert(id)) {
                self.figures.resent += 1;
            }
            frames.push(ClientFrame::Send(send));
        }
        frames
    }

    /// When [`Self::due`] next returns frames.
    pub(super) fn deadline(&self) -> Option<Moment> {
        if !self.connected {
            return None;
        }
        [
            self.acks.poll_timeout(),
            self.outbox.poll_timeout(),
            self.ask_after,
        ]
        .into_iter()
        .flatten()
        .min()
    }

    pub(super) fn settle(&mut self, id: &ClientMsgId) -> bool {
        self.attempted.remove(id);
        self.outbox.handle_answer(id)
    }

    pub(super) fn refused(&mut self, now: Moment) {
        self.ask_after = Some(now + ASK_AGAIN);
    }

    pub(super) fn report_violation(&mut self, text: String) {
        self.figures.violations += 1;
        if self.violations.len() < VIOLATIONS {
            self.violations.push(text);
        }
    }

    fn fetches(&mut self) -> Vec<ClientFrame> {
        let mut frames = Vec::new();
        for peer in &self.incomplete {
            let Some(thread) = self.threads.get_mut(peer).filter(|t| t.asked.is_none()) else {
                continue;
            };
            let (before_seq, after_seq) = match thread.timeline.poll_fetch() {
                Some(Fetch::Latest) => (None, None),
                Some(Fetch::After(seq)) => (None, Some(seq)),
                None => (Some(thread.timeline.first()), None),
            };
            self.last_ref += 1;
            self.figures.fetches += 1;
            thread.asked = Some(self.last_ref);
            frames.push(ClientFrame::Query(Query {
                owner_uid: self.me,
                peer: *peer,
                before_seq,
                after_seq,
                limit: Some(limits::PAGE_DEFAULT),
                reference: Some(self.last_ref),
            }));
        }
        frames
    }
}
