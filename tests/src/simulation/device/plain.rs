//! A client of the course's kind: it is pushed what is new, acknowledges each push, asks for a
//! conversation's latest page when it is opened, and keeps nothing.

use super::super::env::Env;
use super::super::plan::DevicePlan;
use super::super::report::Count;
use super::acks::Acks;
use tidings_shared::frame::{ClientFrame, Query, Send, ServerFrame, Unread};
use tidings_shared::{Moment, MsgType, Peer, UserId};

#[derive(Debug)]
pub(super) struct Plain {
    me: UserId,
    acks: Acks,
    /// For the connection there is; what it does not take is lost, as the course's page lost it.
    frames: Vec<ClientFrame>,
}

impl Plain {
    pub(super) const fn new(plan: &DevicePlan) -> Self {
        Self {
            me: plan.uid,
            acks: Acks::new(plan),
            frames: Vec::new(),
        }
    }

    pub(super) fn write(&mut self, peer: Peer, content: String) {
        self.frames.push(ClientFrame::Send(Send {
            sender_uid: self.me,
            peer,
            content,
            msg_type: MsgType::TEXT,
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

    pub(super) fn unlinked(&mut self) {
        self.acks.forget();
        self.frames.clear();
    }

    pub(super) fn hear(&mut self, env: &mut Env, now: Moment, frame: ServerFrame) {
        match frame {
            ServerFrame::Push(push) => {
                if push.dup {
                    env.count(Count::SeenBefore);
                }
                self.acks.arrived(now, push.tid, false);
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
        frames.extend(self.acks.take_due(now).into_iter().map(ClientFrame::Ack));
        frames
    }

    pub(super) const fn deadline(&self) -> Option<Moment> {
        self.acks.deadline()
    }
}
