//! A client that stores nothing, native or of the legacy (v0) protocol: it is pushed new messages,
//! acknowledges each push, and queries the latest page of a conversation when it is opened.

use super::super::env::Env;
use super::super::plan::DevicePlan;
use super::super::report::Count;
use super::acks::Acks;
use std::collections::BTreeSet;
use tidings_shared::frame::{ClientFrame, Query, Send, ServerFrame, Unread};
use tidings_shared::{Body, Moment, Peer, UserId};

#[derive(Debug)]
pub(super) struct Stateless {
    me: UserId,
    acks: Acks,
    /// The groups it has got messages of; it cannot address others.
    groups: BTreeSet<Peer>,
    /// Frames for the current connection. They are lost with it, as in the course's page.
    frames: Vec<ClientFrame>,
}

impl Stateless {
    pub(super) fn new(plan: &DevicePlan) -> Self {
        Self {
            me: plan.uid,
            acks: Acks::new(plan),
            groups: BTreeSet::new(),
            frames: Vec::new(),
        }
    }

    pub(super) fn knows(&self, peer: Peer) -> bool {
        matches!(peer, Peer::User(_)) || self.groups.contains(&peer)
    }

    pub(super) fn write(&mut self, peer: Peer, content: String) {
        self.frames.push(ClientFrame::Send(Send {
            sender_uid: self.me,
            peer,
            body: Body::Text(content),
            client_msg_id: None,
        }));
    }

    pub(super) fn open(&mut self, peer: Peer) {
        let uid = self.me;
        self.frames.push(ClientFrame::Unread(Unread { uid }));
        self.frames.push(ClientFrame::Query(Query {
            owner_uid: uid,
            peer,
            before_seq: None,
            after_seq: None,
            limit: None,
            reference: None,
        }));
    }

    pub(super) fn disconnected(&mut self) {
        self.acks.forget();
        self.frames.clear();
    }

    pub(super) fn handle_frame(&mut self, env: &mut Env, now: Moment, frame: ServerFrame) {
        match frame {
            ServerFrame::Push(push) => {
                if push.dup {
                    env.count(Count::SeenBefore);
                }
                self.acks.handle_push(now, push.tid, false);
                let (peer, _) = push.message.seen_by(self.me);
                if matches!(peer, Peer::Group(_)) {
                    self.groups.insert(peer);
                }
            }
            ServerFrame::Page(page) => {
                env.count(Count::Fetches);
                for message in &page.messages {
                    env.ledger.received(self.me, message);
                }
            }
            ServerFrame::Sent(message) => {
                env.count(Count::Answers);
                env.ledger.received(self.me, &message);
            }
            _ => {}
        }
    }

    pub(super) fn due(&mut self, now: Moment) -> Vec<ClientFrame> {
        let mut frames = std::mem::take(&mut self.frames);
        frames.extend(self.acks.poll_ack(now).into_iter().map(ClientFrame::Ack));
        frames
    }

    pub(super) const fn deadline(&self) -> Option<Moment> {
        self.acks.poll_timeout()
    }
}
