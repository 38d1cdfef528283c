//! The group committer of a node: the messages that queued up while a batch ran are the next
//! batch. It commits first, then publishes, then answers.

use super::Core;
use crate::simulation::agenda::{Event, NodeId, SocketId};
use crate::simulation::bus::{BusEvent, Notice};
use crate::simulation::env::Env;
use crate::simulation::report::Count;
use crate::simulation::store::{Draft, Stored, UnknownRecipient};
use crate::simulation::variant::Variant;
use tidings_shared::frame::{ServerFrame, kind};
use tidings_shared::{ConversationId, ErrorBody, ErrorCode, Peer, Seq, UserId};

/// The outcome of the running batch.
#[derive(Debug, Default)]
enum Outcome {
    #[default]
    Awaited,
    /// The store failed, or reported a failure although it committed.
    Failed,
    Appended(Vec<Result<Stored, UnknownRecipient>>),
}

/// The answer to a send, for the connection it came on.
#[derive(Debug)]
pub(super) struct Answer {
    pub(super) socket: SocketId,
    pub(super) number: u64,
    pub(super) frame: ServerFrame,
    /// The conversation and `seq` of the message, if it was stored.
    pub(super) slot: Option<(ConversationId, Seq)>,
}

#[derive(Debug, Default)]
pub(super) struct Committer {
    queue: Vec<Draft>,
    running: Vec<Draft>,
    outcome: Outcome,
}

impl Committer {
    pub(super) fn send(&mut self, env: &mut Env, (node, incarnation): (NodeId, u32), draft: Draft) {
        self.queue.push(draft);
        self.start(env, node, incarnation);
    }

    pub(super) fn start(&mut self, env: &mut Env, node: NodeId, incarnation: u32) {
        if self.running.is_empty() && !self.queue.is_empty() {
            self.running = std::mem::take(&mut self.queue);
            let wait = env.store_time();
            env.after(wait, Event::Append { node, incarnation });
        }
    }

    /// Stores the running batch, or fails, or fails after it was stored (in doubt).
    pub(super) fn append(&mut self, env: &mut Env, node: NodeId) {
        if self.running.is_empty() || !matches!(self.outcome, Outcome::Awaited) {
            return;
        }
        let failed = env.store.is_down();
        if failed && !env.random.chance(env.plan.doubts_percent) {
            self.outcome = Outcome::Failed;
            return;
        }
        let (random, jump) = (&mut env.random, env.plan.mid_jump);
        let results = env.store.append(&self.running, node, env.agenda.now(), || {
            random.between(1, jump).cast_signed()
        });
        for stored in results.iter().flatten() {
            if stored.fresh {
                env.totals.add(Count::Messages);
                env.ledger.committed(&stored.record);
                let record = &stored.record;
                env.trace.log(env.agenda.now(), || {
                    format!(
                        "node {} commits {:?} as {} of {}",
                        node.0, record.client_msg_id, record.seq, record.conversation
                    )
                });
            } else {
                env.totals.add(Count::DuplicateSends);
            }
        }
        self.outcome = if failed {
            env.count(Count::Doubts);
            Outcome::Failed
        } else {
            Outcome::Appended(results)
        };
    }

    /// Whether a message is stored that was not published.
    pub(super) fn is_unannounced(&self) -> bool {
        let Outcome::Appended(results) = &self.outcome else {
            return false;
        };
        results.iter().flatten().any(|stored| stored.fresh)
    }

    /// Ends the running batch. Returns the notices to publish, and the answers to send after that.
    pub(super) fn appended(&mut self, env: &Env) -> (Vec<Notice>, Vec<Answer>) {
        let batch = std::mem::take(&mut self.running);
        let Outcome::Appended(results) = std::mem::take(&mut self.outcome) else {
            let answers = batch
                .iter()
                .map(|draft| refused(draft, ErrorCode::Unavailable));
            let answers = answers.flatten().collect();
            if env.is(Variant::SilentDoubt) {
                return (Vec::new(), answers);
            }
            // Whether the batch was stored is not known, so the users concerned are resynced.
            let users = batch.iter().flat_map(concerned).collect();
            return (vec![Notice::resync(users)], answers);
        };
        let mut notices = Vec::new();
        let mut answers = Vec::new();
        for (draft, result) in batch.iter().zip(results) {
            let Ok(stored) = result else {
                answers.extend(refused(draft, ErrorCode::UnknownRecipient));
                continue;
            };
            let record = stored.record;
            if let Some((socket, number)) = draft.origin {
                answers.push(Answer {
                    socket,
                    number,
                    frame: ServerFrame::Sent(Box::new(record.pushed(record.sender))),
                    slot: Some((record.conversation, record.seq)),
                });
            }
            if stored.fresh {
                let users = vec![record.sender, record.recipient];
                let origin = draft.origin.map(|(socket, _)| socket);
                notices.push(Core::notice(users, BusEvent::Message(record, origin)));
            }
        }
        (notices, answers)
    }
}

fn concerned(draft: &Draft) -> Vec<UserId> {
    match draft.peer {
        Peer::User(recipient) => vec![draft.sender, recipient],
        Peer::Group(_) => vec![draft.sender],
    }
}

fn refused(draft: &Draft, code: ErrorCode) -> Option<Answer> {
    let (socket, number) = draft.origin?;
    let mut body = ErrorBody::new(code).re(kind::SEND);
    body.client_msg_id.clone_from(&draft.client_msg_id);
    Some(Answer {
        socket,
        number,
        frame: ServerFrame::Error(body),
        slot: None,
    })
}
