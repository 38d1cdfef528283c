//! A client like the page: its bind asks for the list, it fetches what its timelines lack,
//! acknowledges pushes, and sends from an outbox that survives a reload.

mod outgoing;

use super::super::agenda::DeviceId;
use super::super::env::Env;
use super::super::plan::DevicePlan;
use super::super::report::Count;
use super::super::variant::Variant;
use super::acks::Acks;
use super::view::View;
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;
use tidings_shared::frame::{Bound, ConversationList, ListConversations, ServerFrame, kind};
use tidings_shared::outbox::Outbox;
use tidings_shared::{ClientMsgId, Direction, ErrorBody, Message, Moment, Peer, Seq, UserId};

#[derive(Debug)]
pub(super) struct Page {
    device: DeviceId,
    me: UserId,
    views: BTreeMap<Peer, View>,
    open: BTreeSet<Peer>,
    all: bool,
    outbox: Outbox,
    acks: Acks,
    /// The next request for a page of the list, and its time.
    list: Option<(Moment, ListConversations)>,
    /// The read cursors that were sent to the server, by peer.
    read: BTreeMap<Peer, Seq>,
    last_ref: u64,
    asked: BTreeMap<u64, Peer>,
    /// For a broken variant: ids that were sent before, and the ids that replaced them.
    sent: BTreeSet<ClientMsgId>,
    renamed: BTreeMap<ClientMsgId, ClientMsgId>,
}

impl Page {
    pub(super) fn new(device: DeviceId, plan: &DevicePlan) -> Self {
        Self {
            device,
            me: plan.uid,
            views: BTreeMap::new(),
            open: BTreeSet::new(),
            all: false,
            outbox: Outbox::default(),
            acks: Acks::new(plan),
            list: None,
            read: BTreeMap::new(),
            last_ref: 0,
            asked: BTreeMap::new(),
            sent: BTreeSet::new(),
            renamed: BTreeMap::new(),
        }
    }

    /// The page after a reload: it keeps only its outbox, which is stored in the browser.
    pub(super) fn reloaded(&self, plan: &DevicePlan) -> Self {
        let kept = serde_json::to_string(&self.outbox).expect("plain data has a JSON form");
        Self {
            outbox: serde_json::from_str(&kept).expect("an outbox reads its own form"),
            all: self.all,
            ..Self::new(self.device, plan)
        }
    }

    pub(super) fn write(
        &mut self,
        env: &mut Env,
        now: Moment,
        (name, number): (String, u64),
        peer: Peer,
        content: String,
    ) {
        let id = ClientMsgId(name);
        let written_at = i64::try_from(now.since(Moment::default()).as_millis()).unwrap_or(0);
        let written = self.outbox.write(id.clone(), peer, content, written_at);
        if written.is_ok() {
            env.ledger.wrote((self.me, self.device), &id, peer, number);
        }
    }

    /// Whether it can address this peer: any user, or a group in its list.
    pub(super) fn knows(&self, peer: Peer) -> bool {
        matches!(peer, Peer::User(_)) || self.views.contains_key(&peer)
    }

    pub(super) fn open(&mut self, peer: Peer) {
        self.open = BTreeSet::from([peer]);
    }

    pub(super) const fn open_all(&mut self) {
        self.all = true;
    }

    pub(super) fn scroll_up(&mut self) {
        for peer in &self.open {
            if let Some(view) = self.views.get_mut(peer) {
                view.upward = true;
            }
        }
    }

    pub(super) fn disconnected(&mut self) {
        self.acks.forget();
        self.list = None;
        self.asked.clear();
        for view in self.views.values_mut() {
            view.disconnected();
        }
    }

