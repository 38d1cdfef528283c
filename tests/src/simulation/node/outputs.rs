//! Runs what a session asks of the rest of the server.

use super::Core;
use super::connection::{Connection, Phase};
use crate::simulation::agenda::NodeId;
use crate::simulation::bus::{BusEvent, Notice, Topic};
use crate::simulation::env::Env;
use crate::simulation::report::Count;
use crate::simulation::store::{Draft, Record};
use crate::simulation::variant::Variant;
use std::rc::Rc;
use tidings_shared::close::CloseCode;
use tidings_shared::session::Output;
use tidings_shared::{ConversationId, ErrorCode, Mid, Seq, frame};

impl Connection {
    pub(super) fn run_outputs(&mut self, env: &mut Env, core: &mut Core) {
        while let Some(output) = self.session.poll_output(self.now(env)) {
            self.run_output(env, core, output);
        }
    }

    fn run_output(&mut self, env: &mut Env, core: &mut Core, output: Output) {
        let uid = self.uid();
        match output {
            Output::Request(request) => self.request(env, core, request),
            Output::Append(send) => self.append(env, core, send),
            Output::Delivered {
                conversation,
                seq,
                acknowledged,
            } => core.delivered(env, (uid, conversation), seq, acknowledged),
            Output::OwnRead(cursors) => {
                for (conversation, seq) in cursors {
                    core.own_read(env, (uid, conversation), seq);
                }
            }
            Output::PublishRead {
                conversation,
                mark,
                delivered,
            } => {
                let event = BusEvent::Read(conversation, mark, delivered);
                let notice = Notice::new(vec![Topic::User(uid)], event);
                env.publish(core.id, vec![notice]);
            }
            Output::HeartbeatMissed => {
                core.heartbeat(self.device, |policy| {
                    policy.handle_failure(super::BOUNDS, policy.interval());
                });
            }
            Output::BindAnswered(Ok(()), _) => {
                env.count(Count::Binds);
                self.enter(Phase::Bound);
                if env.is(Variant::SubscribeLate) {
                    core.hub.join(Topic::User(uid), self.socket);
                }
            }
            Output::BindAnswered(Err(_), _) => env.count(Count::BindsRefused),
            Output::Ended(reason) => self.ended(env, core, reason),
            // Presence is best effort, and there are no limits besides those of the plan.
            Output::Watch(_) | Output::Charge(_) => {}
        }
    }

    fn ended(&mut self, env: &mut Env, core: &mut Core, reason: Option<CloseCode>) {
        self.enter(Phase::Ended);
        core.hub.leave(self.socket);
        env.log(|| format!("connection {} ends: {reason:?}", self.socket.0));
        match reason {
            Some(CloseCode::AckMissing) => env.count(Count::AckMissing),
            Some(CloseCode::TooSlow) => env.count(Count::TooSlow),
            Some(CloseCode::Idle) => env.count(Count::Idle),
            _ => {}
        }
    }

    fn append(&mut self, env: &mut Env, core: &mut Core, send: frame::Send) {
        self.pending_sends += 1;
        let draft = Draft {
            sender: send.sender_uid,
            peer: send.peer,
            content: send.body.into_content(),
            client_msg_id: send.client_msg_id,
            origin: Some(self.socket),
        };
        if env.is(Variant::AnswerBeforeCommit) {
            self.appended(Ok(Rc::new(guessed(env, &draft))));
        }
        core.commit(env, draft);
    }

    /// The committer's answer to its earliest send that had none yet.
    pub(super) fn answered(&mut self, env: &Env, outcome: Result<Rc<Record>, ErrorCode>) {
        if !env.is(Variant::AnswerBeforeCommit) {
            self.appended(outcome);
        }
    }
}

/// For a broken variant: what the store will probably make of a message.
fn guessed(env: &Env, draft: &Draft) -> Record {
    let position = env.store.position(draft.sender, draft.peer);
    let (conversation, last) = position.map_or((ConversationId(0), Seq(0)), |position| {
        (position.conversation, position.last_seq)
    });
    let slot = (conversation, last.next(), Mid(0));
    Record::new(draft, slot, (NodeId(0), env.now()))
}
