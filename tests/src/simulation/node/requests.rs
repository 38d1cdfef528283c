//! Handling of client frames, in the order of the gateway: a bind subscribes to the hub before it
//! reads, and requests wait for the store one after the other.

use super::Core;
use super::connection::{Closing, Connection};
use super::jobs::Job;
use crate::simulation::agenda::DeviceId;
use crate::simulation::env::Env;
use crate::simulation::store::Draft;
use crate::simulation::variant::Variant;
use std::time::Duration;
use tidings_shared::close::CloseCode;
use tidings_shared::frame::{Ack, ClientFrame, Send, ServerFrame, kind};
use tidings_shared::{ErrorCode, Message, Mid, Seq};

impl Connection {
    pub(super) fn handle_frame(
        &mut self,
        env: &mut Env,
        core: &mut Core,
        frame: ClientFrame,
    ) -> Result<(), Closing> {
        if self.bound.is_none() && !matches!(frame, ClientFrame::Bind(_)) {
            self.push(env, ServerFrame::Error(ErrorCode::NotBound.into()));
            return Ok(());
        }
        match frame {
            ClientFrame::Bind(bind) => {
                if bind.uid != self.uid || self.bound.is_some() {
                    return Err(Closing::Close(CloseCode::ProtocolError));
                }
                // Subscribe first, then read: what is committed in between arrives as an event.
                if !env.is(Variant::SubscribeLate) {
                    core.join(self.uid, self.socket);
                }
                self.ask(env, Job::Cursors(bind));
            }
            ClientFrame::Heartbeat(_) => {
                let (device, idle) = (self.device(env), self.idle);
                let interval =
                    core.heartbeat(device, |policy| policy.handle_success(super::BOUNDS, idle));
                // The wire has whole milliseconds.
                let ms = u64::try_from(interval.as_millis()).unwrap_or(u64::MAX);
                self.push(env, ServerFrame::Heartbeat(Duration::from_millis(ms)));
            }
            ClientFrame::Query(query) => self.ask(env, Job::Query(query)),
            ClientFrame::Send(send) => self.send(env, core, send),
            ClientFrame::Unread(_) => self.ask(env, Job::Unread),
            ClientFrame::Ack(ack) => self.ack(env, &ack),
            ClientFrame::ListConversations(request) => self.ask(env, Job::List(request.after)),
            // Presence is best effort; no promise depends on it.
            ClientFrame::Watch(_) => {}
            ClientFrame::Read(read) => self.ask(env, Job::Mark(read.peer, read.seq, kind::READ)),
        }
        Ok(())
    }

    fn ack(&mut self, env: &Env, ack: &Ack) {
        let before = self.outstanding.len();
        if ack.cumulative {
            self.outstanding = self
                .outstanding
                .split_off(&tidings_shared::Tid(ack.tid.0 + 1));
        } else {
            self.outstanding.remove(&ack.tid);
        }
        self.allow_reads(before - self.outstanding.len());
        if let Some(bound) = &mut self.bound
            && !env.is(Variant::AcksIgnored)
        {
            bound.feed.handle_ack(ack.tid, ack.cumulative);
        }
    }

    fn send(&mut self, env: &mut Env, core: &mut Core, send: Send) {
        let number = self.awaits_answer();
        if env.is(Variant::AnswerBeforeCommit) {
            self.answer(
                number,
                ServerFrame::Sent(Box::new(guessed(env, &send))),
                None,
            );
        }
        let draft = Draft {
            sender: self.uid,
            peer: send.peer,
            content: send.content,
            client_msg_id: send.client_msg_id,
            origin: Some((self.socket, number)),
        };
        core.committer.send(env, (core.id, core.incarnation), draft);
    }

    pub(super) fn device(&self, env: &Env) -> DeviceId {
        env.network.socket(self.socket).device
    }
}

/// For a broken variant: the answer that the store will probably give to a send.
fn guessed(env: &Env, send: &Send) -> Message {
    let conversation = env.store.conversation(send.sender_uid, send.peer);
    let last = conversation.map_or(Seq(0), |(_, last, _)| last);
    Message {
        mid: Mid(0),
        seq: last.next(),
        content: send.content.clone(),
        msg_type: send.msg_type,
        owner_uid: send.sender_uid,
        peer: send.peer,
        direction: tidings_shared::Direction::Sent,
        create_time: 0,
        owner_uid_avatar: String::new(),
        other_uid_avatar: String::new(),
        owner_name: String::new(),
        other_name: String::new(),
        client_msg_id: send.client_msg_id.clone(),
    }
}