    pub(super) fn handle_frame(
        &mut self,
        env: &mut Env,
        now: Moment,
        frame: ServerFrame,
        hidden: bool,
    ) {
        match frame {
            ServerFrame::Bound(bound) => self.handle_bound(env, now, *bound),
            ServerFrame::Push(push) => {
                self.acks.handle_push(now, push.tid, hidden);
                self.merge(env, push.message);
            }
            ServerFrame::Sent(message) => {
                env.count(Count::Answers);
                env.ledger.received(self.me, &message);
                self.merge(env, *message);
            }
            ServerFrame::Page(page) => {
                env.count(Count::Fetches);
                for message in &page.messages {
                    env.ledger.received(self.me, message);
                    self.settle(env, message);
                }
                let reference = page.reference.unwrap_or(0);
                if let Some(peer) = self.asked.remove(&reference)
                    && let Some(view) = self.views.get_mut(&peer)
                {
                    view.answered(now, reference, page.messages);
                    env.ledger
                        .shown(self.device, self.me, view.shown().into_iter());
                }
            }
            ServerFrame::Conversations(list) => self.handle_list(env, now, list),
            ServerFrame::Error(error) => self.handle_error(env, now, &error),
            ServerFrame::Read(mark) => {
                let read = self.read.entry(mark.peer).or_default();
                *read = mark.seq.max(*read);
            }
            ServerFrame::Receipt(receipt) => {
                let seqs = (receipt.delivered, receipt.read);
                env.ledger.receipt(self.me, receipt.other_uid, seqs);
            }
            ServerFrame::BindRefused(_)
            | ServerFrame::Heartbeat(_)
            | ServerFrame::Unread(_)
            | ServerFrame::Presence(_)
            | ServerFrame::Profile(_) => {}
        }
        env.ledger.check_outbox(self.device, &self.outbox);
    }

    pub(super) fn end(&self, env: &mut Env) {
        env.ledger.end_outbox(self.device, &self.outbox);
        env.ledger.check_outbox(self.device, &self.outbox);
        let users = env.plan.users.iter().map(|uid| Peer::User(*uid));
        let groups = env.plan.groups.iter().map(|group| Peer::Group(group.id));
        let peers: Vec<_> = users.chain(groups).collect();
        for peer in peers {
            let shown = self.views.get(&peer).map_or(0, |view| view.shown().len());
            env.ledger.end_shown(self.device, self.me, peer, shown);
        }
    }

    fn handle_bound(&mut self, env: &mut Env, now: Moment, bound: Bound) {
        if env.is(Variant::OutboxCleared) {
            self.outbox = Outbox::default();
        }
        self.outbox.handle_reconnect();
        self.handle_list(env, now, bound.list.unwrap_or_default());
    }

    fn handle_list(&mut self, env: &Env, now: Moment, list: ConversationList) {
        for conversation in list.conversations {
            let view = self.view(env, conversation.peer);
            view.timeline.handle_latest(conversation.last_seq);
        }
        let next = |after| (now, ListConversations { after: Some(after) });
        self.list = list.next.map(next);
    }

    /// Merges a message of a push or an answer.
    fn merge(&mut self, env: &mut Env, mut message: Message) {
        self.settle(env, &message);
        let (peer, direction) = message.seen_by(self.me);
        message.direction = direction;
        let (device, me) = (self.device, self.me);
        let view = self.view(env, peer);
        if !view.merge(message) {
            env.count(Count::SeenBefore);
        }
        env.ledger.shown(device, me, view.shown().into_iter());
    }

    /// Removes a message of this device from the outbox, because the server has it.
    fn settle(&mut self, env: &mut Env, message: &Message) {
        let from_self = message.seen_by(self.me).1 == Direction::Sent;
        if let Some(id) = message.client_msg_id.as_ref().filter(|_| from_self) {
            let id = self.renamed.get(id).unwrap_or(id);
            self.outbox.handle_answer(id);
            env.ledger.settled(self.device, id);
        }
    }

    fn handle_error(&mut self, env: &mut Env, now: Moment, error: &ErrorBody) {
        if let Some(id) = &error.client_msg_id {
            if !error.code.is_transient() {
                env.count(Count::Refused);
            }
            let id = self.renamed.get(id).unwrap_or(id);
            self.outbox.handle_error(now, id, error);
        } else if let Some(reference) = error.reference {
            if let Some(peer) = self.asked.remove(&reference)
                && let Some(view) = self.views.get_mut(&peer)
            {
                view.refused(now, reference);
            }
        } else if error.re == Some(kind::CONVERSATIONS) {
            let again = now + Duration::from_secs(2);
            self.list = Some((again, ListConversations::default()));
        }
    }

    fn view(&mut self, env: &Env, peer: Peer) -> &mut View {
        let naive = env.is(Variant::DedupeOff);
        self.views.entry(peer).or_insert_with(|| View::new(naive))
    }
}
