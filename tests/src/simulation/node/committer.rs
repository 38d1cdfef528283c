//! The group committer of a node: the messages that queued up while a batch ran are the next
//! batch. It commits first, then publishes, then answers.

use super::Core;
use crate::simulation::agenda::{NodeId, SocketId, Step};
use crate::simulation::bus::{BusEvent, Notice, Topic};
use crate::simulation::env::Env;
use crate::simulation::report::Count;
use crate::simulation::store::{Draft, Record, Stored, UnknownRecipient};
use crate::simulation::variant::Variant;
use std::rc::Rc;
use tidings_shared::{ErrorCode, Peer};

/// The outcome of the running batch.
#[derive(Debug, Default)]
enum Outcome {
    #[default]
    Awaited,
    /// The store failed, or reported a failure although it committed.
    Failed,
    Appended(Vec<Result<Stored, UnknownRecipient>>),
}

/// The outcome of a send, for the connection it came on.
pub(super) type Answer = (SocketId, Result<Rc<Record>, ErrorCode>);

#[derive(Debug, Default)]
pub(super) struct Committer {
    queue: Vec<Draft>,
    running: Vec<Draft>,
    outcome: Outcome,
}

impl Committer {
    /// Stores the running batch, or fails, or fails after it was stored (in doubt).
    pub(super) fn append(&mut self, env: &mut Env, node: NodeId) {
        if self.running.is_empty() || !matches!(self.outcome, Outcome::Awaited) {
            return;
        }
        let failed = env.store_fails();
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
                env.committed(&stored.record);
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
        let mut answers = Vec::new();
        let Outcome::Appended(results) = std::mem::take(&mut self.outcome) else {
            let origins = batch.iter().filter_map(|draft| draft.origin);
            answers.extend(origins.map(|origin| (origin, Err(ErrorCode::Unavailable))));
            if env.is(Variant::SilentDoubt) {
                return (Vec::new(), answers);
            }
            // Whether the batch was stored is not known, so those concerned are resynced.
            let senders = batch.iter().map(|draft| Topic::User(draft.sender));
            let topics = batch.iter().flat_map(topics).chain(senders).collect();
            return (vec![Notice::new(topics, BusEvent::Resync)], answers);
        };
        let mut notices = Vec::new();
        for (draft, result) in batch.iter().zip(results) {
            let outcome = match result {
                Ok(Stored { record, fresh }) => {
                    if fresh {
                        let event = BusEvent::Message(Rc::clone(&record), draft.origin);
                        notices.push(Notice::new(topics(draft), event));
                    }
                    Ok(record)
                }
                Err(UnknownRecipient) => Err(ErrorCode::UnknownRecipient),
            };
            answers.extend(draft.origin.map(|origin| (origin, outcome)));
        }
        (notices, answers)
    }
}

impl Core {
    /// Queues a message to be committed.
    pub(super) fn commit(&mut self, env: &mut Env, draft: Draft) {
        self.committer.queue.push(draft);
        self.start_batch(env);
    }

    pub(super) fn start_batch(&mut self, env: &mut Env) {
        let committer = &mut self.committer;
        if committer.running.is_empty() && !committer.queue.is_empty() {
            committer.running = std::mem::take(&mut committer.queue);
            let wait = env.store_time();
            self.after(env, wait, Step::Append);
        }
    }
}

fn topics(draft: &Draft) -> Vec<Topic> {
    match draft.peer {
        Peer::User(recipient) => vec![Topic::User(draft.sender), Topic::User(recipient)],
        Peer::Group(group) => vec![Topic::Group(group)],
    }
}
