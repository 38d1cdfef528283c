//! The group committer of a node: what queued up while the last batch ran is the next batch.
//! Commit first, publish after, answer last.

use super::Core;
use crate::simulation::agenda::{Event, NodeId, SocketId};
use crate::simulation::bus::{News, Notice};
use crate::simulation::env::Env;
use crate::simulation::report::Count;
use crate::simulation::store::{Draft, Stored, UnknownRecipient};
use crate::simulation::variant::Variant;
use tidings_shared::frame::{ServerFrame, kind};
use tidings_shared::{ConversationId, ErrorBody, ErrorCode, Peer, Seq, UserId};

/// What became of the running batch.
#[derive(Debug, Default)]
enum Outcome {
    #[default]
    Awaited,
    /// The store failed, or said so.
    Failed,
    Appended(Vec<Result<Stored, UnknownRecipient>>),
}

/// The answer to a send, for the connection it came on.
#[derive(Debug)]
pub(super) struct Answer {
    pub(super) socket: SocketId,
    pub(super) number: u64,
    pub(super) frame: ServerFrame,
    /// Where the message is, if it was stored.
    pub(super) place: Option<(ConversationId, Seq)>,
}

#[derive(Debug, Default)]
pub(super) struct Committer {
    queue: Vec<Draft>,
    running: Vec<Draft>,
    outcome: Outcome,
}

impl Committer {
    pub(super) fn send(&mut self, env: &mut Env, (node, life): (NodeId, u32), draft: Draft) {
        self.queue.push(draft);
        self.start(env, node, life);
    }

    pub(super) fn start(&mut self, env: &mut Env, node: NodeId, life: u32) {
        if self.running.is_empty() && !self.queue.is_empty() {
            self.running = std::mem::take(&mut self.queue);
            let wait = env.store_time();
            env.after(wait, Event::Append { node, life });
        }
    }

    /// The running batch is stored, or not, or nobody knows.
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
                env.trace.say(env.agenda.now(), || {
                    format!(
                        "node {} commits {:?} as {} of {}",
                        node.0, record.client_msg_id, record.seq, record.conversation
                    )
                });
            } else {
                env.totals.add(Count::Repeats);
            }
        }
        self.outcome = if failed {
            env.count(Count::Doubts);
            Outcome::Failed
        } else {
            Outcome::Appended(results)
        };
    }

    /// Whether something is stored that was not published.
    pub(super) fn is_unannounced(&self) -> bool {
        let Outcome::Appended(results) = &self.outcome else {
            return false;
        };
        results.iter().flatten().any(|stored| stored.fresh)
    }

    /// What to publish and then to answer.
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
            // Whether it was stored is not known: whom it concerns had better look.
            let users = batch.iter().flat_map(concerned).collect();
            return (vec![Notice::gap(users)], answers);
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
                    place: Some((record.conversation, record.seq)),
                });
            }
            if stored.fresh {
                let users = vec![record.sender, record.recipient];
                let origin = draft.origin.map(|(socket, _)| socket);
                notices.push(Core::news(users, News::Message(record, origin)));
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
        place: None,
    })
}
